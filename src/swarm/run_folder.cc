#include "swarm/run_folder.h"

#include <fmt/format.h>

#include "base/files.h"
#include "ledger/sqlite.h"
#include "swarm/rows.h"
#include "swarm/volunteer_folder.h"

namespace cairn::swarm {
namespace {

namespace fs = std::filesystem;
using ledger::Database;
using ledger::Statement;
using ledger::Transaction;

constexpr std::size_t kMostPlanBytes = std::size_t{1} << 30;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS run (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS volunteers (id BLOB PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS units (round INTEGER, lane INTEGER, row TEXT NOT NULL, PRIMARY KEY (round, lane)) WITHOUT ROWID;
)";

Status put(Database& db, std::string_view key, std::string_view value) {
  CAIRN_ASSIGN(Statement statement, db.prepare("INSERT OR REPLACE INTO run (key, value) VALUES (?, ?)"));
  return statement.bind(1, key).bind(2, value).run();
}

Result<std::optional<std::string>> look_up(Database& db, std::string_view key) {
  CAIRN_ASSIGN(Statement statement, db.prepare("SELECT value FROM run WHERE key = ?"));
  CAIRN_ASSIGN(const bool found, statement.bind(1, key).step());
  return found ? std::optional<std::string>(statement.text(0)) : std::nullopt;
}

Result<std::optional<TimePoint>> look_up_time(Database& db, std::string_view key) {
  CAIRN_ASSIGN(const std::optional<std::string> text, look_up(db, key));
  if (!text) return std::nullopt;
  return TimePoint(Duration(std::strtoll(text->c_str(), nullptr, 10)));
}

std::string time_text(TimePoint time) {
  return fmt::format("{}", time.time_since_epoch().count());
}

// The plan as the folder has it; written on the first opening.
Result<Plan> settle_plan(const fs::path& folder, const std::optional<Plan>& plan) {
  auto kept = read_plan(folder);
  if (!kept && kept.error().code != ErrorCode::not_found) return kept;
  if (!kept && !plan)
    return fail_with_hint(ErrorCode::invalid, fmt::format("{}: there is no run here", folder.string()),
                          "give a plan to begin one");
  if (kept && plan && *kept != *plan)
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("{}: holds run {} of another plan, not {}", folder.string(),
                                      run_id(*kept).brief(), run_id(*plan).brief()),
                          "a run's plan cannot change; give another folder");
  if (kept) return kept;
  CAIRN_TRY(check(*plan));
  CAIRN_TRY(write_file(folder / "plan.json", to_json(*plan)));
  return *plan;
}

}  // namespace

struct RunFolder::State {
  fs::path path;
  FolderLock lock;
  Plan plan;
  SecretKey key;
  Blobs blobs, shards;
  Database db;
  TimePoint begun;
};

RunFolder::RunFolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunFolder::RunFolder(RunFolder&&) noexcept = default;
RunFolder::~RunFolder() = default;
const fs::path& RunFolder::path() const {
  return state_->path;
}
const Plan& RunFolder::plan() const {
  return state_->plan;
}
const SecretKey& RunFolder::key() const {
  return state_->key;
}
const Blobs& RunFolder::blobs() const {
  return state_->blobs;
}
const Blobs& RunFolder::shards() const {
  return state_->shards;
}
fs::path RunFolder::shards_path() const {
  return state_->path / "shards";
}
TimePoint RunFolder::begun() const {
  return state_->begun;
}

Result<RunFolder> RunFolder::open(const fs::path& path, const std::optional<Plan>& plan, ByteView checkpoint,
                                  Env& env) {
  for (const char* part : {"", "blobs", "rounds", "evidence", "shards"}) CAIRN_TRY(make_folder(path / part));
  auto lock = FolderLock::take(path);
  if (!lock && lock.error().code == ErrorCode::busy)
    return fail_with_hint(ErrorCode::busy, fmt::format("{}: another coordinator runs it", path.string()),
                          "stop that one first, or give another folder");
  if (!lock) return fail(std::move(lock).error());
  CAIRN_ASSIGN(Plan settled, settle_plan(path, plan));
  Blobs blobs(path / "blobs");
  if (!blobs.has(settled.checkpoint)) {
    if (sha256(checkpoint) != settled.checkpoint)
      return fail(ErrorCode::invalid, "the first checkpoint: expected a file with the digest {}, got {} bytes with {}",
                  settled.checkpoint.hex(), checkpoint.size(), sha256(checkpoint).hex());
    CAIRN_TRY(blobs.keep(checkpoint));
  }
  CAIRN_ASSIGN(SecretKey key, key_in_folder(path, env.entropy));
  CAIRN_ASSIGN(Database db, Database::open(path / "run.db"));
  CAIRN_TRY(db.execute(kSchema));
  CAIRN_ASSIGN(std::optional<TimePoint> begun, look_up_time(db, "begun"));
  if (!begun) {
    begun = env.clock.now();
    CAIRN_TRY(put(db, "begun", time_text(*begun)));
  }
  return RunFolder(std::make_unique<State>(State{path, std::move(*lock), std::move(settled), std::move(key),
                                                 std::move(blobs), Blobs(path / "shards"), std::move(db), *begun}));
}

Result<Coordinator> RunFolder::coordinator(TimePoint now) {
  Database& db = state_->db;
  CAIRN_ASSIGN(const std::optional<std::string> text, look_up(db, "row"));
  if (!text) return Coordinator(state_->plan);
  CAIRN_ASSIGN(const RunRow run, run_row_from_json(*text));
  std::vector<VolunteerRow> volunteers;
  CAIRN_ASSIGN(Statement statement, db.prepare("SELECT row FROM volunteers ORDER BY id"));
  for (;;) {
    CAIRN_ASSIGN(const bool more, statement.step());
    if (!more) break;
    CAIRN_ASSIGN(VolunteerRow row, volunteer_row_from_json(statement.text(0)));
    volunteers.push_back(std::move(row));
  }
  std::vector<UnitRow> current;
  if (run.phase != RunPhase::complete) {
    CAIRN_ASSIGN(current, units(run.round));
  }
  return Coordinator::restore(state_->plan, run, std::move(volunteers), std::move(current), now);
}

Status RunFolder::save(const Save& save, const Coordinator& coordinator) {
  Database& db = state_->db;
  CAIRN_ASSIGN(Transaction transaction, Transaction::begin(db, Transaction::Mode::write));
  if (save.run) CAIRN_TRY(put(db, "row", to_json(coordinator.run())));
  CAIRN_ASSIGN(Statement volunteer, db.prepare("INSERT OR REPLACE INTO volunteers (id, row) VALUES (?, ?)"));
  for (const VolunteerId& id : save.volunteers) {
    CAIRN_TRY(volunteer.bind(1, ByteView(id.bytes)).bind(2, to_json(coordinator.volunteers().at(id))).run());
    volunteer.reset();
  }
  CAIRN_ASSIGN(Statement unit, db.prepare("INSERT OR REPLACE INTO units (round, lane, row) VALUES (?, ?, ?)"));
  for (const UnitId& id : save.units) {
    unit.bind(1, std::int64_t{id.round}).bind(2, std::int64_t{id.lane});
    CAIRN_TRY(unit.bind(3, to_json(coordinator.units()[id.lane])).run());
    unit.reset();
  }
  return transaction.commit();
}

Result<std::optional<TimePoint>> RunFolder::completed(std::optional<TimePoint> time) {
  CAIRN_ASSIGN(const std::optional<TimePoint> kept, look_up_time(state_->db, "completed"));
  if (kept || !time) return kept;
  CAIRN_TRY(put(state_->db, "completed", time_text(*time)));
  return time;
}

Result<std::vector<UnitRow>> RunFolder::units(std::uint32_t round) {
  std::vector<UnitRow> out;
  CAIRN_ASSIGN(Statement statement, state_->db.prepare("SELECT row FROM units WHERE round = ? ORDER BY lane"));
  statement.bind(1, std::int64_t{round});
  for (;;) {
    CAIRN_ASSIGN(const bool more, statement.step());
    if (!more) return out;
    CAIRN_ASSIGN(UnitRow row, unit_row_from_json(statement.text(0), state_->plan.stretches()));
    out.push_back(std::move(row));
  }
}

Result<Digest> RunFolder::outer_state(std::uint32_t round) const {
  if (round == 0) return Digest{};
  CAIRN_ASSIGN(const std::string text, read_text(round_path(state_->path, round - 1)));
  CAIRN_ASSIGN(const RoundRecord record, record_from_json(text, state_->plan));
  return record.next_outer_state;
}

Status RunFolder::publish(RoundRecord record) const {
  record.run = run_id(state_->plan);
  record.coordinator = state_->key.public_key();
  if (record.round > 0) {
    CAIRN_ASSIGN(const std::string before, read_text(round_path(state_->path, record.round - 1)));
    record.previous = sha256(before);
  }
  record.signature = state_->key.sign(signed_text(record));
  return write_file(round_path(state_->path, record.round), to_json(record));
}

fs::path RunFolder::evidence_path(const Digest& evidence) const {
  return state_->path / "evidence" / (evidence.hex() + ".json");
}

Status RunFolder::keep_evidence(const Cheat& cheat) const {
  const std::string text = evidence_file(state_->plan, cheat);
  return write_file(evidence_path(sha256(text)), text);
}

Result<Plan> read_plan(const fs::path& run) {
  CAIRN_ASSIGN(const std::string text, read_text(run / "plan.json", kMostPlanBytes));
  auto plan = plan_from_json(text);
  if (!plan) return fail(std::move(plan).error().within((run / "plan.json").string()));
  return plan;
}

fs::path round_path(const fs::path& run, std::uint32_t round) {
  return run / "rounds" / fmt::format("{:06}.json", round);
}

}  // namespace cairn::swarm
