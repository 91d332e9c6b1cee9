// Planning backwards: a base is planned from the permit that it is to have; the record sets whose permits imply it are
// chosen, the others may become modules by permit class or stay out, each with the reason.
// Pure: it looks at permits, not at bytes, and opens nothing.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "work/record_set.h"

namespace cairn::work {

enum class Fate { base, module, out };  // out: nothing may be trained on it
std::string_view name_of(Fate fate);

struct Placement {
  const RecordSet* set = nullptr;
  Fate fate = Fate::out;
  std::string reason;  // empty where it goes into the base
};

struct Plan {
  std::string licence;                // the base's outgoing licence
  permit::Permit target;              // what everyone is to be allowed to do with the base
  std::vector<Placement> placements;  // in the order of the sets given
  std::uint64_t records(Fate fate) const;
  std::uint64_t bytes(Fate fate) const;
};

// The sets must outlive the plan. not_found: no such licence.
Result<Plan> plan_base(std::span<const RecordSet> sets, const std::string& licence);

// What would become of a base made from all sets that may be trained on at all: the licences under which it could be
// shared. Two copylefts that do not agree leave none.
struct Mixture {
  std::uint64_t sets = 0;
  permit::OutgoingLicences outgoing;
  // Two of the sets that already leave no licence; empty where some is left.
  std::string first, second;
};
Result<Mixture> mix_all(std::span<const RecordSet> sets);

Json to_json(const Plan& plan);

}  // namespace cairn::work
