#include "permit/clause.h"

#include <fmt/format.h>

namespace cairn::permit {
namespace {

constexpr std::array<std::string_view, 7> kDutyNames{"attribution",   "notice", "share-alike", "source-text",
                                                     "state-changes", "report", "other"};

std::string listed(const std::vector<std::string>& terms) {
  constexpr std::size_t kShown = 8;
  if (terms.size() <= kShown) return fmt::format("{}", fmt::join(terms, ", "));
  return fmt::format("{} and {} more", fmt::join(terms.begin(), terms.begin() + kShown, ", "), terms.size() - kShown);
}

}  // namespace

std::string to_text(const Source& source) {
  std::string out = source.where;
  if (!source.field.empty()) out += (out.empty() ? "" : ", ") + source.field;
  if (!source.by.empty()) out += fmt::format("{}declared by {}", out.empty() ? "" : "; ", source.by);
  return out.empty() ? "no source" : out;
}

std::string_view name_of(Revocable revocable) {
  constexpr std::array<std::string_view, 3> kNames{"unstated", "no", "yes"};
  return kNames[static_cast<std::size_t>(revocable)];
}

std::string_view name_of(DutyKind kind) {
  return kDutyNames[static_cast<std::size_t>(kind)];
}

Result<DutyKind> duty_kind_of(std::string_view name) {
  for (std::size_t i = 0; i < kDutyNames.size(); ++i)
    if (kDutyNames[i] == name) return static_cast<DutyKind>(i);
  return fail_with_hint(ErrorCode::malformed, fmt::format("unknown kind of duty \"{}\"", name.substr(0, 64)),
                        fmt::format("a duty is one of {}", fmt::join(kDutyNames, ", ")));
}

std::string to_text(const Clause& clause) {
  const auto terms = [&](Dimension d) -> const std::vector<std::string>& {
    return clause.terms[static_cast<std::size_t>(d)];
  };
  std::string out = clause.effect == Effect::allow ? "allows " : "denies ";
  out += terms(Dimension::action).empty() ? "every act" : listed(terms(Dimension::action));
  if (!terms(Dimension::task).empty()) out += " for " + listed(terms(Dimension::task));
  if (!terms(Dimension::purpose).empty()) out += " with purpose " + listed(terms(Dimension::purpose));
  if (!terms(Dimension::audience).empty()) out += " by " + listed(terms(Dimension::audience));
  if (!terms(Dimension::place).empty()) out += " at " + listed(terms(Dimension::place));
  if (clause.from) out += " from " + to_text(*clause.from);
  if (clause.until) out += " until " + to_text(*clause.until);
  if (!clause.conditions.empty()) out += fmt::format(", given {}", fmt::join(clause.conditions, " and "));
  return out;
}

}  // namespace cairn::permit
