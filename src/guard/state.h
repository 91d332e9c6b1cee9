// What a Guard holds. Internal to src/guard.
#pragma once

#include <mutex>
#include <unordered_map>

#include "guard/guard.h"
#include "ledger/blob_store.h"

namespace cairn::guard {

struct GuardState {
  ledger::Ledger ledger;
  ledger::BlobStore blobs;
  Actor actor;
  const Env* env;
  GuardOptions options;

  // Permits already read, by id; they never change.
  std::mutex mutex;
  std::unordered_map<ledger::PermitId, permit::Permit> permits;

  Result<permit::Permit> permit(const ledger::PermitId& id);
};

}  // namespace cairn::guard
