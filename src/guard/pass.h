// The leave to use one asset in one way, for a while. Only the guard makes one, and only for a use that was allowed; it
// holds until the next change of permits in its site (the epoch) and until its deadline, whichever comes first. Not the
// asset's bytes: Guard::open() gives those for a pass that still holds. A value; copies are as good as the first.
#pragma once

#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "ledger/manifest.h"
#include "permit/clause.h"
#include "permit/use.h"

namespace cairn::guard {

class Pass {
 public:
  const AssetId& asset() const { return asset_; }
  const permit::Use& use() const { return use_; }
  Epoch epoch() const { return epoch_; }
  TimePoint deadline() const { return deadline_; }
  const std::vector<permit::Duty>& duties() const { return duties_; }  // owed by whoever acts on it

 private:
  friend class Guard;
  Pass() {}  // not "= default": an aggregate could be made by anyone

  AssetId asset_;
  permit::Use use_;
  Epoch epoch_;
  TimePoint deadline_{};
  std::vector<permit::Duty> duties_;
  PublicKey site_{};  // a pass of one site opens nothing in another
};

}  // namespace cairn::guard
