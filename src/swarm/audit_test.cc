#include "swarm/audit.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "swarm/run_folder.h"
#include "swarm/testing.h"

namespace cairn::swarm {
namespace {

using testing_run::tiny_run;
using testing_run::TinyRun;
namespace fs = std::filesystem;

Env quiet() {
  return {system_clock(), system_entropy()};
}

// A complete run's folder, made without a network: what host() leaves, by the same RunFolder and Workbench.
class Audit : public testing::Test {
 protected:
  void SetUp() override {
    path_ = folder_->path() / "run";
    Env env = quiet();
    auto folder = RunFolder::open(path_, run_.plan, run_.checkpoint, env);
    ASSERT_TRUE(folder) << folder.error().message;
    for (const Bytes& shard : run_.shards) ASSERT_TRUE(folder->shards().keep(shard));
    auto bench = Workbench::make(run_.plan, {.threads = 1, .isa = std::nullopt});
    ASSERT_TRUE(bench);
    Bytes checkpoint = run_.checkpoint, outer;
    Digest outer_digest;
    for (std::uint32_t round = 0; round < run_.plan.rounds; ++round) {
      RoundRecord record;
      record.round = round;
      record.checkpoint = sha256(checkpoint);
      record.outer_state = outer_digest;
      std::vector<Bytes> contributions;
      for (std::uint32_t lane = 0; lane < run_.plan.lanes; ++lane) {
        const UnitId unit{round, lane};
        const Bytes& shard = run_.shards[std::size_t{round} * run_.plan.lanes + lane];
        auto computed = bench->compute({unit, record.checkpoint, run_.plan.shard(unit)}, checkpoint, shard);
        ASSERT_TRUE(computed) << computed.error().message;
        record.claims.push_back(claim_of(unit, record.checkpoint, computed->replay));
        record.audited.push_back(true);
        contributions.push_back(computed->contribution);
        ASSERT_TRUE(folder->blobs().keep(computed->contribution));
      }
      auto merged = bench->merge(checkpoint, outer, contributions);
      ASSERT_TRUE(merged) << merged.error().message;
      checkpoint = merged->checkpoint;
      outer = merged->outer_state;
      outer_digest = sha256(outer);
      record.next_checkpoint = *folder->blobs().keep(checkpoint);
      record.next_outer_state = *folder->blobs().keep(outer);
      ASSERT_TRUE(folder->publish(record));
      records_.push_back(record);
    }
  }

  Claim claim_of(UnitId unit, const Digest& checkpoint, const Replay& replay) {
    Claim claim;
    claim.unit = unit;
    claim.checkpoint = checkpoint;
    claim.contribution = replay.contribution;
    claim.states = replay.states;
    claim.mean_loss = replay.mean_loss;
    return sign(run_id(run_.plan), claim, volunteer_);
  }

  AuditOptions options(int threads = 1, std::optional<tensor::Isa> isa = std::nullopt) const {
    AuditOptions out{.run = path_, .env = quiet()};
    out.compute = {.threads = threads, .isa = isa};
    return out;
  }

  void flip(const fs::path& file, std::size_t byte) {
    Bytes bytes = *read_file(file);
    bytes.at(byte) ^= 0x10;
    ASSERT_TRUE(write_file(file, bytes));
  }
  fs::path contribution(UnitId unit) const {
    return path_ / "blobs" / records_[unit.round].claims[unit.lane].contribution.hex();
  }

  const TinyRun run_ = tiny_run(3, 2, 8);
  Result<TemporaryFolder> folder_ = TemporaryFolder::make("swarm-audit");
  SecretKey volunteer_ = SecretKey::make(system_entropy());
  fs::path path_;
  std::vector<RoundRecord> records_;
};

TEST_F(Audit, FindsAnHonestRunSoundUnderEveryInstructionSetAndThreadCount) {
  for (const tensor::Isa isa : tensor::available_isas())
    for (const int threads : {1, 3}) {
      AuditOptions all = options(threads, isa);
      all.drawn = 6;
      const auto report = audit_run(all);
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_TRUE(report->sound()) << report->findings[0].place << ": " << report->findings[0].message;
      EXPECT_EQ(report->replayed.size(), 6U);
      EXPECT_EQ(report->states, 6U * run_.plan.stretches());
      EXPECT_EQ(report->merges, 3U);
      EXPECT_EQ(report->isa, tensor::name_of(isa));
    }
}

TEST_F(Audit, LocatesAFlippedBitInAContribution) {
  const std::uint64_t codes = run_.plan.contribution_bytes() - 32 - run_.plan.parameters;
  flip(contribution({1, 1}), codes + 5);
  const auto report = audit_run(options());
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_GE(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].place, fmt::format("contribution of unit r1.l1, byte {}", codes + 5));
  EXPECT_NE(report->findings[0].message.find("the change of weight 5 (tensor model.embed_tokens.weight)"),
            std::string::npos)
      << report->findings[0].message;
}

TEST_F(Audit, FindsEveryFlippedByte) {
  const fs::path file = contribution({0, 0});
  const Bytes whole = *read_file(file);
  for (const std::size_t byte :
       {std::size_t{0}, std::size_t{20}, std::size_t{64}, whole.size() / 2, whole.size() - 1}) {
    flip(file, byte);
    AuditOptions bytes_alone = options();
    bytes_alone.drawn = 0;
    const auto report = audit_run(bytes_alone);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->findings.size(), 1U);
    EXPECT_EQ(report->findings[0].place, fmt::format("contribution of unit r0.l0, byte {}", byte));
    ASSERT_TRUE(write_file(file, whole));
  }
  std::error_code ignored;
  fs::resize_file(file, 100, ignored);
  EXPECT_EQ(audit_run(options())->findings.at(0).place, "contribution of unit r0.l0, byte 100");
}

