#include "ledger/ledger.h"

#include <algorithm>

#include "base/json.h"
#include "ledger/codec.h"
#include "ledger/state.h"

namespace cairn::ledger {
namespace {

using Lock = std::lock_guard<std::mutex>;

Result<Asset> read_asset(Statement& row, const AssetId& id) {
  const std::string body = row.text(0);
  const Bytes signature = row.bytes(1);
  Asset out{.id = id};
  if (id_of_body(body) != id || signature.size() != out.signature.bytes.size())
    return fail_with_hint(ErrorCode::malformed, fmt::format("the manifest of {} does not have its digest", id.brief()),
                          "`cairn log verify` names all that is wrong");
  std::copy(signature.begin(), signature.end(), out.signature.bytes.begin());
  auto manifest = parse_manifest(body);
  if (!manifest) return fail(std::move(manifest).error().within(fmt::format("the manifest of {}", id.brief())));
  out.manifest = std::move(*manifest);
  if (!is_signed_by(out.manifest.author, body, out.signature))
    return fail(ErrorCode::malformed, "the manifest of {} is not signed by its author", id.brief());
  return out;
}

Status intern(Database& database, const Ledger::NewPermit& permit) {
  CAIRN_CHECK(sha256(permit.text) == permit.id.digest);
  CAIRN_ASSIGN(Statement insert, database.prepare("INSERT OR IGNORE INTO permit VALUES (?, ?)"));
  return insert.bind(1, permit.id.digest).bind(2, permit.text).run();
}

// The permit that an asset brings in itself: declared, added, or undeclared where a root declares nothing.
std::optional<PermitId> own_permit(const Manifest& manifest) {
  if (manifest.declared) return manifest.declared->permit;
  if (manifest.inputs.empty()) return manifest.permit;
  if (manifest.restriction) return manifest.restriction->permit;
  return std::nullopt;
}

Result<std::int64_t> insert_asset(Database& database, const Asset& asset, const std::string& body,
                                  std::uint64_t entry) {
  const Manifest& manifest = asset.manifest;
  CAIRN_ASSIGN(
      Statement insert,
      database.prepare("INSERT INTO asset (id, kind, name, created, permit, own, undeclared, entry, body, signature) "
                       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq"));
  insert.bind(1, asset.id.digest)
      .bind(2, manifest.kind)
      .bind(3, manifest.name)
      .bind(4, to_ms(manifest.created))
      .bind(5, manifest.permit.digest);
  const auto own = own_permit(manifest);
  if (own) insert.bind(6, own->digest);
  insert.bind(7, std::int64_t{manifest.inputs.empty() && !manifest.declared})
      .bind(8, entry)
      .bind(9, body)
      .bind(10, ByteView(asset.signature.bytes));
  CAIRN_ASSIGN(const bool row, insert.step());
  CAIRN_CHECK(row);
  const std::int64_t seq = insert.integer(0);
  CAIRN_ASSIGN(const bool more, insert.step());
  CAIRN_CHECK(!more);
  return seq;
}

Status insert_edges(Database& database, std::int64_t child, const std::vector<std::int64_t>& parents) {
  CAIRN_ASSIGN(Statement insert, database.prepare("INSERT INTO edge VALUES (?, ?)"));
  CAIRN_ASSIGN(Statement inherit,
               database.prepare("INSERT OR IGNORE INTO revoked SELECT ?1, epoch FROM revoked WHERE asset = ?2"));
  for (const std::int64_t parent : parents) {
    CAIRN_TRY(insert.bind(1, child).bind(2, parent).run());
    CAIRN_TRY(inherit.bind(1, child).bind(2, parent).run());
  }
  return {};
}

std::string names_of(const std::vector<AssetSummary>& assets) {
  std::string out;
  const std::size_t shown = std::min<std::size_t>(assets.size(), 5);
  for (std::size_t i = 0; i < shown; ++i)
    out += fmt::format("{}{} ({} \"{}\")", i > 0 ? ", " : "", assets[i].id.brief(), assets[i].kind, assets[i].name);
  if (assets.size() > shown) out += fmt::format(" and {} more", assets.size() - shown);
  return out;
}

constexpr const char* kFindByName =
    "SELECT id, kind, name, created, permit, EXISTS (SELECT 1 FROM revoked WHERE asset = seq) FROM asset WHERE name = "
    "? ORDER BY seq DESC";
constexpr const char* kFindByPrefix =
    "SELECT id, kind, name, created, permit, EXISTS (SELECT 1 FROM revoked WHERE asset = seq) FROM asset WHERE id >= ? "
    "AND id <= ? ORDER BY id";

Result<std::vector<AssetSummary>> rows_of(Statement& rows) {
  std::vector<AssetSummary> out;
  for (;;) {
    CAIRN_ASSIGN(const bool row, rows.step());
    if (!row) return out;
    CAIRN_ASSIGN(AssetSummary summary, summary_of_row(rows));
    out.push_back(std::move(summary));
  }
}

bool is_id_prefix(std::string_view text) {
  return text.size() >= 4 && text.size() <= 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::vector<AssetSummary>> with_prefix(Database& database, std::string_view prefix) {
  std::string low(prefix), high(prefix);
  low.resize(64, '0');
  high.resize(64, 'f');
  CAIRN_ASSIGN(const Digest from, Digest::parse(low));
  CAIRN_ASSIGN(const Digest to, Digest::parse(high));
  CAIRN_ASSIGN(Statement rows, database.prepare(kFindByPrefix));
  rows.bind(1, from).bind(2, to);
  return rows_of(rows);
}

}  // namespace

Result<std::int64_t> seq_of(Database& database, const AssetId& id) {
  CAIRN_ASSIGN(Statement row, database.prepare("SELECT seq FROM asset WHERE id = ?"));
  CAIRN_ASSIGN(const bool found, row.bind(1, id.digest).step());
  if (!found)
    return fail_with_hint(ErrorCode::not_found, fmt::format("no asset {} in this site", id.brief()),
                          "`cairn show` lists what there is");
  return row.integer(0);
}

Result<AssetSummary> summary_of_row(const Statement& row) {
  AssetSummary out{
      .kind = row.text(1), .name = row.text(2), .created = from_ms(row.integer(3)), .revoked = row.integer(5) != 0};
  CAIRN_ASSIGN(out.id.digest, row.digest(0));
  CAIRN_ASSIGN(out.permit.digest, row.digest(4));
  return out;
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Result<Ledger> Ledger::open(const std::filesystem::path& root, const Env& env) {
  CAIRN_ASSIGN(Site site, open_site(root));
  CAIRN_ASSIGN(SecretKey key, load_site_key(root));
  if (key.public_key() != site.key)
    return fail_with_hint(ErrorCode::malformed,
                          fmt::format("{}: keys/site.key is not the key that site.json names", root.string()),
                          "one of the two was changed: restore it from a copy");
  std::error_code error;
  if (!std::filesystem::exists(database_path(root), error))
    return fail_with_hint(ErrorCode::not_found, fmt::format("{}: the ledger is missing", database_path(root).string()),
                          "restore it from a copy");
  CAIRN_ASSIGN(Database database, Database::open(database_path(root)));
  CAIRN_ASSIGN(const std::int64_t schema, get_meta(database, "schema"));
  if (schema != kSchemaVersion)
    return fail_with_hint(
        ErrorCode::unsupported,
        fmt::format("{}: schema {}, this Cairn reads {}", database_path(root).string(), schema, kSchemaVersion),
        "use the version of Cairn that wrote it");
  return Ledger(std::unique_ptr<State>(new State{std::move(site), std::move(key), &env, std::move(database), {}}));
}

const Site& Ledger::site() const {
  return state_->site;
}

Result<Asset> Ledger::asset(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(Statement row, state_->database.prepare("SELECT body, signature FROM asset WHERE id = ?"));
  CAIRN_ASSIGN(const bool found, row.bind(1, id.digest).step());
  if (!found)
    return fail_with_hint(ErrorCode::not_found, fmt::format("no asset {} in this site", id.brief()),
                          "`cairn show` lists what there is");
  return read_asset(row, id);
}

Result<AssetSummary> Ledger::summary(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(auto rows, with_prefix(state_->database, id.hex()));
  if (rows.empty())
    return fail_with_hint(ErrorCode::not_found, fmt::format("no asset {} in this site", id.brief()),
                          "`cairn show` lists what there is");
  return std::move(rows.front());
}

Result<AssetId> Ledger::find(std::string_view what) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(Statement by_name, state_->database.prepare(kFindByName));
  by_name.bind(1, what);
  CAIRN_ASSIGN(std::vector<AssetSummary> found, rows_of(by_name));
  if (is_id_prefix(what)) {
    CAIRN_ASSIGN(const std::vector<AssetSummary> more, with_prefix(state_->database, what));
    for (const AssetSummary& asset : more)
      if (std::none_of(found.begin(), found.end(), [&](const AssetSummary& known) { return known.id == asset.id; }))
        found.push_back(asset);
  }
  const std::string_view shown = is_plain_text(what, 200) ? what : "(not shown)";
  if (found.empty())
    return fail_with_hint(ErrorCode::not_found,
                          fmt::format("no asset named \"{}\", and none whose id begins so", shown),
                          "`cairn show` lists what there is");
  if (found.size() > 1)
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("\"{}\" fits {} assets: {}", shown, found.size(), names_of(found)),
                          "give more digits of the id");
  return found.front().id;
}

Result<std::vector<AssetSummary>> Ledger::list(std::string_view kind) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(Statement rows,
               state_->database.prepare(
                   "SELECT id, kind, name, created, permit, EXISTS (SELECT 1 FROM revoked WHERE asset = seq) "
                   "FROM asset WHERE ?1 = '' OR kind = ?1 ORDER BY seq"));
  rows.bind(1, kind);
  return rows_of(rows);
}

Result<std::string> Ledger::permit_text(const PermitId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(Statement row, state_->database.prepare("SELECT text FROM permit WHERE id = ?"));
  CAIRN_ASSIGN(const bool found, row.bind(1, id.digest).step());
  if (!found) return fail(ErrorCode::not_found, "no permit {} in this site", id.brief());
  std::string text = row.text(0);
  if (sha256(text) != id.digest)
    return fail_with_hint(ErrorCode::malformed, fmt::format("permit {} does not have its digest", id.brief()),
                          "`cairn log verify` names all that is wrong");
  return text;
}

Result<Epoch> Ledger::epoch() const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(const std::int64_t epoch, get_meta(state_->database, "epoch"));
  return Epoch{static_cast<std::uint64_t>(epoch)};
}

Result<std::vector<Revocation>> Ledger::revocations(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(const std::int64_t seq, seq_of(state_->database, id));
  CAIRN_ASSIGN(Statement rows,
               state_->database.prepare(
                   "SELECT a.id, r.epoch, r.reason, r.actor, r.at FROM revoked d JOIN revocation r USING (epoch) "
                   "JOIN asset a ON a.seq = r.root WHERE d.asset = ? ORDER BY r.epoch"));
  rows.bind(1, seq);
  std::vector<Revocation> out;
  for (;;) {
    CAIRN_ASSIGN(const bool row, rows.step());
    if (!row) return out;
    Revocation revocation{
        .epoch = {rows.natural(1)}, .reason = rows.text(2), .actor = rows.text(3), .at = from_ms(rows.integer(4))};
    CAIRN_ASSIGN(revocation.root.digest, rows.digest(0));
    out.push_back(std::move(revocation));
  }
}

Result<TreeHead> Ledger::head() const {
  const Lock lock(state_->mutex);
  return read_head(state_->database, state_->site.key);
}

Result<LogEntry> Ledger::entry(std::uint64_t index) const {
  CAIRN_ASSIGN(std::vector<LogEntry> found, entries(index, 1));
  if (found.empty() || found[0].index != index) return fail(ErrorCode::not_found, "the log has no entry {}", index);
  return std::move(found[0]);
}

Result<std::vector<LogEntry>> Ledger::entries(std::uint64_t from, std::size_t at_most) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(Statement rows,
               state_->database.prepare("SELECT idx, event, at, epoch, commitment, salt, payload FROM log_entry "
                                        "WHERE idx >= ? ORDER BY idx LIMIT ?"));
  if (from > static_cast<std::uint64_t>(INT64_MAX)) return std::vector<LogEntry>();
  rows.bind(1, from).bind(2, static_cast<std::int64_t>(std::min<std::size_t>(at_most, INT32_MAX)));
  std::vector<LogEntry> out;
  for (;;) {
    CAIRN_ASSIGN(const bool row, rows.step());
    if (!row) return out;
    CAIRN_ASSIGN(LogEntry entry, entry_of_row(rows));
    out.push_back(std::move(entry));
  }
}

