#include "ledger/verify.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/json.h"
#include "ledger/blob_store.h"
#include "ledger/codec.h"
#include "ledger/state.h"

namespace cairn::ledger {
namespace {

namespace fs = std::filesystem;

struct LoggedRevocation {
  std::string asset, reason, actor;
  std::int64_t at_ms = 0;
};

std::string text_of(const Json& object, const char* key) {
  return get_string(object, key).value_or(std::string());
}

// One pass over a site, in one read transaction. What the log says is checked first, then everything else against the
// log.
class Checker {
 public:
  Checker(const Site& site, Database& database) : site_(site), database_(database) {}

  VerifyReport run() {
    guarded("cairn.db", [this] { return check_file(); });
    guarded("cairn.db: tables", [this] { return check_schema(); });
    guarded("log", [this] { return check_log(); });
    guarded("permits", [this] { return check_permits(); });
    guarded("assets", [this] { return check_assets(); });
    guarded("lineage", [this] { return check_edges(); });
    guarded("revocations", [this] { return check_revocations(); });
    guarded("revocations", [this] { return check_reached(); });
    guarded("cairn.db: meta", [this] { return check_meta(); });
    check_blobs();
    count_orphans();
    return std::move(report_);
  }

 private:
  template <class... Args>
  void fault(std::string where, fmt::format_string<Args...> what, Args&&... args) {
    report_.faults.push_back({std::move(where), fmt::format(what, std::forward<Args>(args)...)});
  }
  void guarded(const char* where, const std::function<Status()>& act) {
    if (const Status done = act(); !done) fault(where, "{}", done.error().message);
  }
  Status each(const char* sql, const std::function<Status(Statement&)>& act) {
    CAIRN_ASSIGN(Statement rows, database_.prepare(sql));
    for (;;) {
      CAIRN_ASSIGN(const bool row, rows.step());
      if (!row) return {};
      CAIRN_TRY(act(rows));
    }
  }

  Status check_file() {
    return each("PRAGMA integrity_check", [this](Statement& row) -> Status {
      if (row.text(0) != "ok") fault("cairn.db", "{}", row.text(0));
      return {};
    });
  }

