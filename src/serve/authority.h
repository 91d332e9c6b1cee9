// Asks the guard what of a deployment may be used for a declared use, and remembers the answer until permits change.
// Not the model: it holds passes, never bytes. A decision is good for one epoch of the site, one day, and the passes'
// lifetime, whichever ends first; a revocation by another process moves the epoch and is seen at the next request.
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "guard/guard.h"
#include "serve/deployment.h"
#include "serve/standing.h"

namespace cairn::serve {

// What one use may touch: its standings, and a pass for each part that is on. Shared and immutable.
struct Leave {
  Standings standings;
  std::optional<guard::Pass> base, tokenizer;       // both set: without them there is no Leave
  std::vector<std::optional<guard::Pass>> modules;  // in the deployment's order; set where the permit allows

  TimePoint deadline{};
};

class Authority {
 public:
  // `guard` and `env` must outlive it. `place` is where the answers are computed ("own-machine").
  Authority(guard::Guard& guard, DeploymentPlan plan, std::string place, const Env& env);

  // For the action "use" at this place. denied or unknown: the base's or the tokenizer's verdict as detail. Standings
  // has a module on wherever its permit allows, whether or not the request wants it.
  Result<std::shared_ptr<const Leave>> leave(permit::Use use);

  const DeploymentPlan& plan() const { return plan_; }

 private:
  struct Decision {
    std::shared_ptr<const Leave> leave;  // null where refused
    Error refusal;
    Epoch epoch;
    permit::Day day;
  };
  Result<Decision> decide(const permit::Use& use, Epoch epoch);

  guard::Guard& guard_;
  const DeploymentPlan plan_;
  const std::string place_;
  const Env& env_;
  std::mutex mutex_;
  std::map<permit::Use, Decision> decisions_;  // under mutex_; bounded
};

// One sentence that says why a verdict is not "allowed": the first reason's clause, source and path.
std::string why_not(const permit::Verdict& verdict);

}  // namespace cairn::serve
