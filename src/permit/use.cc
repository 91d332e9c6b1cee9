#include "permit/use.h"

#include <fmt/format.h>

#include <charconv>

#include "base/json.h"

namespace cairn::permit {

std::string to_text(Day day) {
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Result<Day> parse_day(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t length) {
    unsigned value = 0;
    const char* end = text.data() + at + length;
    const auto [stop, error] = std::from_chars(text.data() + at, end, value);
    return error == std::errc() && stop == end ? static_cast<int>(value) : -1;
  };
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (year >= 1900 && month > 0 && day > 0 && date.ok()) return Day(date);
  }
  return fail(ErrorCode::malformed, "expected a day from 1900-01-01 to 9999-12-31, got \"{}\"", text.substr(0, 32));
}

std::string_view name_of(Dimension dimension) {
  constexpr std::array<std::string_view, kDimensions.size()> kNames{"action", "task", "purpose", "audience", "place"};
  return kNames[static_cast<std::size_t>(dimension)];
}

std::string_view name_of(Answer answer) {
  constexpr std::array<std::string_view, 3> kNames{"denied", "unknown", "allowed"};
  return kNames[static_cast<std::size_t>(answer)];
}

const std::string& Use::term(Dimension dimension) const {
  const std::array<const std::string*, kDimensions.size()> all{&action, &task, &purpose, &audience, &place};
  return *all[static_cast<std::size_t>(dimension)];
}
std::string& Use::term(Dimension dimension) {
  return const_cast<std::string&>(std::as_const(*this).term(dimension));
}

std::string to_text(const Use& use) {
  std::string out = use.action.empty() ? "any act" : use.action;
  if (!use.task.empty()) out += " for " + use.task;
  if (!use.purpose.empty()) out += fmt::format(" with purpose {}", use.purpose);
  if (!use.audience.empty()) out += " by " + use.audience;
  if (!use.place.empty()) out += " at " + use.place;
  if (use.when) out += " on " + to_text(*use.when);
  if (!use.licence.empty()) out += " under " + use.licence;
  if (!use.conditions.empty()) out += fmt::format(" given {}", fmt::join(use.conditions, ", "));
  return out;
}

nlohmann::json to_json(const Use& use) {
  Json json = Json::object();
  for (const Dimension d : kDimensions)
    if (!use.term(d).empty()) json[std::string(name_of(d))] = use.term(d);
  if (use.when) json["when"] = to_text(*use.when);
  if (!use.licence.empty()) json["licence"] = use.licence;
  if (!use.conditions.empty()) json["conditions"] = use.conditions;
  return json;
}

Result<Use> use_from_json(const nlohmann::json& json) {
  if (!json.is_object()) return fail(ErrorCode::malformed, "a use: expected an object, got {}", json.type_name());
  Use use;
  for (const auto& [key, value] : json.items()) {
    if (key == "conditions") {
      if (!value.is_array())
        return fail(ErrorCode::malformed, "\"conditions\": expected a list, got {}", value.type_name());
      for (const Json& condition : value) {
        if (!condition.is_string())
          return fail(ErrorCode::malformed, "\"conditions\": expected texts, got {}", condition.type_name());
        use.conditions.push_back(condition.get<std::string>());
      }
      continue;
    }
    if (!value.is_string())
      return fail(ErrorCode::malformed, "\"{}\": expected a text, got {}", key, value.type_name());
    const auto text = value.get<std::string>();
    if (key == "when") {
      CAIRN_ASSIGN(use.when, parse_day(text));
      continue;
    }
    if (key == "licence") {
      use.licence = text;
      continue;
    }
    bool known = false;
    for (const Dimension d : kDimensions)
      if (key == name_of(d)) use.term(d) = text, known = true;
    if (!known)
      return fail_with_hint(ErrorCode::malformed, fmt::format("a use has no \"{}\"", key),
                            "it has action, task, purpose, audience, place, when, licence and conditions");
  }
  return use;
}

}  // namespace cairn::permit
