// A run's folder on disk: plan.json, run.db, blobs/, rounds/, shards/ (where kept), key, lock. One coordinator at a
// time. What the state machine says is durable is written here, in one SQLite transaction per event. Not the machine
// itself. Thread rule: blobs() from any thread, all else by one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/env.h"
#include "base/signature.h"
#include "swarm/blobs.h"
#include "swarm/coordinator.h"
#include "swarm/record.h"

namespace cairn::swarm {

class RunFolder {
 public:
  // Makes the folder or opens what is there. busy: another process has it. invalid: another plan than the folder's, or
  // none at all; a checkpoint without its digest. malformed: damaged.
  static Result<RunFolder> open(const std::filesystem::path& path, const std::optional<Plan>& plan, ByteView checkpoint,
                                Env& env);
  RunFolder(RunFolder&&) noexcept;
  ~RunFolder();

  const std::filesystem::path& path() const;
  const Plan& plan() const;
  const SecretKey& key() const;
  const Blobs& blobs() const;
  const Blobs& shards() const;
  std::filesystem::path shards_path() const;
  TimePoint begun() const;

  // The machine as it was last saved; fresh where it never was.
  Result<Coordinator> coordinator(TimePoint now);
  Status save(const Save& save, const Coordinator& coordinator);
  // When the run completed; kept on the first call with a time.
  Result<std::optional<TimePoint>> completed(std::optional<TimePoint> time);

  // Rows of rounds that are over, too.
  Result<std::vector<UnitRow>> units(std::uint32_t round);
  // The merge's own state before `round`; zero in round 0. From the record of the round before.
  Result<Digest> outer_state(std::uint32_t round) const;
  // Writes rounds/NNNNNN.json: chained to the one before and signed. Writing the same round again gives the same file.
  Status publish(RoundRecord record) const;
  // Paths of the evidence kept, in the order of the volunteers' keys.
  std::filesystem::path evidence_path(const Digest& evidence) const;
  Status keep_evidence(const Cheat& cheat) const;

 private:
  struct State;
  explicit RunFolder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The plan of a run's folder; for readers that do not coordinate.
Result<Plan> read_plan(const std::filesystem::path& run);
std::filesystem::path round_path(const std::filesystem::path& run, std::uint32_t round);

}  // namespace cairn::swarm
