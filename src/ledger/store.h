// The ledger's tables, and the acts on single rows of them that several of its files share. Internal to src/ledger.
// Nothing here begins or ends a transaction: its callers do. Not thread-safe.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/env.h"
#include "base/result.h"
#include "ledger/keys.h"
#include "ledger/log.h"
#include "ledger/merkle.h"
#include "ledger/sqlite.h"

namespace cairn::ledger {

inline constexpr std::int64_t kSchemaVersion = 1;
// What the ledger itself writes into its log.
inline constexpr std::string_view kSiteEvent = "site", kAssetEvent = "asset", kRevocationEvent = "revocation",
                                  kVerdictEvent = "verdict";

std::filesystem::path database_path(const std::filesystem::path& site);

Status create_tables(Database& database);

// Values of the table `meta`: "schema", "epoch".
Result<std::int64_t> get_meta(Database& database, std::string_view key);
Status set_meta(Database& database, std::string_view key, std::int64_t value);

// Looks hashes up in the tables. `database` must outlive it.
SubtreeHash subtree_of(Database& database);

// The present head; size 0 and unsigned where nothing was logged yet.
Result<TreeHead> read_head(Database& database, const PublicKey& key);

// Adds an entry, the complete subtrees that it completes, and a new signed head.
Result<std::uint64_t> append_entry(Database& database, const SecretKey& key, const Env& env, std::string_view event,
                                   std::string_view payload);

// Columns idx, event, at, epoch, commitment, salt, payload, in this order.
Result<LogEntry> entry_of_row(const Statement& row);

}  // namespace cairn::ledger
