#include "ledger/verify.h"

#include <fstream>
#include <random>

#include "ledger/sqlite.h"
#include "ledger/test_site.h"

namespace cairn::ledger {
namespace {

namespace fs = std::filesystem;

// A small site with everything in it: roots, a derived asset, plain and sealed blobs, a revocation, notes.
struct FullSite : TestSite {
  BlobRef plain = put(*this, std::string(3000, 'p')), sealed = put(*this, std::string(3000, 's'), sha256("narrow"));

  FullSite() {
    Ledger ledger = open();
    const AssetId books = add(ledger, "books", {}, {plain}).value(),
                  mailbox = add(ledger, "mailbox", {}, {sealed}).value();
    const AssetId base = add(ledger, "base", {books}).value();
    EXPECT_TRUE(add(ledger, "module", {base, mailbox}).has_value());
    EXPECT_TRUE(ledger.append(door(), "note", "{\"n\":1}").has_value());
    EXPECT_TRUE(ledger.revoke(door(), mailbox, "withdrawn", "ada").has_value());
  }
};

std::string faults(const TestSite& site) {
  const auto ledger = Ledger::open(site.root, test_env());
  if (!ledger) return ledger.error().message;
  const auto report = ledger->verify();
  return !report ? report.error().message : report->ok() ? "" : report->to_text();
}

// In place and without syncing: what is damaged here need not survive.
void overwrite(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

Database database_of(const TestSite& site) {
  return Database::open(site.root / "cairn.db").value();
}

TEST(Verify, AnUntouchedSiteIsAsCommitted) {
  const FullSite site;
  const VerifyReport report = site.open().verify().value();
  EXPECT_EQ(report.to_text(),
            fmt::format("7 log entries, 4 assets, 2 blobs ({} bytes): all as committed", report.blob_bytes));
  EXPECT_EQ(report.to_json().substr(0, 6), "{\"asse");
}

TEST(Verify, NamesTheBlobThatChanged) {
  const FullSite site;
  const std::string path = blob_path(site.root, site.plain.id).string();
  std::string bytes = read_text(path).value();
  bytes[1000] ^= 1;
  overwrite(path, bytes);
  const VerifyReport report = site.open().verify().value();
  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0].where, fmt::format("{} (\"records\" of {})", blob_path("", site.plain.id).string(),
                                                site.open().find("books").value().brief()));
  fs::remove(path);
  EXPECT_EQ(site.open().verify().value().faults.at(0).what, "is missing");
}

TEST(Verify, AnyFlipInABlobAKeyOrTheDescriptionIsFound) {
  const FullSite site;
  const unsigned seed = 3;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  for (const fs::path& path :
       {blob_path(site.root, site.plain.id), blob_path(site.root, site.sealed.id), site.root / "keys" / "site.key",
        site.root / "keys" / (sha256("narrow").hex() + ".key"), site.root / "site.json"}) {
    const std::string before = read_text(path).value();
    for (int i = 0; i < 12; ++i) {
      std::string changed = before;
      const std::size_t at =
          random() % (changed.size() - 1);  // the last byte of a key or a description is a line's end
      if (path.extension() == ".json" && (changed[at] == ' ' || changed[at] == '\n')) continue;
      changed[at] ^= static_cast<char>(path.extension().empty() ? 1 << random() % 7 : 1);
      overwrite(path, changed);
      EXPECT_NE(faults(site), "") << path << " byte " << at;
    }
    overwrite(path, before);
  }
  EXPECT_EQ(faults(site), "");
}

// Every column of every table, changed behind the ledger's back by whoever can write the file.
TEST(Verify, NoColumnOfAnyTableCanBeChangedUnseen) {
  const FullSite site;
  std::vector<std::pair<std::string, std::string>> columns;
  {
    Database database = database_of(site);
    Statement rows = database
                         .prepare(
                             "SELECT m.name, p.name FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type = "
                             "'table' ORDER BY 1, p.cid")
                         .value();
    while (rows.step().value()) columns.emplace_back(rows.text(0), rows.text(1));
  }
  ASSERT_GE(columns.size(), 34u);
  const fs::path saved = site.folder.path() / "saved.db";
  fs::copy_file(site.root / "cairn.db", saved);
  int tried = 0;
  for (const auto& [table, column] : columns) {
    for (const char* change :
         {"{} = CASE typeof({}) WHEN 'integer' THEN {} + 1000 WHEN 'text' THEN {} || ' ' ELSE zeroblob(length({})) END",
          "DELETE"}) {
      if (table == "permit" && column != "id" && std::string_view(change) == "DELETE") continue;
      for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(site.root / ("cairn.db" + std::string(suffix)));
      fs::copy_file(saved, site.root / "cairn.db");
      {
        Database database = database_of(site);
        ASSERT_TRUE(database.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").has_value());
        const std::string rowless = "(SELECT MAX(" + column + ") FROM " + table + ")";
        std::string sql = "DELETE FROM " + table + " WHERE " + column + " = " + rowless;
        if (std::string_view(change) != "DELETE")
          sql = "UPDATE " + table + " SET " +
                fmt::format(fmt::runtime(change), column, column, column, column, column) + " WHERE " + column + " = " +
                rowless;
        if (!database.execute(sql.c_str())) continue;  // refused by the table itself
      }
      ++tried;
      EXPECT_NE(faults(site), "") << table << "." << column << ": " << change;
    }
  }
  EXPECT_GT(tried, 50);
}

std::string dump(Database& database) {
  std::string out;
  std::vector<std::string> tables{"sqlite_schema"};
  auto names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1");
  if (!names) return "unreadable";
  for (;;) {
    const auto row = names->step();
    if (!row) return "unreadable";
    if (!*row) break;
    tables.push_back(names->text(0));
  }
  std::vector<std::string> kept;
  for (const std::string& table : tables) {
    kept.push_back("SELECT * FROM \"" + table + "\" NOT INDEXED");
    auto rows = database.prepare(kept.back().c_str());
    if (!rows) return "unreadable";
    for (;;) {
      const auto row = rows->step();
      if (!row) return "unreadable";
      if (!*row) break;
      for (int column = 0; column < 11; ++column) out += to_hex(rows->bytes(column)) + "|";
    }
  }
  return out;
}

// Raw flips in the database file: whatever changes anything that can be read from it is found. (The rest is unused
// space.)
TEST(Verify, AnyFlipInTheDatabaseThatChangesContentIsFound) {
  const FullSite site;
  const fs::path path = site.root / "cairn.db";
  const std::string before = read_text(path).value();
  std::string clean;
  {
    Database database = database_of(site);
    clean = dump(database);
  }
  const unsigned seed = 17;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  int changes = 0;
  for (int i = 0; i < 200; ++i) {
    std::string changed = before;
    const std::size_t at = random() % changed.size();
    changed[at] ^= static_cast<char>(1 << random() % 7);
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(path.string() + suffix);
    overwrite(path, changed);
    std::string now = "unreadable";
    if (auto database = Database::open(path)) now = dump(*database);
    if (now == clean) continue;
    ++changes;
    EXPECT_NE(faults(site), "") << "byte " << at;
  }
  EXPECT_GT(changes, 15);
}

TEST(Verify, RowsAddedOutsideTheLogAreFound) {
  const FullSite site;
  {
    Database database = database_of(site);
    ASSERT_TRUE(database.execute("INSERT INTO revoked VALUES (1, 1)").has_value());
  }
  EXPECT_EQ(site.open().verify().value().faults.at(0).what,
            "bears the mark of the revocation of epoch 1, which does not reach it");
  {
    Database database = database_of(site);
    ASSERT_TRUE(database.execute("DELETE FROM revoked WHERE asset = 1; CREATE TABLE extra (x)").has_value());
  }
  EXPECT_EQ(site.open().verify().value().faults.at(0).what,
            "not expected: table extra on extra: CREATE TABLE extra (x)");
}

TEST(Verify, ABlobThatNothingNamesIsCountedAndNoFault) {
  const FullSite site;
  put(site, "left by a crash");
  const VerifyReport report = site.open().verify().value();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.orphans, 1u);
  overwrite(site.root / "blobs" / "letter", "x");
  EXPECT_EQ(site.open().verify().value().faults.at(0).where, "blobs/letter");
}

}  // namespace
}  // namespace cairn::ledger
