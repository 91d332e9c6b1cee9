#include "swarm/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/json.h"
#include "train/contribution.h"

namespace cairn::swarm {
namespace {

Result<std::uint64_t> get_count(const Json& json, const char* key, std::uint64_t most) {
  CAIRN_ASSIGN(const std::int64_t value, get_int(json, key));
  if (value < 0 || static_cast<std::uint64_t>(value) > most)
    return fail(ErrorCode::invalid, "plan: \"{}\": expected 0 to {}, got {}", key, most, value);
  return static_cast<std::uint64_t>(value);
}

Status in_range(const char* what, double value, double least, double most) {
  if (value >= least && value <= most) return {};
  return fail(ErrorCode::invalid, "plan: {}: expected {} to {}, got {}", what, least, most, value);
}

Status check_pace(const Pace& pace) {
  CAIRN_TRY(in_range("heartbeat_ms", static_cast<double>(pace.heartbeat.count()), 50, 3'600'000));
  CAIRN_TRY(in_range("lease_ms", static_cast<double>(pace.lease.count()), 100, 86'400'000));
  CAIRN_TRY(in_range("late_ms", static_cast<double>(pace.late.count()), 50, 86'400'000));
  if (pace.lease < 2 * pace.heartbeat)
    return fail(ErrorCode::invalid, "plan: lease_ms: expected at least twice heartbeat_ms ({}), got {}",
                2 * pace.heartbeat.count(), pace.lease.count());
  return {};
}

constexpr const char* kKeys[] = {"audit_share", "checkpoint", "format", "lanes", "name",   "outer",
                                 "pace",        "parameters", "rounds", "seed",  "shards", "unit"};

}  // namespace

std::string UnitId::text() const {
  return fmt::format("r{}.l{}", round, lane);
}

std::uint64_t Plan::contribution_bytes() const {
  return train::encoded_size(parameters, unit.contribution_bits);
}

Status check(const Plan& plan) {
  CAIRN_TRY(in_range("the name's length", static_cast<double>(plan.name.size()), 1, 100));
  CAIRN_TRY(train::check(static_cast<const train::Course&>(plan)));
  CAIRN_TRY(in_range("parameters", static_cast<double>(plan.parameters), 1, static_cast<double>(kMostRunParameters)));
  CAIRN_TRY(in_range("seed", static_cast<double>(plan.seed), 0, 9e18));
  if (!(plan.audit_share > 0 && plan.audit_share <= 1))
    return fail(ErrorCode::invalid, "plan: audit_share: expected more than 0 and at most 1, got {}", plan.audit_share);
  if (plan.shards.size() != plan.units())
    return fail(ErrorCode::invalid, "plan: shards: expected {} digests (rounds x lanes), got {}", plan.units(),
                plan.shards.size());
  return check_pace(plan.pace);
}

std::string to_json(const Plan& plan) {
  Json shards = Json::array();
  for (const Digest& shard : plan.shards) shards.push_back(shard.hex());
  return canonical({{"format", "cairn-plan-1"},
                    {"name", plan.name},
                    {"seed", plan.seed},
                    {"rounds", plan.rounds},
                    {"lanes", plan.lanes},
                    {"unit", Json::parse(train::to_json(plan.unit))},
                    {"outer", Json::parse(train::to_json(plan.outer))},
                    {"checkpoint", plan.checkpoint.hex()},
                    {"parameters", plan.parameters},
                    {"shards", std::move(shards)},
                    {"audit_share", plan.audit_share},
                    {"pace",
                     {{"heartbeat_ms", plan.pace.heartbeat.count()},
                      {"lease_ms", plan.pace.lease.count()},
                      {"late_ms", plan.pace.late.count()}}}});
}

Result<Plan> plan_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  CAIRN_ASSIGN(const std::string format, get_string(json, "format"));
  if (format != "cairn-plan-1")
    return fail(ErrorCode::malformed, "plan: format: expected \"cairn-plan-1\", got \"{}\"", format);
  for (const auto& [key, value] : json.items())
    if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys))
      return fail(ErrorCode::malformed, "plan: unknown key \"{}\"", key);
  Plan plan;
  CAIRN_ASSIGN(plan.name, get_string(json, "name"));
  CAIRN_ASSIGN(plan.seed, get_count(json, "seed", std::numeric_limits<std::int64_t>::max()));
  CAIRN_ASSIGN(const std::uint64_t rounds, get_count(json, "rounds", train::kMostRounds));
  CAIRN_ASSIGN(const std::uint64_t lanes, get_count(json, "lanes", train::kMostLanes));
  plan.rounds = static_cast<std::uint32_t>(rounds);
  plan.lanes = static_cast<std::uint32_t>(lanes);
  CAIRN_ASSIGN(const Json* unit, get_object(json, "unit"));
  CAIRN_ASSIGN(plan.unit, train::unit_settings_from_json(canonical(*unit)));
  CAIRN_ASSIGN(const Json* outer, get_object(json, "outer"));
  CAIRN_ASSIGN(plan.outer, train::outer_settings_from_json(canonical(*outer)));
  CAIRN_ASSIGN(plan.checkpoint, get_digest(json, "checkpoint"));
  CAIRN_ASSIGN(plan.parameters, get_count(json, "parameters", kMostRunParameters));
  CAIRN_ASSIGN(const Json* shards, get_array(json, "shards"));
  for (const Json& shard : *shards) {
    if (!shard.is_string()) return fail(ErrorCode::malformed, "plan: shards: expected strings");
    CAIRN_ASSIGN(const Digest digest, Digest::parse(shard.get_ref<const std::string&>()));
    plan.shards.push_back(digest);
  }
  CAIRN_ASSIGN(plan.audit_share, get_number(json, "audit_share"));
  CAIRN_ASSIGN(const Json* pace, get_object(json, "pace"));
  const auto milliseconds = [&](const char* key) -> Result<Duration> {
    CAIRN_ASSIGN(const std::uint64_t value, get_count(*pace, key, 86'400'000));
    return Duration(static_cast<std::int64_t>(value));
  };
  CAIRN_ASSIGN(plan.pace.heartbeat, milliseconds("heartbeat_ms"));
  CAIRN_ASSIGN(plan.pace.lease, milliseconds("lease_ms"));
  CAIRN_ASSIGN(plan.pace.late, milliseconds("late_ms"));
  CAIRN_TRY(check(plan));
  return plan;
}

RunId run_id(const Plan& plan) {
  return RunId{sha256(to_json(plan))};
}

}  // namespace cairn::swarm
