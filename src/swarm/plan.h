// A run's plan: everything that decides the model, fixed before the first unit is handed out, and published.
// Not who computes (that decides nothing) and not where bytes lie. A value; the run's id is the digest of its text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/env.h"
#include "base/ids.h"
#include "base/result.h"
#include "train/plan.h"

namespace cairn::swarm {

// A unit of a run: the lane of a round. Ordered as merged.
struct UnitId {
  std::uint32_t round = 0, lane = 0;
  std::string text() const;  // "r3.l1"
  auto operator<=>(const UnitId&) const = default;
};

// When the coordinator stops waiting. Nothing here enters the model.
struct Pace {
  Duration heartbeat{2'000};  // a volunteer that computes reports this often
  Duration lease{15'000};     // without a heartbeat for this long, its unit is open to others
  // A unit in work for longer than this, and than twice the mean of the run's units so far, may be given to a second.
  Duration late{10'000};
  bool operator==(const Pace&) const = default;
};

struct Plan : train::Course {
  std::string name;              // for people, 1 to 100 characters
  std::uint64_t seed = 0;        // keys the Philox streams of all units
  Digest checkpoint;             // of the file of the model that the first round starts from
  std::uint64_t parameters = 0;  // P of that model; bounds the size of a contribution
  // Of the tokens of each unit, [rounds x lanes], round by round: little-endian 16-bit ids, one after the other.
  std::vector<Digest> shards;
  double audit_share = 1.0;  // of the contributions, that are replayed before they are merged; in (0, 1]
  Pace pace;
  bool operator==(const Plan&) const = default;

  std::size_t index(UnitId unit_id) const { return std::size_t{unit_id.round} * lanes + unit_id.lane; }
  const Digest& shard(UnitId unit_id) const { return shards.at(index(unit_id)); }
  train::UnitKey unit_key(UnitId unit_id) const { return {seed, unit_id.round, unit_id.lane}; }
  std::uint64_t contribution_bytes() const;  // exact
};

inline constexpr std::uint64_t kMostShardBytes = std::uint64_t{1} << 28;
// A run's checkpoints are read whole: 16 GiB of weights and their head.
inline constexpr std::uint64_t kMostRunParameters = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kMostCheckpointBytes = 4 * kMostRunParameters + (std::uint64_t{1} << 20);

// invalid: the first field out of its range, with the range. Whether the units fit the model is checked by whoever has
// it.
Status check(const Plan& plan);

// Canonical JSON (docs/formats/swarm-protocol.md). The reader takes hostile text: malformed, or what check() says.
std::string to_json(const Plan& plan);
Result<Plan> plan_from_json(std::string_view text);

RunId run_id(const Plan& plan);

}  // namespace cairn::swarm
