// Coordinator and volunteers over real HTTP on loopback, with a real, tiny model, in threads of this process.
#include "swarm/host.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "http/client.h"
#include "http/server.h"
#include "swarm/join.h"
#include "swarm/record.h"
#include "swarm/run_folder.h"
#include "swarm/testing.h"
#include "swarm/wire.h"

namespace cairn::swarm {
namespace {

using testing_run::model_of;
using testing_run::tiny_run;
using testing_run::TinyRun;

Env quiet() {
  return {system_clock(), system_entropy()};
}

// A coordinator in a thread of its own; url() waits until it listens.
class Hosting {
 public:
  Hosting(const TinyRun& run, const std::filesystem::path& folder, std::function<void(HostOptions&)> adjust = {}) {
    HostOptions options{.run = folder, .plan = run.plan, .checkpoint = run.checkpoint, .env = quiet()};
    options.shards = run.provider();
    options.compute.threads = 1;
    options.on_listening = [this](const std::string& url) { url_.set_value(url); };
    options.on_event = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      events_ += line;
      events_ += '\n';
    };
    options.stop = [this] { return stop_.load(); };
    if (adjust) adjust(options);
    outcome_ =
        std::async(std::launch::async, [options = std::move(options)]() mutable { return host(std::move(options)); });
  }
  ~Hosting() { stop_ = true; }

  std::string url() { return url_.get_future().get(); }
  Result<HostSummary> finish() { return outcome_.get(); }
  void stop() { stop_ = true; }
  std::string events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  std::promise<std::string> url_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::string events_;
  std::future<Result<HostSummary>> outcome_;
};

// A volunteer in a thread of its own; asked to stop when this goes.
class Joining {
 public:
  Joining(const std::string& url, const std::filesystem::path& folder, CheatKind cheat = CheatKind::none) {
    JoinOptions options{.url = url, .folder = folder, .name = folder.filename().string(), .env = quiet()};
    options.compute.threads = 1;
    options.cheat = cheat;
    options.stop = [this] { return stop_.load(); };
    outcome_ = std::async(std::launch::async, [options] { return join(options); });
  }
  ~Joining() { stop_ = true; }
  Result<JoinSummary> get() { return outcome_.get(); }

 private:
  std::atomic<bool> stop_{false};
  std::future<Result<JoinSummary>> outcome_;
};

TEST(Host, VolunteersMakeTheModelOfThePlan) {
  const auto folder = TemporaryFolder::make("swarm");
  const TinyRun run = tiny_run(3, 3, 8);
  Hosting hosting(run, folder->path() / "run");
  const std::string url = hosting.url();
  Joining first(url, folder->path() / "first");
  Joining second(url, folder->path() / "second");
  const auto summary = hosting.finish();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->model, model_of(run));
  EXPECT_EQ(sha256(*read_file(summary->model_file)), summary->model);
  EXPECT_EQ(summary->contributions, 9U);
  EXPECT_EQ(summary->audits, 9U);
  EXPECT_TRUE(summary->cheats.empty());
  const auto a = first.get(), b = second.get();
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_GE(a->units + b->units, 9U);
  for (const char* name : {"first", "second"}) {  // each has signed receipts
    const auto receipts = read_text(folder->path() / name / "receipts.jsonl");
    EXPECT_TRUE(receipts);
  }
  for (std::uint32_t round = 0; round < 3; ++round) {
    const auto text = read_text(round_path(folder->path() / "run", round));
    ASSERT_TRUE(text);
    const auto record = record_from_json(*text, run.plan);
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->audited, std::vector<bool>(3, true));
  }
  EXPECT_NE(hosting.events().find(R"("event":"merged")"), std::string::npos);
}

class HostAndCheats : public testing::TestWithParam<CheatKind> {};

TEST_P(HostAndCheats, AreCaughtWithEvidenceAndChangeNothing) {
  const auto folder = TemporaryFolder::make("swarm");
  const TinyRun run = tiny_run(3, 2, 8);
  Hosting hosting(run, folder->path() / "run");
  const std::string url = hosting.url();
  Joining cheat(url, folder->path() / "cheat", GetParam());
  if (GetParam() == CheatKind::stale) {
    // Its first result is true: it has to have come so far before others leave it nothing to do.
    while (hosting.events().find("\"event\":\"merged\"") == std::string::npos &&
           hosting.events().find("\"event\":\"put-out\"") == std::string::npos)
      std::this_thread::yield();
  } else if (GetParam() != CheatKind::silence) {
    EXPECT_TRUE(cheat.get()->put_out);
  }
  Joining honest(url, folder->path() / "honest");
  const auto summary = hosting.finish();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->model, model_of(run));
  EXPECT_TRUE(honest.get());
  if (GetParam() == CheatKind::silence) {
    EXPECT_TRUE(summary->cheats.empty());
    return;
  }
  ASSERT_EQ(summary->cheats.size(), 1U);
  EXPECT_EQ(summary->cheats[0].name, "cheat");
  EXPECT_GT(summary->reissued, 0U);
  const auto evidence = evidence_from_file(*read_text(summary->cheats[0].evidence));
  ASSERT_TRUE(evidence) << evidence.error().message;
  const std::uint32_t states = run.plan.stretches();
  if (GetParam() == CheatKind::contribution) {
    EXPECT_EQ(evidence->cheat.first_wrong, states);
  }
  if (GetParam() == CheatKind::states) {
    EXPECT_EQ(evidence->cheat.first_wrong, states / 2);
  }
  if (GetParam() == CheatKind::skip) {
    EXPECT_EQ(evidence->cheat.first_wrong, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, HostAndCheats,
                         testing::Values(CheatKind::contribution, CheatKind::states, CheatKind::skip, CheatKind::stale,
                                         CheatKind::silence),
                         [](const auto& parameter) { return std::string(name_of(parameter.param)); });

TEST(Host, ContinuesWhereItWasStopped) {
  const auto folder = TemporaryFolder::make("swarm");
  // Long enough that the stop, which is asked for a few times a second, comes well before the end.
  constexpr std::uint32_t kRounds = 80;
  const TinyRun run = tiny_run(kRounds, 2, 8);
  {
    Hosting hosting(run, folder->path() / "run");
    Joining volunteer(hosting.url(), folder->path() / "volunteer");
    while (hosting.events().find("\"event\":\"merged\"") == std::string::npos) std::this_thread::yield();
    hosting.stop();
    const auto stopped = hosting.finish();
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
    Hosting again(run, folder->path() / "run", [](HostOptions& options) {
      options.plan.reset();  // the folder knows
      options.checkpoint.clear();
    });
    Joining other(again.url(), folder->path() / "other");
    const auto summary = again.finish();
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->model, model_of(run));
    EXPECT_EQ(summary->contributions, 2U * kRounds);
    EXPECT_TRUE(other.get());
  }
}

