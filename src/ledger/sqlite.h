// SQLite, as little of it as the ledger needs: a connection that keeps its prepared statements, and transactions.
// Not thread-safe: the ledger holds a lock around each use. A Statement and a Transaction must not outlive their
// Database.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::ledger {

class Database;

// A prepared statement on loan; it goes back to its database, reset, when this goes.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters are numbered from 1, in the order of the question marks. Text and blobs are copied.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::uint64_t value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, ByteView bytes);
  Statement& bind(int index, const Digest& digest) { return bind(index, ByteView(digest.bytes)); }

  Result<bool> step();  // true: there is a row; its columns are numbered from 0
  Status run();         // for what returns no rows
  void reset();         // to bind and step again

  std::int64_t integer(int column) const;
  std::uint64_t natural(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string text(int column) const;
  Bytes bytes(int column) const;
  bool is_null(int column) const;
  // malformed: not 32 bytes.
  Result<Digest> digest(int column) const;

 private:
  friend class Database;
  Statement(Database* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Database* database_;
  sqlite3_stmt* statement_;
};

class Database {
 public:
  // Opens or creates the file in write-ahead mode, synchronous FULL, waiting up to ten seconds for other writers.
  static Result<Database> open(const std::filesystem::path& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // `sql` must be a literal: statements are kept by it.
  Result<Statement> prepare(const char* sql);
  Status execute(const char* sql);  // any number of statements, no rows wanted

  // busy (another writer), no_space, malformed (the file is damaged) or failed, with SQLite's own words.
  tl::unexpected<Error> error(std::string_view act) const;

 private:
  friend class Statement;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  void give_back(sqlite3_stmt* statement);
  std::unique_ptr<State> state_;
};

// Write transactions take the writer's lock at once; what is not committed is rolled back. Read transactions see one
// moment.
class Transaction {
 public:
  enum class Mode { read, write };
  static Result<Transaction> begin(Database& database, Mode mode);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace cairn::ledger
