// One proposed act, as it is asked about: who would do what with an asset, for which task and purpose, where and when.
// Not a permission: a Use knows nothing of any permit. Terms are names of the vocabulary (permit/vocabulary.h), given
// in full ("text.draft-reply") or by an alias ("owner"); an empty name stands for the whole tree, "any".
// A use covers everything below its terms: it is denied if any part is, and allowed only if all of it is.
// Values; no thread rules.
#pragma once

#include <array>
#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/result.h"

namespace cairn::permit {

using Day = std::chrono::sys_days;  // days in UTC

inline Day day_of(TimePoint time) {
  return std::chrono::floor<std::chrono::days>(time);
}
std::string to_text(Day day);  // "2026-11-23"
// malformed: not YYYY-MM-DD, no such day, or outside 1900 to 9999.
Result<Day> parse_day(std::string_view text);

// The five trees, in the order in which everything is listed; time is the sixth dimension.
enum class Dimension { action, task, purpose, audience, place };
inline constexpr std::array kDimensions{Dimension::action, Dimension::task, Dimension::purpose, Dimension::audience,
                                        Dimension::place};
std::string_view name_of(Dimension dimension);

// Ordered from worst to best; meet is the smaller one.
enum class Answer { denied = 0, unknown = 1, allowed = 2 };
std::string_view name_of(Answer answer);

struct Use {
  std::string action, task, purpose, audience, place;
  std::optional<Day> when;  // absent: at any time, now and in future
  std::string licence;      // for `share`: the licence the result would be shared under; empty: not yet chosen
  std::vector<std::string> conditions;  // conditions that whoever asks declares to be met

  const std::string& term(Dimension dimension) const;
  std::string& term(Dimension dimension);
  auto operator<=>(const Use&) const = default;
};

// "use for text.draft-reply by members on own-machine"; what is empty is left out.
std::string to_text(const Use& use);
nlohmann::json to_json(const Use& use);
// malformed: no object, a member of the wrong type, or a member that a use does not have.
Result<Use> use_from_json(const nlohmann::json& json);

}  // namespace cairn::permit
