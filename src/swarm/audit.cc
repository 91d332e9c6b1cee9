#include "swarm/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "swarm/blobs.h"
#include "swarm/chance.h"
#include "swarm/record.h"
#include "swarm/run_folder.h"
#include "swarm/workbench.h"
#include "train/checkpoint.h"
#include "train/contribution.h"

namespace cairn::swarm {
namespace {

constexpr std::size_t kContributionHeader = 64;  // docs/formats/contribution.md: what stands before the scales

// What the byte at `offset` of a contribution is: the weights and the tensor that it changes.
std::string meaning_of(std::size_t offset, const Plan& plan, const model::ModelConfig& config) {
  if (offset < kContributionHeader) return "in its header";
  std::size_t at = offset - kContributionHeader;
  const std::size_t table = train::blocks_of(plan.parameters) * sizeof(float);
  std::size_t weight = 0;
  std::string what;
  if (at < 2 * table) {
    const std::size_t block = at % table / sizeof(float);
    weight = block * train::kBlock;
    what = fmt::format("the {} of block {}", at < table ? "scale" : "second moment", block);
  } else {
    at -= 2 * table;
    weight = plan.unit.contribution_bits == 8 ? at : 2 * at;
    if (weight >= plan.parameters) return "in its closing digest";
    what = fmt::format("the change of weight {}", weight);
  }
  for (const model::Parameter& parameter : model::parameters_of(config))
    if (weight >= parameter.offset && weight < parameter.offset + parameter.count)
      return fmt::format("{} (tensor {})", what, parameter.name);
  return what;
}

class Auditor {
 public:
  Auditor(const AuditOptions& options, Plan plan, Workbench bench)
      : options_(options),
        plan_(std::move(plan)),
        bench_(std::move(bench)),
        blobs_(options.run / "blobs"),
        shards_(options.shards ? options.shards : shards_from_folder(options.run / "shards", plan_)) {
    report_.run = run_id(plan_);
    report_.isa = tensor::name_of(bench_.context().isa());
    report_.threads = bench_.context().threads();
  }

  Result<AuditReport> run() {
    CAIRN_TRY(read_records());
    check_contributions();
    std::set<std::uint32_t> rounds;
    for (const UnitId& unit : chosen()) {
      CAIRN_TRY(replay(unit));
      rounds.insert(unit.round);
    }
    if (options_.merges)
      for (const std::uint32_t round : rounds) merge_again(round);
    return std::move(report_);
  }

  Result<Computed> compute(UnitId unit, const Digest& checkpoint) {
    CAIRN_ASSIGN(const Bytes shard, shards_({unit, std::nullopt}));
    CAIRN_ASSIGN(const Bytes model, blobs_.get(checkpoint, kMostCheckpointBytes));
    return bench_.compute({unit, checkpoint, plan_.shard(unit)}, model, shard);
  }

 private:
  void find(std::string place, std::string message) {
    report_.findings.push_back({std::move(place), std::move(message)});
  }

  Status read_records() {
    Digest previous, checkpoint = plan_.checkpoint;
    for (std::uint32_t round = 0; round < plan_.rounds; ++round) {
      const auto text = read_text(round_path(options_.run, round));
      if (!text && text.error().code == ErrorCode::not_found) break;
      if (!text) return fail(text.error());
      const std::string place = fmt::format("round {}", round);
      auto record = record_from_json(*text, plan_);
      if (!record) {
        find(place, record.error().message);
        break;
      }
      if (record->previous != previous)
        find(place, fmt::format("its record follows {}, expected {}", record->previous.hex(), previous.hex()));
      if (record->round != round || record->checkpoint != checkpoint)
        find(place,
             fmt::format("it starts from checkpoint {}, expected {}", record->checkpoint.hex(), checkpoint.hex()));
      previous = sha256(*text);
      checkpoint = record->next_checkpoint;
      records_.push_back(std::move(*record));
    }
    report_.records = static_cast<std::uint32_t>(records_.size());
    if (records_.empty() && report_.findings.empty())
      return fail(ErrorCode::not_found, "{}: no round is merged yet", options_.run.string());
    return {};
  }

