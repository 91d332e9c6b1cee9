// What came of a run, read from its folder. Not the run (host.h, alone.h). One thread at a time.
#pragma once

#include <filesystem>

#include "base/env.h"
#include "base/result.h"
#include "swarm/host.h"
#include "swarm/run_folder.h"

namespace cairn::swarm {

// Of the run as it stands; `now` ends its time where it is not complete. malformed: a damaged folder.
Result<HostSummary> summarise(RunFolder& folder, TimePoint now);

// Of a complete run. invalid: it is not complete, or the folder holds none; else RunFolder::open's errors.
Result<HostSummary> read_summary(const std::filesystem::path& run, Env& env);

}  // namespace cairn::swarm
