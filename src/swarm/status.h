// How a run stands, asked of its coordinator over HTTP. Needs no key: this is public. Blocking; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace cairn::swarm {

struct RunStatus {
  std::string json;  // as the coordinator gave it
  std::string text;  // the same for people, a few lines
};

// unreachable; invalid: not an address; malformed: not a run's status.
Result<RunStatus> ask_status(const std::string& url);

}  // namespace cairn::swarm
