// Lies about a unit, for demonstrations and tests: what `cairn join --cheat` does. An honest volunteer never calls
// this.
#pragma once

#include <optional>

#include "swarm/join.h"
#include "swarm/workbench.h"

namespace cairn::swarm {

class Cheater {
 public:
  explicit Cheater(CheatKind kind) : kind_(kind) {}
  CheatKind kind() const { return kind_; }
  // Invents a result without computing; only for CheatKind::skip.
  Computed invent(const Plan& plan, UnitId unit) const;
  // Alters an honest result, as the kind says.
  Computed alter(Computed honest, const Plan& plan);

 private:
  CheatKind kind_;
  std::optional<Computed> first_;
};

}  // namespace cairn::swarm
