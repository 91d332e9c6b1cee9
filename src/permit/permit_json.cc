#include "permit/permit_json.h"

#include "permit/permit.h"

namespace cairn::permit {
namespace {

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Result<std::optional<Day>> day_from(const Json& json, std::string_view key) {
  CAIRN_ASSIGN(const std::string text, text_from(json, key));
  if (text.empty()) return std::optional<Day>();
  CAIRN_ASSIGN(const Day day, parse_day(text));
  return std::optional<Day>(day);
}

Json json_of(const Declaration& declaration) {
  Json json = {{"name", declaration.name}, {"clauses", Json::array()}};
  for (const Clause& clause : declaration.clauses) json["clauses"].push_back(json_of(clause));
  for (const Duty& duty : declaration.duties) json["duties"].push_back(json_of(duty));
  if (!declaration.outgoing.is_any()) json["outgoing"] = to_json(declaration.outgoing);
  put(json, "outgoing_ground", declaration.outgoing_ground);
  put(json, "outgoing_stance", declaration.outgoing_stance);
  return json;
}

Result<Declaration> declaration_from(const Json& json) {
  Declaration out;
  CAIRN_ASSIGN(out.name, get_string(json, "name"));
  CAIRN_ASSIGN(const Json* clauses, list_from(json, "clauses", 1024));
  for (const Json& one : *clauses) {
    CAIRN_ASSIGN(Clause clause, clause_from(one));
    out.clauses.push_back(std::move(clause));
  }
  CAIRN_ASSIGN(const Json* duties, list_from(json, "duties", 1024));
  for (const Json& one : *duties) {
    CAIRN_ASSIGN(Duty duty, duty_from(one));
    out.duties.push_back(std::move(duty));
  }
  if (json.contains("outgoing")) {
    CAIRN_ASSIGN(out.outgoing, outgoing_from_json(json["outgoing"]));
  }
  CAIRN_ASSIGN(out.outgoing_ground, text_from(json, "outgoing_ground"));
  CAIRN_ASSIGN(out.outgoing_stance, text_from(json, "outgoing_stance"));
  return out;
}

Result<Ground> ground_from(const Json& json) {
  Ground ground;
  CAIRN_ASSIGN(const Json* alternatives, list_from(json, "any_of", 1024));
  for (const Json& one : *alternatives) {
    CAIRN_ASSIGN(const Json* declarations, list_from(one, "all_of", 1024));
    Alternative alternative;
    for (const Json& text : *declarations) {
      CAIRN_ASSIGN(Declaration declaration, declaration_from(text));
      alternative.push_back(std::move(declaration));
    }
    ground.alternatives.push_back(std::move(alternative));
  }
  CAIRN_ASSIGN(const Json* sources, list_from(json, "sources", 1024));
  for (const Json& one : *sources) {
    CAIRN_ASSIGN(Source source, source_from(one));
    ground.sources.push_back(std::move(source));
  }
  if (json.contains("more_sources")) {
    CAIRN_ASSIGN(ground.more_sources, get_bool(json, "more_sources"));
  }
  return ground;
}

}  // namespace

Result<std::string> text_from(const Json& object, std::string_view key) {
  if (!object.is_object()) return fail(ErrorCode::malformed, "expected an object, got {}", object.type_name());
  const auto at = object.find(std::string(key));
  if (at == object.end()) return std::string();
  if (!at->is_string()) return fail(ErrorCode::malformed, "\"{}\": expected a text, got {}", key, at->type_name());
  return at->get<std::string>();
}

Result<const Json*> list_from(const Json& object, std::string_view key, std::size_t at_most) {
  static const Json kNone = Json::array();
  if (!object.is_object()) return fail(ErrorCode::malformed, "expected an object, got {}", object.type_name());
  const auto at = object.find(std::string(key));
  if (at == object.end()) return &kNone;
  if (!at->is_array()) return fail(ErrorCode::malformed, "\"{}\": expected a list, got {}", key, at->type_name());
  if (at->size() > at_most)
    return fail(ErrorCode::malformed, "\"{}\": {} members, at most {} are taken", key, at->size(), at_most);
  return &*at;
}

Result<std::vector<std::string>> texts_from(const Json& object, std::string_view key) {
  CAIRN_ASSIGN(const Json* list, list_from(object, key, 1024));
  std::vector<std::string> out;
  for (const Json& one : *list) {
    if (!one.is_string()) return fail(ErrorCode::malformed, "\"{}\": expected texts, got {}", key, one.type_name());
    out.push_back(one.get<std::string>());
  }
  return out;
}

Json json_of(const Source& source) {
  Json json = Json::object();
  put(json, "where", source.where);
  put(json, "field", source.field);
  put(json, "by", source.by);
  return json;
}

Result<Source> source_from(const Json& json) {
  Source out;
  CAIRN_ASSIGN(out.where, text_from(json, "where"));
  CAIRN_ASSIGN(out.field, text_from(json, "field"));
  CAIRN_ASSIGN(out.by, text_from(json, "by"));
  return out;
}

Json json_of(const Duty& duty) {
  Json json = {{"kind", name_of(duty.kind)}};
  put(json, "text", duty.text);
  put(json, "ground", duty.ground);
  if (!duty.on.empty()) json["on"] = duty.on;
  return json;
}

Result<Duty> duty_from(const Json& json) {
  Duty out;
  CAIRN_ASSIGN(const std::string kind, get_string(json, "kind"));
  CAIRN_ASSIGN(out.kind, duty_kind_of(kind));
  CAIRN_ASSIGN(out.text, text_from(json, "text"));
  CAIRN_ASSIGN(out.ground, text_from(json, "ground"));
  CAIRN_ASSIGN(out.on, texts_from(json, "on"));
  return out;
}

Json json_of(const Clause& clause) {
  Json json = {{"effect", clause.effect == Effect::allow ? "allow" : "deny"}};
  for (const Dimension d : kDimensions)
    if (const auto& terms = clause.terms[static_cast<std::size_t>(d)]; !terms.empty())
      json[std::string(name_of(d))] = terms;
  if (clause.from) json["from"] = to_text(*clause.from);
  if (clause.until) json["until"] = to_text(*clause.until);
  if (!clause.conditions.empty()) json["conditions"] = clause.conditions;
  if (clause.revocable != Revocable::unstated) json["revocable"] = clause.revocable == Revocable::yes;
  put(json, "ground", clause.ground);
  put(json, "stance", clause.stance);
  put(json, "field", clause.field);
  return json;
}

Result<Clause> clause_from(const Json& json) {
  Clause out;
  CAIRN_ASSIGN(const std::string effect, get_string(json, "effect"));
  if (effect != "allow" && effect != "deny")
    return fail(ErrorCode::malformed, "\"effect\": expected \"allow\" or \"deny\", got \"{}\"", effect.substr(0, 64));
  out.effect = effect == "allow" ? Effect::allow : Effect::deny;
  for (const Dimension d : kDimensions) {
    CAIRN_ASSIGN(out.terms[static_cast<std::size_t>(d)], texts_from(json, name_of(d)));
  }
  CAIRN_ASSIGN(out.from, day_from(json, "from"));
  CAIRN_ASSIGN(out.until, day_from(json, "until"));
  CAIRN_ASSIGN(out.conditions, texts_from(json, "conditions"));
  if (json.contains("revocable")) {
    CAIRN_ASSIGN(const bool revocable, get_bool(json, "revocable"));
    out.revocable = revocable ? Revocable::yes : Revocable::no;
  }
  CAIRN_ASSIGN(out.ground, text_from(json, "ground"));
  CAIRN_ASSIGN(out.stance, text_from(json, "stance"));
  CAIRN_ASSIGN(out.field, text_from(json, "field"));
  return out;
}

nlohmann::json to_json(const Permit& permit) {
  Json grounds = Json::array();
  for (const Ground& ground : permit.grounds()) {
    Json any_of = Json::array();
    for (const Alternative& alternative : ground.alternatives) {
      Json all_of = Json::array();
      for (const Declaration& declaration : alternative) all_of.push_back(json_of(declaration));
      any_of.push_back({{"all_of", std::move(all_of)}});
    }
    Json sources = Json::array();
    for (const Source& source : ground.sources) sources.push_back(json_of(source));
    Json one = {{"any_of", std::move(any_of)}, {"sources", std::move(sources)}};
    if (ground.more_sources) one["more_sources"] = true;
    grounds.push_back(std::move(one));
  }
  return {{"format", "cairn-permit-1"}, {"grounds", std::move(grounds)}};
}

Result<Permit> permit_from_json(const nlohmann::json& json) {
  CAIRN_ASSIGN(const std::string format, get_string(json, "format"));
  if (format != "cairn-permit-1")
    return fail(ErrorCode::unsupported, "a permit in format \"{}\", expected \"cairn-permit-1\"", format.substr(0, 64));
  CAIRN_ASSIGN(const Json* list, list_from(json, "grounds", 16384));
  std::vector<Ground> grounds;
  for (const Json& one : *list) {
    CAIRN_ASSIGN(Ground ground, ground_from(one));
    grounds.push_back(std::move(ground));
  }
  return Permit::from_grounds(std::move(grounds));
}

}  // namespace cairn::permit
