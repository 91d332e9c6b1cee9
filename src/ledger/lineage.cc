#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ledger/ledger.h"
#include "ledger/state.h"

namespace cairn::ledger {
namespace {

using Lock = std::lock_guard<std::mutex>;
using Seqs = std::vector<std::int64_t>;

Result<AssetId> id_of(Database& database, std::int64_t seq) {
  CAIRN_ASSIGN(Statement row, database.prepare("SELECT id FROM asset WHERE seq = ?"));
  CAIRN_ASSIGN(const bool found, row.bind(1, seq).step());
  if (!found) return fail(ErrorCode::malformed, "the lineage names row {}, which does not exist", seq);
  CAIRN_ASSIGN(const Digest digest, row.digest(0));
  return AssetId{digest};
}

}  // namespace

Result<Seqs> neighbours(Database& database, std::int64_t seq, Direction direction) {
  CAIRN_ASSIGN(Statement rows, direction == Direction::up
                                   ? database.prepare("SELECT parent FROM edge WHERE child = ? ORDER BY parent")
                                   : database.prepare("SELECT child FROM edge WHERE parent = ? ORDER BY child"));
  rows.bind(1, seq);
  Seqs out;
  for (;;) {
    CAIRN_ASSIGN(const bool row, rows.step());
    if (!row) return out;
    out.push_back(rows.integer(0));
  }
}

Result<Seqs> reachable(Database& database, std::int64_t seq, Direction direction) {
  Seqs out, level{seq};
  std::unordered_set<std::int64_t> seen{seq};
  while (!level.empty()) {
    Seqs next;
    for (const std::int64_t at : level) {
      CAIRN_ASSIGN(const Seqs around, neighbours(database, at, direction));
      for (const std::int64_t neighbour : around)
        if (seen.insert(neighbour).second) next.push_back(neighbour);
    }
    std::sort(next.begin(), next.end());
    out.insert(out.end(), next.begin(), next.end());
    level = std::move(next);
  }
  return out;
}

Result<std::vector<AssetId>> ids_of(Database& database, const Seqs& seqs) {
  std::vector<AssetId> out;
  out.reserve(seqs.size());
  for (const std::int64_t seq : seqs) {
    CAIRN_ASSIGN(const AssetId id, id_of(database, seq));
    out.push_back(id);
  }
  return out;
}

Result<std::vector<AssetId>> Ledger::inputs(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(const std::int64_t seq, seq_of(state_->database, id));
  CAIRN_ASSIGN(const Seqs around, neighbours(state_->database, seq, Direction::up));
  return ids_of(state_->database, around);
}

Result<std::vector<AssetId>> Ledger::outputs(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(const std::int64_t seq, seq_of(state_->database, id));
  CAIRN_ASSIGN(const Seqs around, neighbours(state_->database, seq, Direction::down));
  return ids_of(state_->database, around);
}

Result<std::vector<AssetId>> Ledger::ancestors(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(const std::int64_t seq, seq_of(state_->database, id));
  CAIRN_ASSIGN(Seqs all, reachable(state_->database, seq, Direction::up));
  std::sort(all.begin(), all.end());
  return ids_of(state_->database, all);
}

Result<std::vector<AssetId>> Ledger::descendants(const AssetId& id) const {
  const Lock lock(state_->mutex);
  CAIRN_ASSIGN(const std::int64_t seq, seq_of(state_->database, id));
  CAIRN_ASSIGN(Seqs all, reachable(state_->database, seq, Direction::down));
  std::sort(all.begin(), all.end());
  return ids_of(state_->database, all);
}

Result<std::vector<AssetId>> Ledger::path(const AssetId& from, const AssetId& to) const {
  const Lock lock(state_->mutex);
  Database& database = state_->database;
  CAIRN_ASSIGN(const std::int64_t start, seq_of(database, from));
  CAIRN_ASSIGN(const std::int64_t goal, seq_of(database, to));
  std::unordered_map<std::int64_t, std::int64_t> reached_from{{start, start}};
  Seqs level{start};
  while (!level.empty() && !reached_from.contains(goal)) {
    Seqs next;
    for (const std::int64_t at : level) {
      CAIRN_ASSIGN(const Seqs around, neighbours(database, at, Direction::down));
      for (const std::int64_t child : around)
        if (child <= goal && reached_from.emplace(child, at).second)
          next.push_back(child);  // inputs are committed before outputs
    }
    std::sort(next.begin(), next.end());
    level = std::move(next);
  }
  if (!reached_from.contains(goal)) return std::vector<AssetId>();
  Seqs steps{goal};
  while (steps.back() != start) steps.push_back(reached_from.at(steps.back()));
  std::reverse(steps.begin(), steps.end());
  return ids_of(database, steps);
}

Result<std::vector<Ledger::Source>> Ledger::sources(const AssetId& id) const {
  const Lock lock(state_->mutex);
  Database& database = state_->database;
  CAIRN_ASSIGN(const std::int64_t seq, seq_of(database, id));
  CAIRN_ASSIGN(Seqs all, reachable(database, seq, Direction::up));
  all.insert(all.begin(), seq);
  std::vector<Source> out;
  std::unordered_set<Digest> seen;
  CAIRN_ASSIGN(Statement row, database.prepare("SELECT id, own, undeclared FROM asset WHERE seq = ?"));
  for (const std::int64_t at : all) {
    row.reset();
    CAIRN_ASSIGN(const bool found, row.bind(1, at).step());
    if (!found)
      return fail(ErrorCode::malformed, "the lineage of {} names row {}, which does not exist", id.brief(), at);
    if (row.is_null(1)) continue;
    CAIRN_ASSIGN(const Digest own, row.digest(1));
    if (!seen.insert(own).second) continue;
    CAIRN_ASSIGN(const Digest asset, row.digest(0));
    out.push_back({{asset}, {own}, row.integer(2) != 0});
  }
  return out;
}

}  // namespace cairn::ledger
