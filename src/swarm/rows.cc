#include "swarm/rows.h"

#include <array>

#include "base/json.h"

namespace cairn::swarm {
namespace {

Json embedded(const std::string& json) {
  return Json::parse(json);
}

Result<PublicKey> get_key(const Json& json, const char* key) {
  CAIRN_ASSIGN(const std::string hex, get_string(json, key));
  return PublicKey::parse(hex);
}

Result<TimePoint> get_time(const Json& json, const char* key) {
  CAIRN_ASSIGN(const std::int64_t ms, get_int(json, key));
  return TimePoint(Duration(ms));
}

template <class Phase, std::size_t N>
Result<Phase> get_phase(const Json& json, const char* key, const std::array<Phase, N>& all) {
  CAIRN_ASSIGN(const std::string name, get_string(json, key));
  for (const Phase phase : all)
    if (name_of(phase) == name) return phase;
  return fail(ErrorCode::malformed, "\"{}\": \"{}\" is no such phase", key, name);
}

constexpr std::array kRunPhases{RunPhase::computing, RunPhase::merging, RunPhase::complete, RunPhase::halted};
constexpr std::array kUnitPhases{UnitPhase::open, UnitPhase::leased, UnitPhase::auditing, UnitPhase::accepted};
constexpr std::array kVolunteerPhases{VolunteerPhase::active, VolunteerPhase::put_out};
constexpr std::array kStandings{Standing::received, Standing::accepted, Standing::not_needed};

Result<Lease> lease_from(const Json& json) {
  Lease lease;
  CAIRN_ASSIGN(lease.volunteer, get_key(json, "volunteer"));
  CAIRN_ASSIGN(lease.since, get_time(json, "since"));
  CAIRN_ASSIGN(lease.deadline, get_time(json, "deadline"));
  return lease;
}

}  // namespace

std::string to_json(const RunRow& row) {
  return canonical({{"phase", name_of(row.phase)},
                    {"round", row.round},
                    {"checkpoint", row.checkpoint.hex()},
                    {"accepted", row.accepted},
                    {"audits", row.audits},
                    {"cheats", row.cheats},
                    {"reissued", row.reissued},
                    {"timed_units", row.timed_units},
                    {"timed_ms", row.timed_ms},
                    {"loss", row.loss}});
}

Result<RunRow> run_row_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  RunRow row;
  CAIRN_ASSIGN(row.phase, get_phase(json, "phase", kRunPhases));
  CAIRN_ASSIGN(row.round, get_u32(json, "round"));
  CAIRN_ASSIGN(row.checkpoint, get_digest(json, "checkpoint"));
  CAIRN_ASSIGN(row.accepted, get_natural(json, "accepted"));
  CAIRN_ASSIGN(row.audits, get_natural(json, "audits"));
  CAIRN_ASSIGN(row.cheats, get_natural(json, "cheats"));
  CAIRN_ASSIGN(row.reissued, get_natural(json, "reissued"));
  CAIRN_ASSIGN(row.timed_units, get_natural(json, "timed_units"));
  CAIRN_ASSIGN(row.timed_ms, get_natural(json, "timed_ms"));
  CAIRN_ASSIGN(row.loss, get_number(json, "loss"));
  return row;
}

std::string to_json(const VolunteerRow& row) {
  Json json{{"id", row.id.hex()},
            {"name", row.name},
            {"phase", name_of(row.phase)},
            {"joined", row.joined.time_since_epoch().count()},
            {"units", row.units},
            {"tokens", row.tokens},
            {"evidence", row.evidence.hex()},
            {"last", nullptr}};
  if (row.last)
    json["last"] = {{"round", row.last->unit.round},
                    {"lane", row.last->unit.lane},
                    {"contribution", row.last->contribution.hex()},
                    {"standing", name_of(row.last->standing)}};
  return canonical(json);
}

Result<VolunteerRow> volunteer_row_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  VolunteerRow row;
  CAIRN_ASSIGN(row.id, get_key(json, "id"));
  CAIRN_ASSIGN(row.name, get_string(json, "name"));
  CAIRN_ASSIGN(row.phase, get_phase(json, "phase", kVolunteerPhases));
  CAIRN_ASSIGN(row.joined, get_time(json, "joined"));
  CAIRN_ASSIGN(row.units, get_natural(json, "units"));
  CAIRN_ASSIGN(row.tokens, get_natural(json, "tokens"));
  CAIRN_ASSIGN(row.evidence, get_digest(json, "evidence"));
  if (!json.contains("last") || json["last"].is_null()) return row;
  const Json& last = json["last"];
  Taken taken;
  CAIRN_ASSIGN(taken.unit.round, get_u32(last, "round"));
  CAIRN_ASSIGN(taken.unit.lane, get_u32(last, "lane"));
  CAIRN_ASSIGN(taken.contribution, get_digest(last, "contribution"));
  CAIRN_ASSIGN(taken.standing, get_phase(last, "standing", kStandings));
  row.last = taken;
  return row;
}

std::string to_json(const UnitRow& row) {
  Json leases = Json::array(), holders = Json::array(), waiting = Json::array();
  for (const Lease& lease : row.leases)
    leases.push_back({{"volunteer", lease.volunteer.hex()},
                      {"since", lease.since.time_since_epoch().count()},
                      {"deadline", lease.deadline.time_since_epoch().count()}});
  for (const VolunteerId& id : row.holders) holders.push_back(id.hex());
  for (const Claim& claim : row.waiting) waiting.push_back(embedded(to_json(claim)));
  return canonical({{"round", row.id.round},
                    {"lane", row.id.lane},
                    {"phase", name_of(row.phase)},
                    {"leases", leases},
                    {"holders", holders},
                    {"waiting", waiting},
                    {"claim", row.claim ? embedded(to_json(*row.claim)) : Json()},
                    {"replay", row.replay ? embedded(to_json(*row.replay)) : Json()},
                    {"audited", row.audited}});
}

Result<UnitRow> unit_row_from_json(std::string_view text, std::size_t most_states) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  UnitRow row;
  CAIRN_ASSIGN(row.id.round, get_u32(json, "round"));
  CAIRN_ASSIGN(row.id.lane, get_u32(json, "lane"));
  CAIRN_ASSIGN(row.phase, get_phase(json, "phase", kUnitPhases));
  CAIRN_ASSIGN(row.audited, get_bool(json, "audited"));
  CAIRN_ASSIGN(const Json* leases, get_array(json, "leases"));
  for (const Json& item : *leases) {
    CAIRN_ASSIGN(const Lease lease, lease_from(item));
    row.leases.push_back(lease);
  }
  CAIRN_ASSIGN(const Json* holders, get_array(json, "holders"));
  for (const Json& item : *holders) {
    if (!item.is_string()) return fail(ErrorCode::malformed, "\"holders\": expected strings");
    CAIRN_ASSIGN(const PublicKey id, PublicKey::parse(item.get_ref<const std::string&>()));
    row.holders.push_back(id);
  }
  CAIRN_ASSIGN(const Json* waiting, get_array(json, "waiting"));
  for (const Json& item : *waiting) {
    CAIRN_ASSIGN(Claim claim, claim_from_json(canonical(item), most_states));
    row.waiting.push_back(std::move(claim));
  }
  if (json.contains("claim") && !json["claim"].is_null()) {
    CAIRN_ASSIGN(row.claim, claim_from_json(canonical(json["claim"]), most_states));
  }
  if (json.contains("replay") && !json["replay"].is_null()) {
    CAIRN_ASSIGN(row.replay, replay_from_json(canonical(json["replay"]), most_states));
  }
  return row;
}

}  // namespace cairn::swarm
