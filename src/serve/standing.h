// What of a deployment is on for one use, and why the rest is off: what a response reports under "cairn".
// Not the decision: authority.h asks the guard. Values; no thread rules.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "permit/verdict.h"

namespace cairn::serve {

// One part of a deployment, the base or a module, under one use.
struct Standing {
  std::string name;  // as requests name it: "base", "mailbox"
  AssetId asset;
  bool on = false;
  permit::Verdict verdict;
  std::string why_off;  // one sentence; empty where it is on
};

struct Standings {
  permit::Use use;
  Epoch epoch;  // of the site's permits when this was decided
  Standing base;
  std::vector<Standing> modules;  // in the deployment's order

  // Of all parts that are on, each once, sorted.
  std::vector<permit::Duty> duties() const;
};

}  // namespace cairn::serve