namespace {

// `wanted` entries of the log, 0 for all of it. invalid: it has fewer.
Result<std::uint64_t> size_of_log(Database& database, const PublicKey& key, std::uint64_t wanted) {
  CAIRN_ASSIGN(const TreeHead head, read_head(database, key));
  if (wanted > head.size) return fail(ErrorCode::invalid, "the log has {} entries, not {}", head.size, wanted);
  return wanted == 0 ? head.size : wanted;
}

}  // namespace

Result<InclusionProof> Ledger::prove_inclusion(std::uint64_t index, std::uint64_t size) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(size, size_of_log(state_->database, state_->site.key, size));
  InclusionProof proof{.index = index, .size = size};
  CAIRN_ASSIGN(proof.path, inclusion_path(index, size, subtree_of(state_->database)));
  return proof;
}

Result<ConsistencyProof> Ledger::prove_consistency(std::uint64_t old_size, std::uint64_t size) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(size, size_of_log(state_->database, state_->site.key, size));
  ConsistencyProof proof{.old_size = old_size, .size = size};
  CAIRN_ASSIGN(proof.path, consistency_path(old_size, size, subtree_of(state_->database)));
  return proof;
}

Result<std::uint64_t> Ledger::entry_of(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(Statement row, state_->database.prepare("SELECT entry FROM asset WHERE id = ?"));
  CAIRN_ASSIGN(const bool found, row.bind(1, id.digest).step());
  if (!found) return fail(ErrorCode::not_found, "no asset {} in this site", id.brief());
  return row.natural(0);
}

