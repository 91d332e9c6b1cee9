#include "swarm/record.h"

#include "base/json.h"

namespace cairn::swarm {
namespace {

Json unsigned_json(const RoundRecord& record) {
  Json claims = Json::array(), audited = Json::array();
  for (const Claim& claim : record.claims) claims.push_back(Json::parse(to_json(claim)));
  for (const bool one : record.audited) audited.push_back(one);
  return {{"format", "cairn-round-1"},
          {"run", record.run.hex()},
          {"round", record.round},
          {"checkpoint", record.checkpoint.hex()},
          {"outer_state", record.outer_state.hex()},
          {"claims", claims},
          {"audited", audited},
          {"next_checkpoint", record.next_checkpoint.hex()},
          {"next_outer_state", record.next_outer_state.hex()},
          {"previous", record.previous.hex()},
          {"coordinator", record.coordinator.hex()}};
}

Status check(const RoundRecord& record, const Plan& plan) {
  const RunId run = run_id(plan);
  if (record.run != run)
    return fail(ErrorCode::invalid, "it belongs to run {}, the plan to run {}", record.run.brief(), run.brief());
  if (record.round >= plan.rounds) return fail(ErrorCode::invalid, "the plan has {} rounds", plan.rounds);
  if (record.claims.size() != plan.lanes || record.audited.size() != plan.lanes)
    return fail(ErrorCode::invalid, "expected {} claims, got {}", plan.lanes, record.claims.size());
  for (std::uint32_t lane = 0; lane < plan.lanes; ++lane) {
    const Claim& claim = record.claims[lane];
    if (claim.unit != UnitId{record.round, lane})
      return fail(ErrorCode::invalid, "lane {} holds a claim for unit {}", lane, claim.unit.text());
    if (claim.checkpoint != record.checkpoint)
      return fail(ErrorCode::invalid, "the claim for unit {} starts from another checkpoint", claim.unit.text());
    if (!is_signed(run, claim))
      return fail(ErrorCode::invalid, "the claim for unit {} is not signed by its volunteer {}", claim.unit.text(),
                  claim.volunteer.brief());
  }
  if (!is_signed_by(record.coordinator, signed_text(record), record.signature))
    return fail(ErrorCode::invalid, "it is not signed by coordinator {}", record.coordinator.brief());
  return {};
}

Result<RoundRecord> parse(std::string_view text, const Plan& plan) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  CAIRN_ASSIGN(const std::string format, get_string(json, "format"));
  if (format != "cairn-round-1")
    return fail(ErrorCode::malformed, "format: expected \"cairn-round-1\", got \"{}\"", format);
  RoundRecord record;
  CAIRN_ASSIGN(record.run.digest, get_digest(json, "run"));
  CAIRN_ASSIGN(const std::int64_t round, get_int(json, "round"));
  if (round < 0 || round >= plan.rounds) return fail(ErrorCode::invalid, "the plan has {} rounds", plan.rounds);
  record.round = static_cast<std::uint32_t>(round);
  CAIRN_ASSIGN(record.checkpoint, get_digest(json, "checkpoint"));
  CAIRN_ASSIGN(record.outer_state, get_digest(json, "outer_state"));
  CAIRN_ASSIGN(record.next_checkpoint, get_digest(json, "next_checkpoint"));
  CAIRN_ASSIGN(record.next_outer_state, get_digest(json, "next_outer_state"));
  CAIRN_ASSIGN(record.previous, get_digest(json, "previous"));
  CAIRN_ASSIGN(const Json* claims, get_array(json, "claims"));
  for (const Json& item : *claims) {
    CAIRN_ASSIGN(Claim claim, claim_from_json(canonical(item), plan.stretches()));
    record.claims.push_back(std::move(claim));
  }
  CAIRN_ASSIGN(const Json* audited, get_array(json, "audited"));
  for (const Json& item : *audited) {
    if (!item.is_boolean()) return fail(ErrorCode::malformed, "\"audited\": expected true or false");
    record.audited.push_back(item.get<bool>());
  }
  CAIRN_ASSIGN(const std::string coordinator, get_string(json, "coordinator"));
  CAIRN_ASSIGN(record.coordinator, PublicKey::parse(coordinator));
  CAIRN_ASSIGN(const std::string signature, get_string(json, "signature"));
  CAIRN_ASSIGN(record.signature, Signature::parse(signature));
  CAIRN_TRY(check(record, plan));
  return record;
}

}  // namespace

std::string signed_text(const RoundRecord& record) {
  return canonical(unsigned_json(record));
}

std::string to_json(const RoundRecord& record) {
  Json json = unsigned_json(record);
  json["signature"] = record.signature.hex();
  return canonical(json);
}

Result<RoundRecord> record_from_json(std::string_view text, const Plan& plan) {
  auto record = parse(text, plan);
  if (!record) return fail(std::move(record).error().within("round record"));
  return record;
}

}  // namespace cairn::swarm
