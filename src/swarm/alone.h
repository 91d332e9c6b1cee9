// Trains a run on this computer alone, in this process: the coordinator of host.h with one volunteer and no network
// between them. The folder, the published rounds and the model are those of any run, and `cairn audit` checks them.
// Blocking; the coordinator's replays and merges have a thread of their own.
#pragma once

#include <string>

#include "swarm/host.h"

namespace cairn::swarm {

struct AloneOptions {
  HostOptions host;  // address, port and on_listening are not used. Shards are asked for as for a replay: none
                     // is handed to anyone else
  std::string name = "owner";  // to be listed by
};

// As host(). failed too: a replay of this computer's own work gave something else, which is a fault of its memory or
// processor.
Result<HostSummary> train_alone(AloneOptions options);

}  // namespace cairn::swarm
