// The grammar of licence expressions, SPDX's and DEP-5's in one. Internal to this part.
//
//   list    = or { "," [ "and" | "or" ] or }      a comma binds least; alone it means "and", the narrower reading
//   or      = and { ("or" | "OR" | "|") and }
//   and     = with { ("and" | "AND" | "and/or" | "&") with }
//   with    = primary [ "with" words [ "exception" ] ]
//   primary = words | "(" list ")"
//
// Not the meaning of a name: that is what `lookup` says.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "permit/licence.h"

namespace cairn::permit {

using LicenceLookup = std::function<const Licence*(std::string_view)>;

struct ParsedExpression {
  std::vector<std::vector<Alternative>> choices;  // all hold together; each is a choice between alternatives
  std::vector<std::string> unknown_names;
};

// malformed with the column; invalid where the choices multiply beyond what a permit holds.
Result<ParsedExpression> parse_licence_expression(std::string_view expression, const LicenceLookup& lookup,
                                                  const std::set<std::string, std::less<>>& exceptions);

}  // namespace cairn::permit
