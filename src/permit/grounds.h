// From declarations to their meaning: checking and normalising what people wrote, and the region, boxes and outgoing
// licences of each part. Internal to this part; the public face is permit.h.
// Pure functions over values; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "permit/permit.h"
#include "permit/region.h"

namespace cairn::permit {

// Puts terms under their full names, sorted, without those that another covers; sorts clauses and duties.
// invalid: what Permit::declared says.
Status normalise(Declaration& declaration);
// The same for a whole ground; alternatives and their declarations are sorted and occur once.
Status normalise(Ground& ground);
// Sorted grounds, equal ones joined with their sources.
std::vector<Ground> joined(std::vector<Ground> grounds);

// The clause's extent. All its names are known: it was normalised.
Box box_of(const Clause& clause);
bool overlaps(const Box& box, const ResolvedUse& use);
bool covers(const Box& box, const ResolvedUse& use);
bool overlaps_actions(const std::vector<std::string>& actions, const ResolvedUse& use);  // empty: always
bool overlaps_share(const ResolvedUse& use);

// Grants count whose conditions are all among `met` (sorted).
Result<Region> region_of(const Declaration& declaration, std::span<const std::string> met);
Result<Region> region_of(const Alternative& alternative, std::span<const std::string> met);
Result<Region> region_of(const Ground& ground, std::span<const std::string> met);
Result<Region> region_of(std::span<const Ground> grounds, std::span<const std::string> met);

OutgoingLicences outgoing_of(const Alternative& alternative);
// Of a choice: what the alternatives together offer, as far as each may share all that any of them may share.
Result<OutgoingLicences> outgoing_of(const Ground& ground);

// The region with every act of sharing denied.
Result<Region> without_share(const Region& region);

// A use that names exactly this point.
Use use_at(const Point& point);

inline constexpr std::string_view kUndeclared = "undeclared";

}  // namespace cairn::permit
