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
#include "train/merge.h"
#include "train/unit.h"

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

struct Plan {
  std::string name;          // for people, 1 to 100 characters
  std::uint64_t seed = 0;    // keys the Philox streams of all units
  std::uint32_t rounds = 1;  // 1 to 100,000
  std::uint32_t lanes = 4;   // units per round, 1 to 1,024
  train::UnitSettings unit;  // first_step is 0 here: unit_settings() gives each round its own
  train::OuterSettings outer;
  Digest checkpoint;             // of the file of the model that the first round starts from
  std::uint64_t parameters = 0;  // P of that model; bounds the size of a contribution
  // Of the tokens of each unit, [rounds x lanes], round by round: little-endian 16-bit ids, one after the other.
  std::vector<Digest> shards;
  double audit_share = 1.0;  // of the contributions, that are replayed before they are merged; in (0, 1]
  Pace pace;
  bool operator==(const Plan&) const = default;

  const Digest& shard(UnitId unit_id) const { return shards.at(std::size_t{unit_id.round} * lanes + unit_id.lane); }
  train::UnitSettings unit_settings(std::uint32_t round) const;
  train::UnitKey unit_key(UnitId unit_id) const { return {seed, unit_id.round, unit_id.lane}; }
  std::uint32_t stretches() const;  // states that a unit commits to
  std::uint64_t tokens_per_unit() const;
  std::uint64_t contribution_bytes() const;  // exact
  std::uint64_t units() const { return std::uint64_t{rounds} * lanes; }
};

inline constexpr std::uint64_t kMostShardBytes = std::uint64_t{1} << 28;
inline constexpr std::uint64_t kMostCheckpointBytes = std::uint64_t{1} << 34;

// invalid: the first field out of its range, with the range. The unit's settings are checked against the model by
// whoever has it.
Status check(const Plan& plan);

// Canonical JSON (docs/formats/swarm-protocol.md). The reader takes hostile text: malformed, or what check() says.
std::string to_json(const Plan& plan);
Result<Plan> plan_from_json(std::string_view text);

RunId run_id(const Plan& plan);

}  // namespace cairn::swarm
