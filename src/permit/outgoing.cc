#include "permit/outgoing.h"

#include <algorithm>
#include <iterator>

#include "base/json.h"

namespace cairn::permit {

OutgoingLicences OutgoingLicences::only(std::vector<std::string> spdx_ids) {
  OutgoingLicences out;
  out.any_ = false;
  std::sort(spdx_ids.begin(), spdx_ids.end());
  spdx_ids.erase(std::unique(spdx_ids.begin(), spdx_ids.end()), spdx_ids.end());
  out.licences_ = std::move(spdx_ids);
  return out;
}

bool OutgoingLicences::contains(std::string_view spdx_id) const {
  return any_ || std::binary_search(licences_.begin(), licences_.end(), spdx_id, std::less<>());
}

bool OutgoingLicences::contains_all(const OutgoingLicences& other) const {
  if (any_) return true;
  if (other.any_) return false;
  return std::includes(licences_.begin(), licences_.end(), other.licences_.begin(), other.licences_.end());
}

OutgoingLicences OutgoingLicences::intersect(const OutgoingLicences& other) const {
  if (any_) return other;
  if (other.any_) return *this;
  std::vector<std::string> both;
  std::set_intersection(licences_.begin(), licences_.end(), other.licences_.begin(), other.licences_.end(),
                        std::back_inserter(both));
  return only(std::move(both));
}

OutgoingLicences OutgoingLicences::unite(const OutgoingLicences& other) const {
  if (any_ || other.any_) return any();
  std::vector<std::string> both = licences_;
  both.insert(both.end(), other.licences_.begin(), other.licences_.end());
  return only(std::move(both));
}

std::string to_text(const OutgoingLicences& outgoing) {
  if (outgoing.is_any()) return "any licence";
  if (outgoing.empty()) return "no licence at all";
  return fmt::format("{}", fmt::join(outgoing.licences(), " or "));
}

nlohmann::json to_json(const OutgoingLicences& outgoing) {
  return outgoing.is_any() ? Json("any") : Json(outgoing.licences());
}

Result<OutgoingLicences> outgoing_from_json(const nlohmann::json& json) {
  if (json == "any") return OutgoingLicences::any();
  constexpr std::size_t kMost = 1024;
  if (!json.is_array() || json.size() > kMost)
    return fail(ErrorCode::malformed, "\"outgoing\": expected \"any\" or a list of at most {} licences", kMost);
  std::vector<std::string> ids;
  for (const Json& id : json) {
    if (!id.is_string()) return fail(ErrorCode::malformed, "\"outgoing\": expected a text, got {}", id.type_name());
    ids.push_back(id.get<std::string>());
  }
  return OutgoingLicences::only(std::move(ids));
}

}  // namespace cairn::permit
