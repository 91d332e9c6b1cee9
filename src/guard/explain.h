// Verdicts with the way along the lineage: which source decides, by the shortest path. Internal to src/guard.
#pragma once

#include <string>

#include "guard/state.h"

namespace cairn::guard {

// "module \"drafts\" (1a2b3c4d5e6f)"
std::string describe(const ledger::AssetSummary& asset);

// The verdict on the asset's effective permit and on revocations that reach it, with the smallest set of sources that
// by themselves give the same answer; of equal sets the nearest, then the one committed first. O(1) in the lineage
// where the use is allowed without a look at sources. not_found.
Result<permit::Verdict> explain(GuardState& state, permit::Use use, const AssetId& asset);

}  // namespace cairn::guard
