// An answer with its reasons and duties. Not a pass: a verdict opens nothing.
// Values; no thread rules.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "permit/clause.h"
#include "permit/use.h"

namespace cairn::permit {

// One clause (or the lack of one) that the answer rests on.
struct Reason {
  Answer says = Answer::unknown;
  std::string declaration;      // "GPL-2.0-only", "Mailbox of Ada Example"; "undeclared"
  std::string clause;           // in words; for unknown: the part of the use that nothing speaks of
  std::string ground;           // the section or the declarer's own words; may be empty
  std::string stance;           // the stance on unsettled law that it rests on; mostly empty
  std::string field;            // where in the source the clause stands; may be empty
  std::vector<Source> sources;  // where it was declared: the first few, sorted
  bool more_sources = false;
  std::vector<std::string> path;  // filled by whoever knows the lineage: from the asset asked about to the one declared
  auto operator<=>(const Reason&) const = default;
};

struct Verdict {
  Answer answer = Answer::unknown;
  Use use;
  std::vector<Reason> reasons;  // the fewest that decide
  std::vector<Duty> duties;     // due on this use, where it is allowed
  std::optional<Day> until;     // the last day on which this answer holds; absent: no end is set

  bool allowed() const { return answer == Answer::allowed; }
};

// Sentences, one a line; the first ends with the answer.
std::string to_text(const Verdict& verdict);
nlohmann::json to_json(const Verdict& verdict);
Result<Verdict> verdict_from_json(const nlohmann::json& json);

// The error for a use that is not allowed: code denied or unknown, the verdict as JSON in detail.
Error refusal(const Verdict& verdict);

}  // namespace cairn::permit
