// The catalogue as it is read from TOML. Internal to this part; the public face is licence.h.
// Immutable once read.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "permit/licence.h"

namespace cairn::permit {

struct LicenceCatalogue {
  std::vector<Licence> licences;                            // sorted by id
  std::map<std::string, std::size_t, std::less<>> by_name;  // lower case
  std::set<std::string, std::less<>> exceptions;            // lower case
  const Licence* find(std::string_view name) const;
};

// malformed, with line and column where there is one.
Result<LicenceCatalogue> parse_licence_catalogue(std::string_view toml, std::string_view where);

}  // namespace cairn::permit
