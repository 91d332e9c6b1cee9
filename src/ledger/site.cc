#include "ledger/site.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/json.h"
#include "ledger/codec.h"
#include "ledger/keys.h"
#include "ledger/store.h"

namespace cairn::ledger {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kFormat = 1;

fs::path description(const fs::path& root) {
  return root / "site.json";
}

// Empty, absent, or what an interrupted make_site() has left: no description yet and nothing logged but the site
// itself.
Status check_free(const fs::path& root) {
  std::error_code error;
  if (fs::exists(description(root), error))
    return fail_with_hint(ErrorCode::invalid, fmt::format("{} is a site already", root.string()),
                          "use it, or name another folder");
  constexpr std::array kOurs = {"keys", "blobs", "cairn.db", "cairn.db-wal", "cairn.db-shm", "cairn.db-journal"};
  for (const auto& item : fs::directory_iterator(root, error))
    if (std::find(kOurs.begin(), kOurs.end(), item.path().filename().string()) == kOurs.end())
      return fail_with_hint(ErrorCode::invalid,
                            fmt::format("{} is not empty: it holds {}", root.string(), item.path().filename().string()),
                            "name a folder that is empty or does not exist yet");
  if (!fs::exists(database_path(root), error)) return {};
  auto database = Database::open(database_path(root));
  if (!database) return fail(std::move(database).error());
  auto head = read_head(*database, {});
  if (head && head->size > 1)
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("{} holds a ledger of {} log entries, but no site.json", root.string(), head->size),
        "restore site.json from a copy");
  return {};
}

void clear_left_overs(const fs::path& root) {
  std::error_code ignored;
  for (const char* name : {"keys", "blobs", "cairn.db", "cairn.db-wal", "cairn.db-shm", "cairn.db-journal"})
    fs::remove_all(root / name, ignored);
}

std::string describe(const Site& site) {
  return Json{{"format", kFormat}, {"name", site.name}, {"key", site.key.hex()}, {"created_ms", to_ms(site.created)}}
             .dump(2) +
         "\n";
}

}  // namespace

std::string site_payload(const Site& site) {
  return canonical(Json{{"name", site.name}, {"key", site.key.hex()}, {"created_ms", to_ms(site.created)}});
}

Result<Site> make_site(const fs::path& root, std::string name, const Env& env) {
  if (name.empty() || !is_plain_text(name, 200))
    return fail(ErrorCode::invalid, "a site's name: expected 1 to 200 bytes of UTF-8 without control characters");
  CAIRN_TRY(make_folder(root));
  CAIRN_TRY(check_free(root));
  clear_left_overs(root);
  Site site{.root = root, .name = std::move(name), .created = env.clock.now()};
  CAIRN_ASSIGN(const SecretKey key, make_site_key(root, env.entropy));
  site.key = key.public_key();
  CAIRN_TRY(make_folder(root / "blobs" / "incoming"));
  CAIRN_ASSIGN(Database database, Database::open(database_path(root)));
  CAIRN_ASSIGN(Transaction transaction, Transaction::begin(database, Transaction::Mode::write));
  CAIRN_TRY(create_tables(database));
  CAIRN_TRY(append_entry(database, key, env, kSiteEvent, site_payload(site)));
  CAIRN_TRY(transaction.commit());
  CAIRN_TRY(write_file(description(root), describe(site)));
  return site;
}

Result<Site> open_site(const fs::path& root) {
  auto text = read_text(description(root), 1 << 20);
  if (!text && text.error().code == ErrorCode::not_found)
    return fail_with_hint(ErrorCode::not_found, fmt::format("no site at {}: it has no site.json", root.string()),
                          "make one with `cairn init`, or name one with --site DIR");
  if (!text) return fail(std::move(text).error());
  const auto read = [&]() -> Result<Site> {
    CAIRN_ASSIGN(const Json json, parse_json(*text));
    CAIRN_ASSIGN(const std::int64_t format, get_int(json, "format"));
    if (format != kFormat) return fail(ErrorCode::unsupported, "format {}, this Cairn reads {}", format, kFormat);
    Site site{.root = root};
    CAIRN_ASSIGN(site.name, get_string(json, "name"));
    if (site.name.empty() || !is_plain_text(site.name, 200))
      return fail(ErrorCode::malformed, "\"name\": expected 1 to 200 bytes of plain text");
    CAIRN_ASSIGN(site.key.bytes, get_hex<32>(json, "key"));
    CAIRN_ASSIGN(const std::int64_t created, get_int(json, "created_ms"));
    site.created = from_ms(created);
    return site;
  };
  auto site = read();
  if (!site) return fail(std::move(site).error().within(description(root).string()));
  return site;
}

}  // namespace cairn::ledger
