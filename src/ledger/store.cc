#include "ledger/store.h"

#include "base/json.h"
#include "ledger/codec.h"

namespace cairn::ledger {
namespace {

// asset.own: the permit declared or added there; null where all is inherited. revoked: which revocations reach an
// asset. log_node: roots of the complete subtrees of 2^level entries, level 1 and up; level 0 is log_entry.leaf.
constexpr const char* kSchema = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE permit (id BLOB PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE asset (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
  permit BLOB NOT NULL REFERENCES permit (id), own BLOB REFERENCES permit (id), undeclared INTEGER NOT NULL,
  entry INTEGER NOT NULL UNIQUE, body TEXT NOT NULL, signature BLOB NOT NULL) STRICT;
CREATE INDEX asset_by_name ON asset (name);
CREATE TABLE edge (
  child INTEGER NOT NULL REFERENCES asset (seq), parent INTEGER NOT NULL REFERENCES asset (seq),
  PRIMARY KEY (child, parent)) STRICT, WITHOUT ROWID;
CREATE INDEX edge_by_parent ON edge (parent, child);
CREATE TABLE revocation (
  epoch INTEGER PRIMARY KEY, root INTEGER NOT NULL UNIQUE REFERENCES asset (seq), reason TEXT NOT NULL, actor TEXT NOT NULL,
  at INTEGER NOT NULL) STRICT;
CREATE TABLE revoked (
  asset INTEGER NOT NULL REFERENCES asset (seq), epoch INTEGER NOT NULL REFERENCES revocation (epoch),
  PRIMARY KEY (asset, epoch)) STRICT, WITHOUT ROWID;
CREATE TABLE log_entry (
  idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, event TEXT NOT NULL, at INTEGER NOT NULL, epoch INTEGER NOT NULL,
  commitment BLOB NOT NULL, salt BLOB NOT NULL, payload TEXT NOT NULL) STRICT;
CREATE TABLE log_node (level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, root BLOB NOT NULL, at INTEGER NOT NULL,
  signature BLOB NOT NULL) STRICT;
INSERT INTO meta VALUES ('schema', 1), ('epoch', 0);
)sql";

Result<Digest> stored_hash(Database& database, unsigned level, std::uint64_t index) {
  CAIRN_ASSIGN(Statement row, level == 0 ? database.prepare("SELECT leaf FROM log_entry WHERE idx = ?2")
                                         : database.prepare("SELECT hash FROM log_node WHERE level = ?1 AND idx = ?2"));
  if (level > 0) row.bind(1, std::int64_t{level});
  CAIRN_ASSIGN(const bool found, row.bind(2, index).step());
  if (!found) return fail(ErrorCode::malformed, "the log lacks hash {} of level {}", index, level);
  return row.digest(0);
}

Status store_node(Database& database, unsigned level, std::uint64_t index, const Digest& hash) {
  CAIRN_ASSIGN(Statement insert, database.prepare("INSERT INTO log_node VALUES (?, ?, ?)"));
  return insert.bind(1, std::int64_t{level}).bind(2, index).bind(3, hash).run();
}

Status store_entry(Database& database, const LogEntry& entry, const Digest& leaf) {
  CAIRN_ASSIGN(Statement insert, database.prepare("INSERT INTO log_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.bind(1, entry.index).bind(2, leaf).bind(3, entry.event).bind(4, to_ms(entry.at)).bind(5, entry.epoch.value);
  return insert.bind(6, entry.commitment).bind(7, ByteView(entry.salt)).bind(8, entry.payload).run();
}

Status store_head(Database& database, const TreeHead& head) {
  CAIRN_ASSIGN(Statement insert, database.prepare("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?)"));
  return insert.bind(1, head.size)
      .bind(2, head.root)
      .bind(3, to_ms(head.at))
      .bind(4, ByteView(head.signature.bytes))
      .run();
}

}  // namespace

std::filesystem::path database_path(const std::filesystem::path& site) {
  return site / "cairn.db";
}

Status create_tables(Database& database) {
  return database.execute(kSchema);
}

Result<std::int64_t> get_meta(Database& database, std::string_view key) {
  CAIRN_ASSIGN(Statement row, database.prepare("SELECT value FROM meta WHERE key = ?"));
  CAIRN_ASSIGN(const bool found, row.bind(1, key).step());
  if (!found) return fail(ErrorCode::malformed, "the ledger lacks its {}", key);
  return row.integer(0);
}

Status set_meta(Database& database, std::string_view key, std::int64_t value) {
  CAIRN_ASSIGN(Statement update, database.prepare("UPDATE meta SET value = ? WHERE key = ?"));
  return update.bind(1, value).bind(2, key).run();
}

SubtreeHash subtree_of(Database& database) {
  return [&database](unsigned level, std::uint64_t index) { return stored_hash(database, level, index); };
}

Result<TreeHead> read_head(Database& database, const PublicKey& key) {
  TreeHead head{.size = 0, .root = empty_root(), .key = key};
  CAIRN_ASSIGN(Statement row, database.prepare("SELECT size, root, at, signature FROM head"));
  CAIRN_ASSIGN(const bool found, row.step());
  if (!found) return head;
  head.size = row.natural(0);
  CAIRN_ASSIGN(head.root, row.digest(1));
  head.at = from_ms(row.integer(2));
  const Bytes signature = row.bytes(3);
  if (signature.size() != head.signature.bytes.size())
    return fail(ErrorCode::malformed, "the log's head has a signature of {} bytes, expected 64", signature.size());
  std::copy(signature.begin(), signature.end(), head.signature.bytes.begin());
  return head;
}

Result<std::uint64_t> append_entry(Database& database, const SecretKey& key, const Env& env, std::string_view event,
                                   std::string_view payload) {
  CAIRN_ASSIGN(TreeHead head, read_head(database, key.public_key()));
  CAIRN_ASSIGN(const std::int64_t epoch, get_meta(database, "epoch"));
  LogEntry entry{.index = head.size,
                 .event = std::string(event),
                 .at = env.clock.now(),
                 .epoch = {static_cast<std::uint64_t>(epoch)}};
  entry.payload = payload;
  entry.salt = random_array<16>(env.entropy);
  entry.commitment = commitment_of(entry.salt, entry.payload);
  Digest hash = leaf_hash(as_bytes(leaf_of(entry)));
  CAIRN_TRY(store_entry(database, entry, hash));
  const SubtreeHash subtree = subtree_of(database);
  std::uint64_t index = entry.index;
  for (unsigned level = 0; (index & 1) != 0; ++level, index >>= 1) {
    CAIRN_ASSIGN(const Digest left, subtree(level, index - 1));
    hash = node_hash(left, hash);
    CAIRN_TRY(store_node(database, level + 1, index >> 1, hash));
  }
  head.size = entry.index + 1;
  head.at = entry.at;
  CAIRN_ASSIGN(head.root, root_at(head.size, subtree));
  head.signature = key.sign(head.signed_text());
  CAIRN_TRY(store_head(database, head));
  return entry.index;
}

Result<LogEntry> entry_of_row(const Statement& row) {
  LogEntry entry{
      .index = row.natural(0), .event = row.text(1), .at = from_ms(row.integer(2)), .epoch = {row.natural(3)}};
  CAIRN_ASSIGN(entry.commitment, row.digest(4));
  const Bytes salt = row.bytes(5);
  if (salt.size() != entry.salt.size() && !salt.empty())
    return fail(ErrorCode::malformed, "log entry {} has a salt of {} bytes, expected 16", entry.index, salt.size());
  std::copy(salt.begin(), salt.end(), entry.salt.begin());
  entry.payload = row.text(6);
  return entry;
}

}  // namespace cairn::ledger