  void check_contributions() {
    for (const RoundRecord& record : records_)
      for (const Claim& claim : record.claims) {
        const auto bytes = read_file(blobs_.path_of(claim.contribution), std::size_t{1} << 34);
        const std::string place = "contribution of unit " + claim.unit.text();
        ++report_.contributions;
        if (!bytes) {
          find(place, bytes.error().message);
        } else if (sha256(*bytes) != claim.contribution) {
          locate(record, claim, *bytes);
        }
      }
  }

  // Which byte was changed: the unit computed again gives the bytes as they were.
  void locate(const RoundRecord& record, const Claim& claim, const Bytes& stored) {
    const std::string place = "contribution of unit " + claim.unit.text();
    const std::string digests =
        fmt::format("expected the digest {}, got {}", claim.contribution.hex(), sha256(stored).hex());
    const auto computed = compute(claim.unit, record.checkpoint);
    if (!computed || computed->replay.contribution != claim.contribution)
      return find(place, digests + (computed ? "; its replay has neither" : "; " + computed.error().message));
    const Bytes& truth = computed->contribution;
    const auto [in_truth, in_stored] = std::mismatch(truth.begin(), truth.end(), stored.begin(), stored.end());
    const auto offset = static_cast<std::size_t>(in_truth - truth.begin());
    if (in_truth == truth.end() || in_stored == stored.end())
      return find(fmt::format("{}, byte {}", place, offset),
                  fmt::format("expected {} bytes, got {}; {}", truth.size(), stored.size(), digests));
    const auto model = blobs_.get(record.checkpoint, kMostCheckpointBytes);
    const auto decoded = model ? train::decode_checkpoint(*model) : Result<train::Checkpoint>(fail(model.error()));
    find(fmt::format("{}, byte {}", place, offset),
         fmt::format("expected 0x{:02x}, got 0x{:02x}: {}; {}", *in_truth, *in_stored,
                     decoded ? meaning_of(offset, plan_, decoded->model.config()) : "", digests));
  }

  std::vector<UnitId> chosen() const {
    if (!options_.units.empty()) return options_.units;
    std::set<UnitId> drawn;
    const std::uint64_t there = records_.size() * plan_.lanes;
    for (std::uint64_t i = 0; drawn.size() < std::min<std::uint64_t>(options_.drawn, there); ++i) {
      const std::uint64_t unit = chance::mix(options_.seed * 0x9E3779B9U + i) % there;
      drawn.insert({static_cast<std::uint32_t>(unit / plan_.lanes), static_cast<std::uint32_t>(unit % plan_.lanes)});
    }
    return {drawn.begin(), drawn.end()};
  }

  Status replay(UnitId unit) {
    if (unit.round >= records_.size() || unit.lane >= plan_.lanes)
      return fail(ErrorCode::not_found, "unit {} is not in the record ({} rounds of {} lanes)", unit.text(),
                  records_.size(), plan_.lanes);
    const RoundRecord& record = records_[unit.round];
    const Claim& claim = record.claims[unit.lane];
    const auto computed = compute(unit, record.checkpoint);
    if (!computed && computed.error().code == ErrorCode::malformed) {  // an input was changed
      find("inputs of unit " + unit.text(), computed.error().message);
      return {};
    }
    if (!computed) return fail(Error(computed.error()).within("unit " + unit.text()));
    report_.replayed.push_back(unit);
    report_.states += computed->replay.states.size();
    if (const auto wrong = first_difference(claim, computed->replay)) {
      const Cheat cheat{claim, computed->replay, *wrong, options_.env.clock.now()};
      find(fmt::format("unit {}, {}", unit.text(),
                       *wrong < computed->replay.states.size() ? fmt::format("stretch {}", *wrong) : "contribution"),
           explain(plan_, cheat));
    }
    return {};
  }

