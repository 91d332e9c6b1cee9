// What people declare, as they declared it: clauses with their grounds, duties, and where each was written down.
// Not the meaning: that is the Region a permit computes from its clauses (permit/region.h). Kept so that every answer
// can name who said what, where.
// Values; no thread rules.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permit/outgoing.h"
#include "permit/use.h"

namespace cairn::permit {

// Where a declaration stands and who made it.
struct Source {
  std::string where;  // a file, a URL, a package; as whoever reads the explanation would look it up
  std::string field;  // inside it: "License of Files: doc/*", "line 12"; may be empty
  std::string by;     // who declared it; may be empty
  auto operator<=>(const Source&) const = default;
};
std::string to_text(const Source& source);

enum class Effect { allow, deny };

// Whether whoever granted may take the grant back. Irrevocable licences say so in their text; most say nothing.
enum class Revocable { unstated, no, yes };
std::string_view name_of(Revocable revocable);

// Allows or denies the product of its term lists: an empty list is the whole tree.
struct Clause {
  Effect effect = Effect::allow;
  std::array<std::vector<std::string>, kDimensions.size()> terms;  // canonical names, sorted, none below another
  std::optional<Day> from, until;                                  // first and last day it holds
  std::vector<std::string> conditions;  // allow only: holds where a use declares all of these met
  Revocable revocable = Revocable::unstated;
  std::string ground;  // the section or the words that it rests on
  std::string stance;  // the site's stance on unsettled law that it rests on; mostly empty
  std::string field;   // where in its source it stands: "deny[1], line 14"; may be empty
  auto operator<=>(const Clause&) const = default;
};
// "allows train, use for text.draft-reply by members on own-machine"
std::string to_text(const Clause& clause);

enum class DutyKind { attribution, notice, share_alike, source_text, state_changes, report, other };
std::string_view name_of(DutyKind kind);
Result<DutyKind> duty_kind_of(std::string_view name);

// What whoever acts owes. Falls due on acts that overlap `on`; an empty list means on every act.
struct Duty {
  DutyKind kind = DutyKind::other;
  std::string text;
  std::vector<std::string> on;  // action terms
  std::string ground;
  auto operator<=>(const Duty&) const = default;
};

// One permit text: a licence, or what a person wrote about their data.
struct Declaration {
  std::string name;             // an SPDX licence id, or the title of a permit
  std::vector<Clause> clauses;  // sorted; deny wins over allow
  std::vector<Duty> duties;     // sorted
  OutgoingLicences outgoing;    // what a derived asset may be shared under
  std::string outgoing_ground;  // the section that says so; empty where there is no constraint
  std::string outgoing_stance;  // the stance on unsettled law that the constraint rests on, where it reaches models
  auto operator<=>(const Declaration&) const = default;
};

}  // namespace cairn::permit
