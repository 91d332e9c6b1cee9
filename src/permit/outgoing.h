// Under which licences may something made from this be shared? Copyleft lives here, apart from the lattice of uses:
// it forbids no use, it constrains the outgoing licence, and two incompatible copylefts leave an empty set.
// Not legal advice: the edges are data (data/licences.toml), each with the section that grounds it.
// Values; no thread rules.
#pragma once

#include <compare>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::permit {

// Either every licence, or the listed ones.
class OutgoingLicences {
 public:
  OutgoingLicences() = default;  // any: no constraint
  static OutgoingLicences any() { return {}; }
  static OutgoingLicences none() { return only({}); }
  static OutgoingLicences only(std::vector<std::string> spdx_ids);

  bool is_any() const { return any_; }
  bool empty() const { return !any_ && licences_.empty(); }
  bool contains(std::string_view spdx_id) const;
  bool contains_all(const OutgoingLicences& other) const;
  const std::vector<std::string>& licences() const { return licences_; }  // sorted; empty where is_any()

  OutgoingLicences intersect(const OutgoingLicences& other) const;
  OutgoingLicences unite(const OutgoingLicences& other) const;
  auto operator<=>(const OutgoingLicences&) const = default;

 private:
  bool any_ = true;
  std::vector<std::string> licences_;
};

// "any licence", "no licence at all", "GPL-3.0-only or GPL-3.0-or-later"
std::string to_text(const OutgoingLicences& outgoing);
nlohmann::json to_json(const OutgoingLicences& outgoing);  // "any" or a sorted list
Result<OutgoingLicences> outgoing_from_json(const nlohmann::json& json);

}  // namespace cairn::permit
