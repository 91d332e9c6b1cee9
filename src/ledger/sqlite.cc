#include "ledger/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <map>

namespace cairn::ledger {
namespace {

constexpr int kBusyMilliseconds = 10'000;

}  // namespace

struct Database::State {
  sqlite3* connection = nullptr;
  std::filesystem::path path;
  std::multimap<std::string, sqlite3_stmt*, std::less<>> idle;

  ~State() {
    for (const auto& [sql, statement] : idle) sqlite3_finalize(statement);
    sqlite3_close(connection);
  }
};

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(path.c_str(), &state->connection, flags, nullptr);
  Database database(std::move(state));
  if (opened != SQLITE_OK) return database.error("opening");
  sqlite3_extended_result_codes(database.state_->connection, 1);
  sqlite3_busy_timeout(database.state_->connection, kBusyMilliseconds);
  CAIRN_TRY(
      database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                       "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"));
  return database;
}

tl::unexpected<Error> Database::error(std::string_view act) const {
  const int system = errno;  // SQLite calls a full disk by its name, a quota or a limit on file size only an I/O error
  sqlite3* const connection = state_->connection;
  const int code = connection == nullptr ? SQLITE_NOMEM : sqlite3_errcode(connection) & 0xff;
  std::string message = fmt::format("{} {}: {}", act, state_->path.string(),
                                    connection == nullptr ? "out of memory" : sqlite3_errmsg(connection));
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    return fail_with_hint(ErrorCode::busy, std::move(message),
                          "another process is writing to this site; try again when it is done");
  if (code == SQLITE_FULL || (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT || system == EFBIG)))
    return fail_with_hint(ErrorCode::no_space, std::move(message),
                          "free some space and run the same command again; nothing was lost");
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    return fail_with_hint(ErrorCode::malformed, std::move(message),
                          "the file is damaged: restore it from a copy; `cairn log verify` names what is wrong");
  return fail(ErrorCode::failed, "{}", message);
}

Status Database::execute(const char* sql) {
  if (sqlite3_exec(state_->connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error("changing");
  return {};
}

Result<Statement> Database::prepare(const char* sql) {
  if (const auto it = state_->idle.find(std::string_view(sql)); it != state_->idle.end()) {
    sqlite3_stmt* const kept = it->second;
    state_->idle.erase(it);
    return Statement(this, kept);
  }
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v3(state_->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK)
    return error("reading");
  return Statement(this, made);
}

void Database::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  state_->idle.emplace(sqlite3_sql(statement), statement);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
Statement::~Statement() {
  if (statement_ != nullptr) database_->give_back(statement_);
}

Statement& Statement::bind(int index, std::int64_t value) {
  CAIRN_CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  CAIRN_CHECK(sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                                  SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int index, ByteView bytes) {
  CAIRN_CHECK(sqlite3_bind_blob64(statement_, index,
                                  bytes.empty() ? reinterpret_cast<const std::uint8_t*>("") : bytes.data(),
                                  bytes.size(), SQLITE_TRANSIENT) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->error("using");
}

Status Statement::run() {
  CAIRN_ASSIGN(const bool row, step());
  CAIRN_CHECK(!row);
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Bytes Statement::bytes(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? Bytes() : Bytes(data, data + size);
}

std::string Statement::text(int column) const {
  const Bytes raw = bytes(column);
  return std::string(raw.begin(), raw.end());
}

Result<Digest> Statement::digest(int column) const {
  const Bytes raw = bytes(column);
  Digest out;
  if (raw.size() != out.bytes.size())
    return fail(ErrorCode::malformed, "the ledger holds a digest of {} bytes, expected {}", raw.size(),
                out.bytes.size());
  std::copy(raw.begin(), raw.end(), out.bytes.begin());
  return out;
}

Result<Transaction> Transaction::begin(Database& database, Mode mode) {
  CAIRN_TRY(database.execute(mode == Mode::write ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

Status Transaction::commit() {
  CAIRN_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace cairn::ledger
