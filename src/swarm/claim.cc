#include "swarm/claim.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "base/json.h"

namespace cairn::swarm {
namespace {

Json states_json(const std::vector<Digest>& states) {
  Json out = Json::array();
  for (const Digest& state : states) out.push_back(state.hex());
  return out;
}

Result<std::vector<Digest>> states_from(const Json& json, std::size_t most) {
  CAIRN_ASSIGN(const Json* array, get_array(json, "states"));
  if (array->empty() || array->size() > most)
    return fail(ErrorCode::malformed, "\"states\": expected 1 to {} digests, got {}", most, array->size());
  std::vector<Digest> out;
  for (const Json& item : *array) {
    if (!item.is_string()) return fail(ErrorCode::malformed, "\"states\": expected strings");
    CAIRN_ASSIGN(const Digest state, Digest::parse(item.get_ref<const std::string&>()));
    out.push_back(state);
  }
  return out;
}

Json claim_json(const Claim& claim) {
  return {{"round", claim.unit.round},
          {"lane", claim.unit.lane},
          {"checkpoint", claim.checkpoint.hex()},
          {"volunteer", claim.volunteer.hex()},
          {"contribution", claim.contribution.hex()},
          {"states", states_json(claim.states)},
          {"mean_loss", claim.mean_loss}};
}

Json signed_claim_json(const Claim& claim) {
  Json json = claim_json(claim);
  json["signature"] = claim.signature.hex();
  return json;
}

Json replay_json(const Replay& replay) {
  return {{"contribution", replay.contribution.hex()},
          {"states", states_json(replay.states)},
          {"mean_loss", replay.mean_loss}};
}

Result<double> get_loss(const Json& json) {
  CAIRN_ASSIGN(const double loss, get_number(json, "mean_loss"));
  if (!std::isfinite(loss)) return fail(ErrorCode::malformed, "\"mean_loss\": expected a finite number");
  return loss;
}

Result<Claim> claim_from(const Json& json, std::size_t most_states) {
  Claim claim;
  CAIRN_ASSIGN(claim.unit.round, get_u32(json, "round"));
  CAIRN_ASSIGN(claim.unit.lane, get_u32(json, "lane"));
  CAIRN_ASSIGN(claim.checkpoint, get_digest(json, "checkpoint"));
  CAIRN_ASSIGN(const std::string volunteer, get_string(json, "volunteer"));
  CAIRN_ASSIGN(claim.volunteer, PublicKey::parse(volunteer));
  CAIRN_ASSIGN(claim.contribution, get_digest(json, "contribution"));
  CAIRN_ASSIGN(claim.states, states_from(json, most_states));
  CAIRN_ASSIGN(claim.mean_loss, get_loss(json));
  CAIRN_ASSIGN(const std::string signature, get_string(json, "signature"));
  CAIRN_ASSIGN(claim.signature, Signature::parse(signature));
  return claim;
}

Result<Replay> replay_from(const Json& json, std::size_t most_states) {
  Replay replay;
  CAIRN_ASSIGN(replay.contribution, get_digest(json, "contribution"));
  CAIRN_ASSIGN(replay.states, states_from(json, most_states));
  CAIRN_ASSIGN(replay.mean_loss, get_loss(json));
  return replay;
}

}  // namespace

std::string signed_text(const RunId& run, const Claim& claim) {
  Json json = claim_json(claim);
  json["run"] = run.hex();
  return canonical(json);
}

Claim sign(const RunId& run, Claim claim, const SecretKey& key) {
  claim.volunteer = key.public_key();
  claim.signature = key.sign(signed_text(run, claim));
  return claim;
}

bool is_signed(const RunId& run, const Claim& claim) {
  return is_signed_by(claim.volunteer, signed_text(run, claim), claim.signature);
}

std::string to_json(const Claim& claim) {
  return canonical(signed_claim_json(claim));
}

Result<Claim> claim_from_json(std::string_view text, std::size_t most_states) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  auto claim = claim_from(json, most_states);
  if (!claim) return fail(std::move(claim).error().within("claim"));
  return claim;
}

std::string to_json(const Replay& replay) {
  return canonical(replay_json(replay));
}

Result<Replay> replay_from_json(std::string_view text, std::size_t most_states) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  auto replay = replay_from(json, most_states);
  if (!replay) return fail(std::move(replay).error().within("replay"));
  return replay;
}

