// What the two passes over duplicates share. Pure; any thread.
#pragma once

#include <vector>

#include "data/record.h"

namespace cairn::data {

// Sorts the indices: the longest text first, then the smallest id. So the first, the survivor, depends on the records
// alone.
void survivor_first(const std::vector<Record>& records, std::vector<std::size_t>& group);

}  // namespace cairn::data
