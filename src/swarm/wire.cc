#include "swarm/wire.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json.h"

namespace cairn::swarm {
namespace {

std::string text_to_sign(const RunId& run, std::string_view method, std::string_view target, std::string_view body) {
  return fmt::format("cairn-request-1\n{}\n{} {}\n{}", run.hex(), method, target, sha256(body).hex());
}

Result<UnitId> get_unit(const Json& json) {
  UnitId unit;
  CAIRN_ASSIGN(unit.round, get_u32(json, "round"));
  CAIRN_ASSIGN(unit.lane, get_u32(json, "lane"));
  return unit;
}

struct Kind {
  ErrorCode code;
  int status;
};
// Statuses by kind; what is not listed is 500. Read back by the kind in the body, by the status where there is none.
constexpr Kind kKinds[] = {{ErrorCode::invalid, 400},     {ErrorCode::malformed, 422},   {ErrorCode::denied, 403},
                           {ErrorCode::unknown, 403},     {ErrorCode::not_found, 404},   {ErrorCode::busy, 503},
                           {ErrorCode::no_space, 507},    {ErrorCode::stale, 409},       {ErrorCode::unreachable, 504},
                           {ErrorCode::interrupted, 503}, {ErrorCode::unsupported, 426}, {ErrorCode::failed, 500}};

Json error_json(const Error& error) {
  return {{"kind", name_of(error.code)}, {"message", error.message}, {"hint", error.hint}, {"detail", error.detail}};
}

Result<Error> error_from_json(const Json& json) {
  Error error;
  CAIRN_ASSIGN(const std::string kind, get_string(json, "kind"));
  for (const Kind& known : kKinds)
    if (name_of(known.code) == kind) error.code = known.code;
  CAIRN_ASSIGN(error.message, get_string(json, "message"));
  CAIRN_ASSIGN(error.hint, get_string(json, "hint"));
  CAIRN_ASSIGN(error.detail, get_string(json, "detail"));
  return error;
}

struct AnswerWriter {
  Json operator()(const Welcome&) const { return {{"answer", "welcome"}}; }
  Json operator()(const Assigned& a) const {
    return {{"answer", "assigned"},
            {"round", a.work.unit.round},
            {"lane", a.work.unit.lane},
            {"checkpoint", a.work.checkpoint.hex()},
            {"shard", a.work.shard.hex()}};
  }
  Json operator()(const NoWork&) const { return {{"answer", "no-work"}}; }
  Json operator()(const Keep& a) const { return {{"answer", "keep"}, {"go_on", a.go_on}}; }
  Json operator()(const Taken& a) const {
    return {{"answer", "taken"},
            {"round", a.unit.round},
            {"lane", a.unit.lane},
            {"contribution", a.contribution.hex()},
            {"standing", name_of(a.standing)}};
  }
  Json operator()(const RunOver&) const { return {{"answer", "run-over"}}; }
  Json operator()(const Banished& a) const { return {{"answer", "put-out"}, {"evidence", a.evidence.hex()}}; }
  Json operator()(const Refused& a) const { return {{"answer", "refused"}, {"error", error_json(a.error)}}; }
};

Result<Standing> get_standing(const Json& json) {
  CAIRN_ASSIGN(const std::string name, get_string(json, "standing"));
  for (const Standing standing : {Standing::received, Standing::accepted, Standing::not_needed})
    if (name_of(standing) == name) return standing;
  return fail(ErrorCode::malformed, "\"standing\": \"{}\" is no standing", name);
}

Result<Taken> taken_from(const Json& json) {
  Taken taken;
  CAIRN_ASSIGN(taken.unit, get_unit(json));
  CAIRN_ASSIGN(taken.contribution, get_digest(json, "contribution"));
  CAIRN_ASSIGN(taken.standing, get_standing(json));
  return taken;
}

Result<Answer> answer_from(const Json& json) {
  CAIRN_ASSIGN(const std::string kind, get_string(json, "answer"));
  if (kind == "welcome") return Answer(Welcome{});
  if (kind == "no-work") return Answer(NoWork{});
  if (kind == "run-over") return Answer(RunOver{});
  if (kind == "assigned") {
    Assignment work;
    CAIRN_ASSIGN(work.unit, get_unit(json));
    CAIRN_ASSIGN(work.checkpoint, get_digest(json, "checkpoint"));
    CAIRN_ASSIGN(work.shard, get_digest(json, "shard"));
    return Answer(Assigned{work});
  }
  if (kind == "keep") {
    CAIRN_ASSIGN(const bool go_on, get_bool(json, "go_on"));
    return Answer(Keep{go_on});
  }
  if (kind == "taken") {
    CAIRN_ASSIGN(const Taken taken, taken_from(json));
    return Answer(taken);
  }
  if (kind == "put-out") {
    CAIRN_ASSIGN(const Digest evidence, get_digest(json, "evidence"));
    return Answer(Banished{evidence});
  }
  if (kind == "refused") {
    CAIRN_ASSIGN(const Json* object, get_object(json, "error"));
    CAIRN_ASSIGN(Error error, error_from_json(*object));
    return Answer(Refused{std::move(error)});
  }
  return fail(ErrorCode::malformed, "\"answer\": \"{}\" is no answer", kind);
}

}  // namespace

http::Headers signed_headers(const RunId& run, const SecretKey& key, std::string_view method, std::string_view target,
                             std::string_view body) {
  const Signature signature = key.sign(text_to_sign(run, method, target, body));
  return {{kVolunteerHeader, key.public_key().hex()}, {kSignatureHeader, signature.hex()}};
}

Result<VolunteerId> signer_of(const RunId& run, const http::Request& request) {
  const std::string* id = request.header(kVolunteerHeader);
  const std::string* hex = request.header(kSignatureHeader);
  if (id == nullptr || hex == nullptr)
    return fail(ErrorCode::invalid, "the request is not signed: expected the headers {} and {}", kVolunteerHeader,
                kSignatureHeader);
  const auto key = PublicKey::parse(*id);
  const auto signature = Signature::parse(*hex);
  if (!key || !signature)
    return fail(ErrorCode::invalid, "{}: {}", key ? kSignatureHeader : kVolunteerHeader,
                (key ? signature.error() : key.error()).message);
  if (!is_signed_by(*key, text_to_sign(run, request.method, request.target, request.body), *signature))
    return fail(ErrorCode::invalid, "the request's signature does not hold for volunteer {} in run {}", key->brief(),
                run.brief());
  return *key;
}

std::string to_json(const HelloBody& body) {
  return canonical({{"protocol", body.protocol}, {"profile", body.profile}, {"name", body.name}});
}

Result<HelloBody> hello_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  HelloBody body;
  CAIRN_ASSIGN(body.protocol, get_u32(json, "protocol"));
  CAIRN_ASSIGN(body.profile, get_string(json, "profile"));
  CAIRN_ASSIGN(body.name, get_string(json, "name"));
  return body;
}

