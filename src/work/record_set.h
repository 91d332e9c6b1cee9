// A record set as the steps pass it on: an asset of kind "record-set" whose records all stand under the asset's own
// permit. So an asset's permit says what each of its records may be used for, and a permit class has one key at rest.
// Not the bytes: those come through the guard. A value.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "permit/permit.h"

namespace cairn::work {

struct RecordSet {
  AssetId id;
  std::string name;      // "debian-docs: GPL-2+ & MIT"
  std::string licences;  // the licence classes in it, for people
  permit::Permit permit;
  std::uint64_t records = 0, bytes = 0;
};

Json to_json(const RecordSet& set);

}  // namespace cairn::work
