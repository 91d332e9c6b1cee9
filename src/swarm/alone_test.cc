#include "swarm/alone.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/json.h"
#include "swarm/audit.h"
#include "swarm/summary.h"
#include "swarm/testing.h"

namespace cairn::swarm {
namespace {

class Alone : public testing::Test {
 protected:
  AloneOptions options(double audit_share = 1) {
    run_.plan.audit_share = audit_share;
    AloneOptions out{.host = {.run = folder_.path() / "run", .plan = run_.plan, .env = env_}};
    out.host.checkpoint = run_.checkpoint;
    out.host.shards = run_.provider();
    out.host.keep_shards = true;
    out.host.compute.threads = 1;
    return out;
  }

  Env env_{system_clock(), system_entropy()};
  TemporaryFolder folder_ = TemporaryFolder::make("cairn-alone").value();
  testing_run::TinyRun run_ = testing_run::tiny_run(2, 2, 4);
};

TEST_F(Alone, TheModelIsThatOfAnySwarmAndTheRunCanBeAudited) {
  const HostSummary summary = train_alone(options()).value();
  EXPECT_EQ(summary.model, testing_run::model_of(run_));
  EXPECT_EQ(summary.contributions, 4U);
  EXPECT_EQ(summary.audits, 4U);
  ASSERT_EQ(summary.volunteers.size(), 1U);
  EXPECT_EQ(summary.volunteers[0].name, "owner");
  AuditOptions audit{.run = folder_.path() / "run", .env = env_};
  audit.compute.threads = 1;
  EXPECT_TRUE(audit_run(audit).value().sound());
  EXPECT_EQ(read_summary(folder_.path() / "run", env_).value().model, summary.model);
}

TEST_F(Alone, AVocabularyBeyondSixteenBitsTrainsAlike) {
  run_ = testing_run::tiny_run(1, 2, 4, 1, 70001);
  EXPECT_EQ(run_.shards[0].size(), 4U * 800);
  const auto summary = train_alone(options());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->model, testing_run::model_of(run_));
  EXPECT_EQ(summary->audits, 2U);
}

TEST_F(Alone, StoppedItGoesOnAndReplaysChangeNothing) {
  std::atomic<bool> claimed{false};  // set by whichever thread tells of it
  AloneOptions first = options(0.01);
  first.host.on_event = [&](std::string_view line) {
    if (parse_json(line).value()["event"] == "claimed") claimed = true;
  };
  first.host.stop = [&] { return claimed.load(); };
  EXPECT_EQ(train_alone(std::move(first)).error().code, ErrorCode::interrupted);
  EXPECT_EQ(read_summary(folder_.path() / "run", env_).error().code, ErrorCode::invalid);  // not complete
  const HostSummary summary = train_alone(options(0.01)).value();
  EXPECT_EQ(summary.model, testing_run::model_of(run_));
  EXPECT_EQ(summary.volunteers.size(), 1U);
  EXPECT_EQ(train_alone(options(0.01)).value().model, summary.model);  // complete: nothing is left to do
}

TEST_F(Alone, AShardThatIsRefusedEndsTheRun) {
  AloneOptions refused = options();
  refused.host.shards = [](const ShardRequest& request) -> Result<Bytes> {
    EXPECT_FALSE(request.volunteer.has_value());  // nobody else gets it
    return fail(ErrorCode::denied, "no");
  };
  EXPECT_EQ(train_alone(std::move(refused)).error().code, ErrorCode::denied);
}

TEST_F(Alone, AFolderWithoutARunIsNamed) {
  EXPECT_EQ(read_summary(folder_.path() / "none", env_).error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "none"));
}

}  // namespace
}  // namespace cairn::swarm