Result<AssetId> Ledger::commit(DoorKey, Manifest manifest, const std::vector<NewPermit>& permits, Epoch expected) {
  manifest.author = state_->site.key;
  manifest.nonce = random_array<16>(state_->env->entropy);
  manifest.created = state_->env->clock.now();
  CAIRN_TRY(check(manifest));
  const std::string body = body_of(manifest);
  Asset asset{.id = id_of_body(body), .manifest = std::move(manifest), .signature = state_->key.sign(body)};

  const Lock lock(state_->mutex);
  Database& database = state_->database;
  CAIRN_ASSIGN(Transaction transaction, Transaction::begin(database, Transaction::Mode::write));
  CAIRN_ASSIGN(const std::int64_t epoch, get_meta(database, "epoch"));
  if (static_cast<std::uint64_t>(epoch) != expected.value)
    return fail_with_hint(ErrorCode::stale,
                          fmt::format("permits have changed since: epoch {}, expected {}", epoch, expected.value),
                          "authorise again");
  std::vector<std::int64_t> parents;
  for (const AssetId& input : asset.manifest.inputs) {
    CAIRN_ASSIGN(const std::int64_t seq, seq_of(database, input));
    parents.push_back(seq);
  }
  for (const NewPermit& permit : permits) CAIRN_TRY(intern(database, permit));
  const Json payload{{"asset", asset.id.hex()},
                     {"kind", asset.manifest.kind},
                     {"permit", asset.manifest.permit.hex()},
                     {"actor", asset.manifest.actor}};
  CAIRN_ASSIGN(const std::uint64_t entry,
               append_entry(database, state_->key, *state_->env, kAssetEvent, canonical(payload)));
  CAIRN_ASSIGN(const std::int64_t seq, insert_asset(database, asset, body, entry));
  CAIRN_TRY(insert_edges(database, seq, parents));
  CAIRN_TRY(transaction.commit());
  return asset.id;
}