  void merge_again(std::uint32_t round) {
    const RoundRecord& record = records_[round];
    const auto merged = [&]() -> Result<Digest> {
      Bytes outer;
      if (round > 0) {
        CAIRN_ASSIGN(outer, blobs_.get(record.outer_state, kMostCheckpointBytes));
      }
      std::vector<Bytes> contributions;
      for (const Claim& claim : record.claims) {
        CAIRN_ASSIGN(Bytes bytes, blobs_.get(claim.contribution, plan_.contribution_bytes()));
        contributions.push_back(std::move(bytes));
      }
      CAIRN_ASSIGN(const Bytes checkpoint, blobs_.get(record.checkpoint, kMostCheckpointBytes));
      CAIRN_ASSIGN(const MergedModel model, bench_.merge(checkpoint, outer, contributions));
      return sha256(model.checkpoint);
    }();
    ++report_.merges;
    const std::string place = fmt::format("merge of round {}", round);
    if (!merged) {
      find(place, merged.error().message);
    } else if (*merged != record.next_checkpoint) {
      find(place, fmt::format("expected checkpoint {}, got {}", record.next_checkpoint.hex(), merged->hex()));
    }
  }

  const AuditOptions& options_;
  Plan plan_;
  Workbench bench_;
  Blobs blobs_;
  ShardProvider shards_;
  std::vector<RoundRecord> records_;
  AuditReport report_;
};

}  // namespace

std::string to_json(const AuditReport& report) {
  Json replayed = Json::array(), findings = Json::array();
  for (const UnitId& unit : report.replayed) replayed.push_back(unit.text());
  for (const AuditFinding& finding : report.findings)
    findings.push_back({{"place", finding.place}, {"message", finding.message}});
  return canonical({{"run", report.run.hex()},
                    {"sound", report.sound()},
                    {"records", report.records},
                    {"contributions", report.contributions},
                    {"replayed", replayed},
                    {"states", report.states},
                    {"merges", report.merges},
                    {"isa", report.isa},
                    {"threads", report.threads},
                    {"findings", findings}});
}

Result<AuditReport> audit_run(const AuditOptions& options) {
  CAIRN_ASSIGN(Plan plan, read_plan(options.run));
  CAIRN_ASSIGN(Workbench bench, Workbench::make(plan, options.compute));
  return Auditor(options, std::move(plan), std::move(bench)).run();
}

std::string to_json(const EvidenceReport& report) {
  return canonical({{"proven", report.proven},
                    {"volunteer", report.cheat.claim.volunteer.hex()},
                    {"unit", report.cheat.claim.unit.text()},
                    {"first_wrong", report.cheat.first_wrong},
                    {"explanation", report.explanation}});
}

Result<EvidenceReport> audit_evidence(const std::filesystem::path& file, const AuditOptions& options) {
  CAIRN_ASSIGN(const std::string text, read_text(file));
  CAIRN_ASSIGN(const Evidence evidence, evidence_from_file(text));
  CAIRN_ASSIGN(Workbench bench, Workbench::make(evidence.plan, options.compute));
  Auditor auditor(options, evidence.plan, std::move(bench));
  CAIRN_ASSIGN(Computed computed, auditor.compute(evidence.cheat.claim.unit, evidence.cheat.claim.checkpoint));
  EvidenceReport report{evidence.cheat, std::move(computed.replay), false, {}};
  const auto wrong = first_difference(report.cheat.claim, report.replay);
  report.proven = wrong == report.cheat.first_wrong;
  if (!wrong) {
    report.explanation = fmt::format("volunteer {} computed unit {} rightly: the accusation is false",
                                     report.cheat.claim.volunteer.brief(), report.cheat.claim.unit.text());
  } else {
    Cheat ours = report.cheat;
    ours.replay = report.replay;
    ours.first_wrong = *wrong;
    report.explanation = explain(evidence.plan, ours);
  }
  return report;
}

}  // namespace cairn::swarm