std::string to_json(const WorkBody& body) {
  return canonical({{"wait_ms", body.wait_ms}});
}

Result<WorkBody> work_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  WorkBody body;
  CAIRN_ASSIGN(body.wait_ms, get_u32(json, "wait_ms"));
  return body;
}

std::string to_json(const HeartbeatBody& body) {
  return canonical({{"round", body.unit.round}, {"lane", body.unit.lane}, {"done", body.done}});
}

Result<HeartbeatBody> heartbeat_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  HeartbeatBody body;
  CAIRN_ASSIGN(body.unit, get_unit(json));
  CAIRN_ASSIGN(body.done, get_number(json, "done"));
  if (!std::isfinite(body.done)) return fail(ErrorCode::malformed, "\"done\": expected a finite number");
  return body;
}

std::string claim_body(const Claim& claim, ByteView contribution) {
  const std::string json = to_json(claim);
  Bytes head;
  append(head, static_cast<std::uint32_t>(json.size()));
  std::string out(as_text(head));
  out += json;
  out += as_text(contribution);
  return out;
}

Result<ClaimBody> claim_from_body(std::string_view body, std::size_t most_states) {
  ByteReader reader(as_bytes(body));
  CAIRN_ASSIGN(const auto size, reader.read<std::uint32_t>());
  CAIRN_ASSIGN(const ByteView json, reader.take(size));
  ClaimBody out;
  CAIRN_ASSIGN(out.claim, claim_from_json(as_text(json), most_states));
  CAIRN_ASSIGN(out.contribution, reader.take(reader.left()));
  const Digest actual = sha256(out.contribution);
  if (actual != out.claim.contribution)
    return fail(ErrorCode::malformed, "contribution to unit {}: expected the digest {}, got {} bytes with {}",
                out.claim.unit.text(), out.claim.contribution.hex(), out.contribution.size(), actual.hex());
  return out;
}