Result<std::uint64_t> Ledger::append(DoorKey, std::string_view event, std::string_view payload) {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(Transaction transaction, Transaction::begin(state_->database, Transaction::Mode::write));
  CAIRN_ASSIGN(const std::uint64_t index, append_entry(state_->database, state_->key, *state_->env, event, payload));
  CAIRN_TRY(transaction.commit());
  return index;
}

Result<Revocation> Ledger::revoke(DoorKey, const AssetId& id, std::string_view reason, std::string_view actor) {
  const Lock lock(state_->mutex);
  Database& database = state_->database;
  CAIRN_ASSIGN(Transaction transaction, Transaction::begin(database, Transaction::Mode::write));
  CAIRN_ASSIGN(const std::int64_t seq, seq_of(database, id));
  CAIRN_ASSIGN(Statement known, database.prepare("SELECT epoch FROM revocation WHERE root = ?"));
  CAIRN_ASSIGN(const bool revoked, known.bind(1, seq).step());
  if (revoked) return fail(ErrorCode::invalid, "{} is revoked already, since epoch {}", id.brief(), known.integer(0));
  CAIRN_ASSIGN(const std::int64_t epoch, get_meta(database, "epoch"));
  Revocation out{.root = id,
                 .epoch = Epoch{static_cast<std::uint64_t>(epoch)}.next(),
                 .reason = std::string(reason),
                 .actor = std::string(actor)};
  CAIRN_TRY(set_meta(database, "epoch", epoch + 1));
  out.at = state_->env->clock.now();
  CAIRN_ASSIGN(Statement insert, database.prepare("INSERT INTO revocation VALUES (?, ?, ?, ?, ?)"));
  CAIRN_TRY(insert.bind(1, out.epoch.value).bind(2, seq).bind(3, reason).bind(4, actor).bind(5, to_ms(out.at)).run());
  CAIRN_ASSIGN(std::vector<std::int64_t> reached, reachable(database, seq, Direction::down));
  reached.push_back(seq);
  CAIRN_ASSIGN(Statement mark, database.prepare("INSERT INTO revoked VALUES (?, ?)"));
  for (const std::int64_t asset : reached) CAIRN_TRY(mark.bind(1, asset).bind(2, out.epoch.value).run());
  const Json payload{
      {"asset", id.hex()}, {"reason", reason}, {"actor", actor}, {"epoch", out.epoch.value}, {"at_ms", to_ms(out.at)}};
  CAIRN_TRY(append_entry(database, state_->key, *state_->env, kRevocationEvent, canonical(payload)));
  CAIRN_TRY(transaction.commit());
  return out;
}

}  // namespace cairn::ledger