TEST(Host, RefusesAShardWithTheVerdictAndStops) {
  const auto folder = TemporaryFolder::make("swarm");
  const TinyRun run = tiny_run(1, 1, 8);
  Hosting hosting(run, folder->path() / "run", [](HostOptions& options) {
    options.shards = [](const ShardRequest&) -> Result<Bytes> {
      return fail(Error{ErrorCode::denied, "sharing with volunteers is denied", "", R"({"answer":"denied"})"});
    };
  });
  Joining volunteer(hosting.url(), folder->path() / "volunteer");
  const auto told = volunteer.get();
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::denied);
  EXPECT_EQ(told.error().detail, R"({"answer":"denied"})");
  const auto outcome = hosting.finish();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::denied);
  EXPECT_EQ(outcome.error().message, "sharing with volunteers is denied");
}

TEST(Host, SaysWhatIsInUseOrDoesNotFit) {
  const auto folder = TemporaryFolder::make("swarm");
  const TinyRun run = tiny_run(1, 1, 8);
  Hosting hosting(run, folder->path() / "run");
  const std::string url = hosting.url();
  const auto second = host({.run = folder->path() / "run", .plan = run.plan, .env = quiet()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_EQ(second.error().message, (folder->path() / "run").string() + ": another coordinator runs it");
  HostOptions other{.run = folder->path() / "other", .plan = run.plan, .checkpoint = run.checkpoint, .env = quiet()};
  other.port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  EXPECT_EQ(host(other).error().code, ErrorCode::busy);
  other.checkpoint[100] ^= 1;
  other.run = folder->path() / "third";
  EXPECT_EQ(host(other).error().code, ErrorCode::invalid);
  EXPECT_EQ(host({.run = folder->path() / "none", .env = quiet()}).error().message,
            (folder->path() / "none").string() + ": there is no run here");
  hosting.stop();
  EXPECT_EQ(hosting.finish().error().code, ErrorCode::interrupted);
}

TEST(Host, AnswersHostileRequestsWithErrors) {
  const auto folder = TemporaryFolder::make("swarm");
  const TinyRun run = tiny_run(1, 1, 8);
  Hosting hosting(run, folder->path() / "run");
  auto client = http::Client::to(hosting.url());
  ASSERT_TRUE(client);
  EXPECT_EQ(client->post("/v1/work", "application/json", "{}")->status, 400);  // not signed
  EXPECT_EQ(client->get("/v1/shards/0/0")->status, 400);
  EXPECT_EQ(client->get("/v1/rounds/x")->status, 400);
  EXPECT_EQ(client->get("/v1/rounds/0")->status, 404);
  EXPECT_EQ(client->get("/v1/evidence/" + Digest{}.hex())->status, 404);
  EXPECT_EQ(client->get("/v1/run")->status, 200);
  EXPECT_EQ(client->get("/v1/status")->status, 200);
  const SecretKey key = SecretKey::make(system_entropy());
  for (const std::string body : {"", "{", "[]", R"({"wait_ms":-1})", R"({"wait_ms":0})"}) {
    http::Outgoing request{.method = "POST", .target = "/v1/work"};
    request.headers = signed_headers(run_id(run.plan), key, "POST", "/v1/work", body);
    request.body = body;
    const auto reply = client->send(request);
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->status == 422 || reply->body.find("has not said hello") != std::string::npos) << reply->body;
  }
  hosting.stop();
}

TEST(Join, SaysWhyItCannot) {
  const auto folder = TemporaryFolder::make("swarm");
  JoinOptions options{.url = "ftp://nowhere", .folder = folder->path(), .env = quiet()};
  EXPECT_EQ(join(options).error().code, ErrorCode::invalid);
  options.throttle = 0;
  EXPECT_EQ(join(options).error().message, "throttle: expected more than 0 and at most 1, got 0");
  EXPECT_EQ(cheat_kind_from("loud").error().message, "\"loud\" is no way to cheat");
}

}  // namespace
}  // namespace cairn::swarm