TEST_F(Audit, FindsAChangedCheckpointShardAndRecord) {
  AuditOptions one = options();
  one.units = {{1, 0}};
  const fs::path checkpoint = path_ / "blobs" / records_[1].checkpoint.hex();
  const Bytes whole = *read_file(checkpoint);
  flip(checkpoint, whole.size() / 2);
  EXPECT_EQ(audit_run(one)->findings.at(0).place, "inputs of unit r1.l0");
  ASSERT_TRUE(write_file(checkpoint, whole));

  const fs::path shard = path_ / "shards" / run_.plan.shard({1, 0}).hex();
  const Bytes tokens = *read_file(shard);
  flip(shard, 7);
  EXPECT_EQ(audit_run(one)->findings.at(0).place, "inputs of unit r1.l0");
  ASSERT_TRUE(write_file(shard, tokens));
  EXPECT_TRUE(audit_run(one)->sound());

  const fs::path record = round_path(path_, 1);
  std::string text = *read_text(record);
  const std::string state = records_[1].claims[0].states[1].hex();
  text.replace(text.find(state), 4, state.substr(0, 4) == "0000" ? "1111" : "0000");
  ASSERT_TRUE(write_file(record, text));
  const auto report = audit_run(options());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings.at(0).place, "round 1");
  EXPECT_EQ(report->findings[0].message,
            fmt::format("round record: the claim for unit r1.l0 is not signed by its volunteer {}",
                        volunteer_.public_key().brief()));
}

TEST_F(Audit, EvidenceIsProvenOrNot) {
  auto bench = Workbench::make(run_.plan, {.threads = 1, .isa = std::nullopt});
  const UnitId unit{1, 1};
  const Claim& truth = records_[1].claims[1];
  Cheat cheat;
  cheat.replay = {truth.contribution, truth.states, truth.mean_loss};
  Replay lie = cheat.replay;
  lie.states[2].bytes[0] ^= 1;
  cheat.claim = claim_of(unit, records_[1].checkpoint, lie);
  cheat.first_wrong = 2;
  cheat.found = system_clock().now();
  const fs::path file = path_ / "evidence" / "one.json";
  ASSERT_TRUE(write_file(file, evidence_file(run_.plan, cheat)));
  const auto proven = audit_evidence(file, options());
  ASSERT_TRUE(proven) << proven.error().message;
  EXPECT_TRUE(proven->proven);
  EXPECT_NE(proven->explanation.find("the first false state is that of stretch 2 (steps 4 to 5)"), std::string::npos)
      << proven->explanation;

  Cheat slander = cheat;  // a true claim beside an invented replay
  slander.claim = truth;
  slander.replay = lie;
  ASSERT_TRUE(write_file(file, evidence_file(run_.plan, slander)));
  const auto refuted = audit_evidence(file, options());
  ASSERT_TRUE(refuted) << refuted.error().message;
  EXPECT_FALSE(refuted->proven);
  EXPECT_NE(refuted->explanation.find("the accusation is false"), std::string::npos);

  cheat.claim.states[0].bytes[0] ^= 1;  // words put into its mouth
  ASSERT_TRUE(write_file(file, evidence_file(run_.plan, cheat)));
  EXPECT_EQ(audit_evidence(file, options()).error().message,
            fmt::format("evidence: the claim for unit r1.l1 is not signed by volunteer {}: it proves nothing",
                        volunteer_.public_key().brief()));
}

TEST_F(Audit, SaysWhatIsMissing) {
  AuditOptions far = options();
  far.units = {{3, 0}};
  EXPECT_EQ(audit_run(far).error().message, "unit r3.l0 is not in the record (3 rounds of 2 lanes)");
  far.run = folder_->path() / "nothing";
  EXPECT_EQ(audit_run(far).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace cairn::swarm