  // The tables are those that this version makes, to the letter.
  Status check_schema() {
    const auto read = [](Database& database) -> Result<std::set<std::string>> {
      CAIRN_ASSIGN(Statement rows, database.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema"));
      std::set<std::string> out;
      for (;;) {
        CAIRN_ASSIGN(const bool row, rows.step());
        if (!row) return out;
        out.insert(fmt::format("{} {} on {}: {}", rows.text(0), rows.text(1), rows.text(2), rows.text(3)));
      }
    };
    CAIRN_ASSIGN(Database fresh, Database::open(":memory:"));
    CAIRN_TRY(create_tables(fresh));
    CAIRN_ASSIGN(const std::set<std::string> expected, read(fresh));
    CAIRN_ASSIGN(const std::set<std::string> got, read(database_));
    for (const std::string& table : expected)
      if (!got.contains(table)) fault("cairn.db: tables", "expected {}", table);
    for (const std::string& table : got)
      if (!expected.contains(table)) fault("cairn.db: tables", "not expected: {}", table);
    return {};
  }

  Status check_log() {
    std::vector<std::pair<unsigned, Digest>> trees;  // complete subtrees so far, largest first
    CAIRN_TRY(each("SELECT idx, event, at, epoch, commitment, salt, payload, leaf FROM log_entry ORDER BY idx",
                   [&](Statement& row) -> Status {
                     const std::string where = fmt::format("log entry {}", row.integer(0));
                     if (row.natural(0) != report_.entries)
                       fault(where, "expected entry {}: one is missing or was added", report_.entries);
                     report_.entries = row.natural(0) + 1;
                     auto entry = entry_of_row(row);
                     const auto leaf = row.digest(7);
                     if (!entry || !leaf) {
                       fault(where, "{}", !entry ? entry.error().message : leaf.error().message);
                       return {};
                     }
                     check_entry(where, *entry, *leaf);
                     Digest hash = leaf_hash(as_bytes(leaf_of(*entry)));
                     unsigned level = 0;
                     for (std::uint64_t index = entry->index; !trees.empty() && trees.back().first == level;
                          index >>= 1) {
                       hash = node_hash(trees.back().second, hash);
                       trees.pop_back();
                       check_node(++level, index >> 1, hash);
                     }
                     trees.emplace_back(level, hash);
                     return {};
                   }));
    CAIRN_TRY(check_node_count());
    std::optional<Digest> root;
    for (auto tree = trees.rbegin(); tree != trees.rend(); ++tree)
      root = root ? node_hash(tree->second, *root) : tree->second;
    return check_head(root.value_or(empty_root()));
  }

  void check_entry(const std::string& where, const LogEntry& entry, const Digest& leaf) {
    if (leaf_hash(as_bytes(leaf_of(entry))) != leaf) fault(where, "does not have its hash");
    if (commitment_of(entry.salt, entry.payload) != entry.commitment) {
      fault(where, "its payload is not what it commits to");
      return;
    }
    const auto payload = parse_json(entry.payload);
    if (!payload || !payload->is_object()) {
      fault(where, "its payload is no JSON object");
      return;
    }
    if (entry.index == 0 && (entry.event != kSiteEvent || entry.payload != site_payload(site_)))
      fault("site.json", "its name, key or date is not what log entry 0 recorded");
    if (entry.event == kAssetEvent) logged_assets_.emplace_back(entry.index, text_of(*payload, "asset"));
    if (entry.event == kRevocationEvent)
      logged_revocations_.push_back({text_of(*payload, "asset"), text_of(*payload, "reason"),
                                     text_of(*payload, "actor"), get_int(*payload, "at_ms").value_or(0)});
    if (entry.epoch.value != logged_revocations_.size())
      fault(where, "names epoch {}, expected {}", entry.epoch.value, logged_revocations_.size());
  }

  void check_node(unsigned level, std::uint64_t index, const Digest& expected) {
    const auto stored = subtree_of(database_)(level, index);
    if (!stored) {
      fault(fmt::format("log node {} of level {}", index, level), "{}", stored.error().message);
    } else if (*stored != expected) {
      fault(fmt::format("log node {} of level {}", index, level), "expected {}, got {}", expected.hex(), stored->hex());
    }
  }

  Status check_node_count() {
    std::uint64_t expected = 0;
    for (std::uint64_t n = report_.entries / 2; n > 0; n /= 2) expected += n;
    return each("SELECT COUNT(*) FROM log_node", [&](Statement& row) -> Status {
      if (row.natural(0) != expected) fault("log nodes", "expected {}, got {}", expected, row.natural(0));
      return {};
    });
  }

  Status check_head(const Digest& root) {
    CAIRN_ASSIGN(const TreeHead head, read_head(database_, site_.key));
    if (!verify_head(head)) fault("log head", "is not signed by the site's key");
    if (head.size != report_.entries)
      fault("log head", "covers {} entries, the log has {}", head.size, report_.entries);
    if (head.root != root) fault("log head", "root: expected {}, got {}", root.hex(), head.root.hex());
    return {};
  }

  Status check_permits() {
    return each("SELECT id, text FROM permit ORDER BY id", [this](Statement& row) -> Status {
      CAIRN_ASSIGN(const Digest id, row.digest(0));
      if (sha256(row.text(1)) != id) fault(fmt::format("permit {}", id.brief()), "its text does not have its digest");
      permits_.insert(id);
      return {};
    });
  }

  Status check_assets() {
    CAIRN_TRY(each(
        "SELECT seq, id, kind, name, created, permit, own, undeclared, entry, body, signature FROM asset ORDER BY seq",
        [this](Statement& row) -> Status {
          const std::size_t n = report_.assets++;
          CAIRN_ASSIGN(const Digest id, row.digest(1));
          const std::string where = fmt::format("asset {}", id.brief());
          if (row.integer(0) != static_cast<std::int64_t>(report_.assets))
            fault(where, "is in row {}, expected {}", row.integer(0), report_.assets);
          if (n >= logged_assets_.size() || logged_assets_[n] != std::pair(row.natural(8), id.hex()))
            fault(where, "is not what the log recorded in its place");
          check_asset(where, id, row);
          return {};
        }));
    if (logged_assets_.size() > report_.assets)
      fault("assets", "the log recorded {}, the ledger has {}", logged_assets_.size(), report_.assets);
    return {};
  }

  void check_asset(const std::string& where, const Digest& id, Statement& row) {
    const std::string body = row.text(9);
    const Bytes raw = row.bytes(10);
    Signature signature{};
    if (raw.size() == signature.bytes.size()) std::copy(raw.begin(), raw.end(), signature.bytes.begin());
    auto manifest = parse_manifest(body);
    if (sha256(body) != id || !manifest) {
      fault(fmt::format("manifest of {}", id.brief()), "{}",
            manifest ? "does not have its digest" : manifest.error().message);
      return;
    }
    if (raw.size() != signature.bytes.size() || !is_signed_by(site_.key, body, signature))
      fault(where, "its manifest is not signed by the site's key");
    const auto own = manifest->declared         ? std::optional(manifest->declared->permit)
                     : manifest->inputs.empty() ? std::optional(manifest->permit)
                     : manifest->restriction    ? std::optional(manifest->restriction->permit)
                                                : std::nullopt;
    const bool undeclared = manifest->inputs.empty() && !manifest->declared;
    const bool own_agrees =
        own ? !row.is_null(6) && row.bytes(6) == Bytes(own->digest.bytes.begin(), own->digest.bytes.end())
            : row.is_null(6);
    if (row.text(2) != manifest->kind || row.text(3) != manifest->name || row.integer(4) != to_ms(manifest->created) ||
        row.bytes(5) != Bytes(manifest->permit.digest.bytes.begin(), manifest->permit.digest.bytes.end()) ||
        !own_agrees || row.integer(7) != static_cast<std::int64_t>(undeclared))
      fault(where, "its row is not what its manifest says");
    for (const auto& permit : {std::optional(manifest->permit), own})
      if (permit && !permits_.contains(permit->digest)) fault(where, "permit {} is missing", permit->brief());
    for (const BlobRef& blob : manifest->blobs) blobs_.emplace(blob.id, std::pair(blob, id));
    inputs_[row.integer(0)] = manifest->inputs;
    rows_.emplace(AssetId{id}, row.integer(0));
  }

  Status check_edges() {
    std::map<std::int64_t, std::vector<std::int64_t>> edges;
    CAIRN_TRY(each("SELECT child, parent FROM edge ORDER BY child, parent", [&](Statement& row) -> Status {
      edges[row.integer(0)].push_back(row.integer(1));
      return {};
    }));
    for (const auto& [seq, inputs] : inputs_) {
      std::vector<std::int64_t> expected;
      for (const AssetId& input : inputs)
        if (const auto it = rows_.find(input); it != rows_.end()) expected.push_back(it->second);
      std::sort(expected.begin(), expected.end());
      if (expected.size() != inputs.size()) fault(fmt::format("lineage of row {}", seq), "an input is missing");
      if (edges[seq] != expected)
        fault(fmt::format("lineage of row {}", seq), "its edges are not its manifest's inputs");
    }
    for (const auto& [seq, parents] : edges)
      if (!inputs_.contains(seq)) fault(fmt::format("lineage of row {}", seq), "there is no such asset");
    return {};
  }

  Status check_revocations() {
    std::size_t n = 0;
    CAIRN_TRY(
        each("SELECT r.epoch, a.id, r.reason, r.actor, r.at FROM revocation r LEFT JOIN asset a ON a.seq = r.root "
             "ORDER BY r.epoch",
             [&](Statement& row) -> Status {
               const std::string where = fmt::format("revocation of epoch {}", row.integer(0));
               if (n >= logged_revocations_.size() || row.natural(0) != n + 1) {
                 fault(where, "the log did not record it");
                 return {};
               }
               const LoggedRevocation& logged = logged_revocations_[n++];
               if (to_hex(row.bytes(1)) != logged.asset || row.text(2) != logged.reason ||
                   row.text(3) != logged.actor || row.integer(4) != logged.at_ms)
                 fault(where, "is not what the log recorded");
               return {};
             }));
    if (n != logged_revocations_.size())
      fault("revocations", "the log recorded {}, the ledger has {}", logged_revocations_.size(), n);
    return {};
  }

  // The marks that deny revoked assets and what descends from them, made again from the log and the lineage.
  Status check_reached() {
    std::set<std::pair<std::int64_t, std::int64_t>> expected, got;
    for (std::size_t n = 0; n < logged_revocations_.size(); ++n) {
      CAIRN_ASSIGN(const AssetId root, AssetId::parse(logged_revocations_[n].asset));
      const auto row = rows_.find(root);
      if (row == rows_.end()) continue;
      const auto epoch = static_cast<std::int64_t>(n + 1);
      expected.emplace(row->second, epoch);
      CAIRN_ASSIGN(const auto below, reachable(database_, row->second, Direction::down));
      for (const std::int64_t seq : below) expected.emplace(seq, epoch);
    }
    CAIRN_TRY(each("SELECT asset, epoch FROM revoked", [&](Statement& row) -> Status {
      got.emplace(row.integer(0), row.integer(1));
      return {};
    }));
    for (const auto& [seq, epoch] : expected)
      if (!got.contains({seq, epoch}))
        fault(fmt::format("asset row {}", seq), "lacks the mark of the revocation of epoch {}", epoch);
    for (const auto& [seq, epoch] : got)
      if (!expected.contains({seq, epoch}))
        fault(fmt::format("asset row {}", seq), "bears the mark of the revocation of epoch {}, which does not reach it",
              epoch);
    return {};
  }

  Status check_meta() {
    const std::map<std::string, std::int64_t> expected{
        {"schema", kSchemaVersion}, {"epoch", static_cast<std::int64_t>(logged_revocations_.size())}};
    std::map<std::string, std::int64_t> got;
    CAIRN_TRY(each("SELECT key, value FROM meta", [&](Statement& row) -> Status {
      got[row.text(0)] = row.integer(1);
      return {};
    }));
    if (got != expected)
      fault("cairn.db: meta", "expected epoch {} and schema {} alone", logged_revocations_.size(), kSchemaVersion);
    return {};
  }

  void check_blobs() {
    for (const auto& [id, use] : blobs_) {
      const auto& [blob, asset] = use;
      const std::string where = fmt::format("{} (\"{}\" of {})", blob_path("", id).string(), blob.role, asset.brief());
      const auto stored = map_checked(site_.root, id);
      if (!stored) {
        fault(where, "{}", stored.error().code == ErrorCode::not_found ? "is missing" : stored.error().message);
        continue;
      }
      ++report_.blobs;
      report_.blob_bytes += stored->bytes().size();
      if (blob.sealed) {
        if (const auto plain = unseal_checked(site_.root, blob, stored->bytes()); !plain)
          fault(where, "{}", plain.error().message);
      } else if (stored->bytes().size() != blob.size) {
        fault(where, "has {} bytes, its manifest says {}", stored->bytes().size(), blob.size);
      }
    }
  }

  void count_orphans() {
    std::error_code error;
    for (const auto& item : fs::recursive_directory_iterator(site_.root / "blobs", error)) {
      if (!item.is_regular_file(error) || item.path().parent_path().filename() == "incoming") continue;
      const std::string name = item.path().filename().string();
      const auto id = Digest::parse(name);
      if (!id || blob_path(site_.root, {*id}) != item.path()) {
        fault(fs::relative(item.path(), site_.root, error).string(), "is no blob's name");
      } else if (!blobs_.contains({*id})) {
        ++report_.orphans;
      }
    }
  }

  const Site& site_;
  Database& database_;
  VerifyReport report_;
  std::vector<std::pair<std::uint64_t, std::string>> logged_assets_;  // entry, id
  std::vector<LoggedRevocation> logged_revocations_;                  // by epoch, from 1
  std::set<Digest> permits_;
  std::map<BlobId, std::pair<BlobRef, Digest>> blobs_;
  std::map<std::int64_t, std::vector<AssetId>> inputs_;  // by row
  std::map<AssetId, std::int64_t> rows_;
};

}  // namespace

std::string VerifyReport::to_text() const {
  std::string out = fmt::format("{} log entries, {} assets, {} blobs ({} bytes)", entries, assets, blobs, blob_bytes);
  if (orphans > 0)
    out += fmt::format("; {} blobs that no asset names (left by an interrupted commit; harmless)", orphans);
  if (ok()) return out + ": all as committed";
  out += fmt::format(": {} {} wrong", faults.size(), faults.size() == 1 ? "place is" : "places are");
  for (const Fault& fault : faults) out += fmt::format("\n  {}: {}", fault.where, fault.what);
  return out;
}

std::string VerifyReport::to_json() const {
  Json list = Json::array();
  for (const Fault& fault : faults) list.push_back({{"where", fault.where}, {"what", fault.what}});
  return canonical(Json{{"ok", ok()},
                        {"entries", entries},
                        {"assets", assets},
                        {"blobs", blobs},
                        {"blob_bytes", blob_bytes},
                        {"orphans", orphans},
                        {"faults", std::move(list)}});
}

// On a connection of its own, so that a long check holds nobody up.
Result<VerifyReport> Ledger::verify() const {
  CAIRN_ASSIGN(Database database, Database::open(database_path(state_->site.root)));
  CAIRN_ASSIGN(const Transaction moment, Transaction::begin(database, Transaction::Mode::read));
  return Checker(state_->site, database).run();
}

}  // namespace cairn::ledger
