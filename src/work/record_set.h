// A record set as the steps pass it on: an asset of kind "record-set" whose records all stand under the asset's own
// permit. So an asset's permit says what each of its records may be used for, and a permit class has one key at rest.
// Not the bytes: those come through the guard. A value.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "guard/guard.h"
#include "permit/permit.h"

namespace cairn::work {

struct RecordSet {
  AssetId id;
  std::string name;      // "debian-docs: GPL-2+ & MIT"
  std::string source;    // whom it came from, for people: "Debian documentation"
  std::string licences;  // the licence classes in it, for people
  permit::Permit permit;
  std::uint64_t records = 0, bytes = 0;
};

Json to_json(const RecordSet& set);

// What a record set's manifest keeps of it.
Json properties_of(const RecordSet& set);
// A record set of the site, read back from its manifest; nothing is opened. invalid: an asset of another kind.
// not_found.
Result<RecordSet> record_set_of(const guard::Guard& guard, const AssetId& id);
// All record sets that came from outside and are not revoked, in the order in which they came.
Result<std::vector<RecordSet>> ingested_sets(const guard::Guard& guard);

}  // namespace cairn::work
