#include "permit/verdict.h"

#include "permit/permit_json.h"

namespace cairn::permit {
namespace {

std::string sentence(const Reason& reason) {
  std::string out = reason.declaration;
  if (!reason.clause.empty()) out += (out.empty() ? "" : ": ") + reason.clause;
  if (!reason.ground.empty()) out += fmt::format(" ({})", reason.ground);
  if (!reason.stance.empty()) out += fmt::format("; it rests on a stance: {}", reason.stance);
  if (!reason.field.empty() || !reason.sources.empty()) {
    out += " [";
    for (std::size_t i = 0; i < reason.sources.size(); ++i) out += (i > 0 ? "; " : "") + to_text(reason.sources[i]);
    if (reason.more_sources) out += "; and more";
    if (!reason.field.empty()) out += (reason.sources.empty() ? "" : ", ") + reason.field;
    out += "]";
  }
  if (!reason.path.empty()) out += fmt::format(" by way of {}", fmt::join(reason.path, " <- "));
  return out;
}

Json json_of(const Reason& reason) {
  Json json = {{"says", name_of(reason.says)}, {"declaration", reason.declaration}, {"clause", reason.clause}};
  if (!reason.ground.empty()) json["ground"] = reason.ground;
  if (!reason.stance.empty()) json["stance"] = reason.stance;
  if (!reason.field.empty()) json["field"] = reason.field;
  json["sources"] = Json::array();
  for (const Source& source : reason.sources) json["sources"].push_back(json_of(source));
  if (reason.more_sources) json["more_sources"] = true;
  if (!reason.path.empty()) json["path"] = reason.path;
  return json;
}

Result<Answer> answer_from(const Json& json, const char* key) {
  CAIRN_ASSIGN(const std::string name, get_string(json, key));
  for (const Answer answer : {Answer::denied, Answer::unknown, Answer::allowed})
    if (name == name_of(answer)) return answer;
  return fail(ErrorCode::malformed, "\"{}\": expected denied, unknown or allowed, got \"{}\"", key, name.substr(0, 64));
}

Result<Reason> reason_from(const Json& json) {
  Reason out;
  CAIRN_ASSIGN(out.says, answer_from(json, "says"));
  CAIRN_ASSIGN(out.declaration, text_from(json, "declaration"));
  CAIRN_ASSIGN(out.clause, text_from(json, "clause"));
  CAIRN_ASSIGN(out.ground, text_from(json, "ground"));
  CAIRN_ASSIGN(out.stance, text_from(json, "stance"));
  CAIRN_ASSIGN(out.field, text_from(json, "field"));
  CAIRN_ASSIGN(const Json* sources, list_from(json, "sources", 1024));
  for (const Json& one : *sources) {
    CAIRN_ASSIGN(Source source, source_from(one));
    out.sources.push_back(std::move(source));
  }
  if (json.contains("more_sources")) {
    CAIRN_ASSIGN(out.more_sources, get_bool(json, "more_sources"));
  }
  CAIRN_ASSIGN(out.path, texts_from(json, "path"));
  return out;
}

}  // namespace

std::string to_text(const Verdict& verdict) {
  constexpr std::size_t kShown = 12;
  const auto& reasons = verdict.reasons;
  std::string out = fmt::format("{}: {}.", to_text(verdict.use), name_of(verdict.answer));
  for (std::size_t i = 0; i < std::min(reasons.size(), kShown); ++i) out += "\n  " + sentence(reasons[i]) + ".";
  if (reasons.size() > kShown) out += fmt::format("\n  And {} more that allow it.", reasons.size() - kShown);
  for (const Duty& duty : verdict.duties)
    out += fmt::format("\n  Duty: {}{}", duty.text, duty.ground.empty() ? "" : fmt::format(" ({})", duty.ground));
  if (verdict.until) out += fmt::format("\n  This holds until {}.", to_text(*verdict.until));
  return out;
}

nlohmann::json to_json(const Verdict& verdict) {
  Json json = {{"answer", name_of(verdict.answer)},
               {"use", to_json(verdict.use)},
               {"reasons", Json::array()},
               {"duties", Json::array()}};
  for (const Reason& reason : verdict.reasons) json["reasons"].push_back(json_of(reason));
  for (const Duty& duty : verdict.duties) json["duties"].push_back(json_of(duty));
  if (verdict.until) json["until"] = to_text(*verdict.until);
  return json;
}

Result<Verdict> verdict_from_json(const nlohmann::json& json) {
  Verdict out;
  CAIRN_ASSIGN(out.answer, answer_from(json, "answer"));
  CAIRN_ASSIGN(const Json* use, get_object(json, "use"));
  CAIRN_ASSIGN(out.use, use_from_json(*use));
  CAIRN_ASSIGN(const Json* reasons, list_from(json, "reasons", 1 << 16));
  for (const Json& one : *reasons) {
    CAIRN_ASSIGN(Reason reason, reason_from(one));
    out.reasons.push_back(std::move(reason));
  }
  CAIRN_ASSIGN(const Json* duties, list_from(json, "duties", 1 << 16));
  for (const Json& one : *duties) {
    CAIRN_ASSIGN(Duty duty, duty_from(one));
    out.duties.push_back(std::move(duty));
  }
  CAIRN_ASSIGN(const std::string until, text_from(json, "until"));
  if (!until.empty()) {
    CAIRN_ASSIGN(out.until, parse_day(until));
  }
  return out;
}

Error refusal(const Verdict& verdict) {
  CAIRN_CHECK(!verdict.allowed());
  const bool denied = verdict.answer == Answer::denied;
  return Error{
      denied ? ErrorCode::denied : ErrorCode::unknown, to_text(verdict),
      denied ? "ask whoever declared it for a release" : "have the permit declared, or name the use more narrowly",
      canonical(to_json(verdict))};
}

}  // namespace cairn::permit