std::optional<std::uint32_t> first_difference(const Claim& claim, const Replay& replay) {
  const std::size_t stretches = replay.states.size();
  for (std::size_t i = 0; i < stretches; ++i)
    if (i >= claim.states.size() || claim.states[i] != replay.states[i]) return static_cast<std::uint32_t>(i);
  const bool same_loss =
      std::bit_cast<std::uint64_t>(claim.mean_loss) == std::bit_cast<std::uint64_t>(replay.mean_loss);
  if (claim.states.size() == stretches && claim.contribution == replay.contribution && same_loss) return std::nullopt;
  return static_cast<std::uint32_t>(stretches);
}

std::string explain(const Plan& plan, const Cheat& cheat) {
  const Claim& claim = cheat.claim;
  const std::string who = fmt::format("volunteer {} claimed unit {}", claim.volunteer.brief(), claim.unit.text());
  if (cheat.first_wrong < cheat.replay.states.size()) {
    const std::uint32_t from = cheat.first_wrong * plan.unit.stretch;
    const std::uint32_t to = std::min(plan.unit.steps, from + plan.unit.stretch);
    const std::string got =
        cheat.first_wrong < claim.states.size() ? claim.states[cheat.first_wrong].brief() : "no state";
    return fmt::format("{}: the first false state is that of stretch {} (steps {} to {}): claimed {}, replayed {}", who,
                       cheat.first_wrong, from, to - 1, got, cheat.replay.states[cheat.first_wrong].brief());
  }
  if (claim.contribution == cheat.replay.contribution)
    return fmt::format("{}: states and contribution are true, but not the loss: claimed {}, replayed {}", who,
                       claim.mean_loss, cheat.replay.mean_loss);
  return fmt::format(
      "{}: all {} states are true, but the contribution is not what they lead to: claimed {}, replayed {}", who,
      cheat.replay.states.size(), claim.contribution.brief(), cheat.replay.contribution.brief());
}

std::string evidence_file(const Plan& plan, const Cheat& cheat) {
  return canonical({{"format", "cairn-evidence-1"},
                    {"run", run_id(plan).hex()},
                    {"plan", Json::parse(to_json(plan))},
                    {"shard", plan.shard(cheat.claim.unit).hex()},
                    {"claim", signed_claim_json(cheat.claim)},
                    {"replay", replay_json(cheat.replay)},
                    {"first_wrong", cheat.first_wrong},
                    {"found", cheat.found.time_since_epoch().count()},
                    {"explanation", explain(plan, cheat)}});
}

Result<Evidence> evidence_from_file(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  CAIRN_ASSIGN(const std::string format, get_string(json, "format"));
  if (format != "cairn-evidence-1")
    return fail(ErrorCode::malformed, "evidence: format: expected \"cairn-evidence-1\", got \"{}\"", format);
  Evidence out;
  CAIRN_ASSIGN(const Json* plan, get_object(json, "plan"));
  CAIRN_ASSIGN(out.plan, plan_from_json(canonical(*plan)));
  const std::size_t most = out.plan.stretches();
  CAIRN_ASSIGN(const Json* claim, get_object(json, "claim"));
  CAIRN_ASSIGN(out.cheat.claim, claim_from(*claim, most));
  CAIRN_ASSIGN(const Json* replay, get_object(json, "replay"));
  CAIRN_ASSIGN(out.cheat.replay, replay_from(*replay, most));
  CAIRN_ASSIGN(const std::int64_t found, get_int(json, "found"));
  out.cheat.found = TimePoint(Duration(found));
  const UnitId unit = out.cheat.claim.unit;
  if (unit.round >= out.plan.rounds || unit.lane >= out.plan.lanes)
    return fail(ErrorCode::malformed, "evidence: the plan has no unit {}", unit.text());
  if (!is_signed(run_id(out.plan), out.cheat.claim))
    return fail(ErrorCode::invalid, "evidence: the claim for unit {} is not signed by volunteer {}: it proves nothing",
                unit.text(), out.cheat.claim.volunteer.brief());
  const auto difference = first_difference(out.cheat.claim, out.cheat.replay);
  if (!difference) return fail(ErrorCode::invalid, "evidence: claim and replay of unit {} agree", unit.text());
  out.cheat.first_wrong = *difference;
  return out;
}

}  // namespace cairn::swarm
