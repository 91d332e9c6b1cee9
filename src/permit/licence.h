// Licences as permits: a catalogue (data/licences.toml) in which every line names the section that grounds it, and
// expressions over it in the syntaxes of SPDX and of Debian's machine-readable copyright files (DEP-5).
// Never a guess: a name that the catalogue lacks is undeclared, hence unknown, hence refused. Not legal advice.
// The catalogue is immutable after its first use; any thread may read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "permit/permit.h"

namespace cairn::permit {

struct Licence {
  std::string id;  // SPDX id, or Debian's name where SPDX has none
  std::string title;
  std::vector<std::string> names;         // other names it goes by, DEP-5's among them
  std::vector<Alternative> alternatives;  // one, but for names that stand for a choice ("Perl")
  std::string unknown;                    // what the text leaves open, in words; may be empty
};

// All of them, sorted by id.
const std::vector<Licence>& licence_catalogue();
// By id or any other name, case ignored; null: not in the catalogue.
const Licence* find_licence(std::string_view name);

// A licence expression read into a permit: `and` (SPDX AND, DEP-5 `and`, a comma before it) is the meet, `or` is the
// licensee's choice, `with X exception` (SPDX WITH) adds nothing but permissions and is kept only where X is known.
struct LicencePermit {
  Permit permit;
  std::vector<std::string> unknown_names;  // as written; each makes its part undeclared
};
// malformed: no expression (empty, unbalanced parentheses, too long or too deep), with the column.
Result<LicencePermit> read_licence_expression(std::string_view expression, Source source);

// The same without the list of names.
Result<Permit> permit_of_licence(std::string_view expression, Source source);

}  // namespace cairn::permit
