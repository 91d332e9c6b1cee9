// What a Ledger holds. Internal to src/ledger.
#pragma once

#include <mutex>

#include "ledger/keys.h"
#include "ledger/ledger.h"
#include "ledger/store.h"

namespace cairn::ledger {

struct Ledger::State {
  Site site;
  SecretKey key;
  const Env* env;
  Database database;
  std::mutex mutex;  // held around every use of `database`
};

// A row's number; assets are numbered in the order of their commits. not_found.
Result<std::int64_t> seq_of(Database& database, const AssetId& id);
// Rows of `id, kind, name, created, permit, revoked`.
Result<AssetSummary> summary_of_row(const Statement& row);

enum class Direction { up, down };  // to what it was made from; to what was made from it
// Rows next to `seq`, ascending.
Result<std::vector<std::int64_t>> neighbours(Database& database, std::int64_t seq, Direction direction);
// All rows that can be reached, without the first, by distance and then ascending.
Result<std::vector<std::int64_t>> reachable(Database& database, std::int64_t seq, Direction direction);
Result<std::vector<AssetId>> ids_of(Database& database, const std::vector<std::int64_t>& seqs);

}  // namespace cairn::ledger