std::string to_json(const Answer& answer) {
  return canonical(std::visit(AnswerWriter{}, answer));
}

Result<Answer> answer_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  auto answer = answer_from(json);
  if (!answer) return fail(std::move(answer).error().within("the coordinator's answer"));
  return answer;
}

std::string receipt(const RunId& run, const VolunteerId& volunteer, const Taken& taken, TimePoint now,
                    const SecretKey& coordinator) {
  Json json = AnswerWriter{}(taken);
  json["run"] = run.hex();
  json["volunteer"] = volunteer.hex();
  json["at"] = now.time_since_epoch().count();
  const Signature signature = coordinator.sign(canonical(json));
  json["signature"] = signature.hex();
  return canonical(json);
}

Status check_receipt(std::string_view text, const RunId& run, const VolunteerId& volunteer, const Taken& taken,
                     const PublicKey& coordinator) {
  CAIRN_ASSIGN(Json json, parse_json(text));
  CAIRN_ASSIGN(const std::string hex, get_string(json, "signature"));
  CAIRN_ASSIGN(const Signature signature, Signature::parse(hex));
  json.erase("signature");
  if (!is_signed_by(coordinator, canonical(json), signature))
    return fail(ErrorCode::invalid, "receipt: not signed by coordinator {}", coordinator.brief());
  CAIRN_ASSIGN(const Taken said, taken_from(json));
  CAIRN_ASSIGN(const std::string of_run, get_string(json, "run"));
  CAIRN_ASSIGN(const std::string of_volunteer, get_string(json, "volunteer"));
  if (said != taken || of_run != run.hex() || of_volunteer != volunteer.hex())
    return fail(ErrorCode::invalid, "receipt: it is for another claim than that for unit {}", taken.unit.text());
  return {};
}

http::Response error_response(const Error& error) {
  int status = 500;
  for (const Kind& kind : kKinds)
    if (kind.code == error.code) status = kind.status;
  return http::json(status, canonical({{"error", error_json(error)}}));
}

Error error_from(int status, std::string_view body) {
  if (const auto json = parse_json(body); json && json->is_object() && json->contains("error"))
    if (auto error = error_from_json((*json)["error"])) return std::move(*error);
  const ErrorCode code = status == 404 ? ErrorCode::not_found : ErrorCode::failed;
  return {code, fmt::format("the coordinator answered {} {}", status, http::reason_phrase(status)), {}, {}};
}

std::string to_json(const RunBody& body) {
  return canonical({{"protocol", body.protocol},
                    {"run", run_id(body.plan).hex()},
                    {"plan", Json::parse(to_json(body.plan))},
                    {"coordinator", body.coordinator.hex()}});
}

Result<RunBody> run_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  RunBody body;
  CAIRN_ASSIGN(body.protocol, get_u32(json, "protocol"));
  if (body.protocol != kProtocol)
    return fail_with_hint(ErrorCode::unsupported,
                          fmt::format("the coordinator speaks protocol {}, this program {}", body.protocol, kProtocol),
                          "use the version of cairn that the run's page names");
  CAIRN_ASSIGN(const Json* plan, get_object(json, "plan"));
  CAIRN_ASSIGN(body.plan, plan_from_json(canonical(*plan)));
  CAIRN_ASSIGN(const std::string key, get_string(json, "coordinator"));
  CAIRN_ASSIGN(body.coordinator, PublicKey::parse(key));
  return body;
}

}  // namespace cairn::swarm
