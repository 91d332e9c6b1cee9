// What coordinator and volunteer say to each other, as values: the same in the simulator and on the network.
// Not their form on the wire (wire.h) and not how they travel (host.h, join.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/digest.h"
#include "base/result.h"
#include "swarm/claim.h"

namespace cairn::swarm {

inline constexpr std::uint32_t kProtocol = 1;

// A unit with its inputs: all that a volunteer needs to compute it, the plan being known.
struct Assignment {
  UnitId unit;
  Digest checkpoint, shard;
  bool operator==(const Assignment&) const = default;
};

// --- the coordinator's answers ---
struct Welcome {};  // registered, now or before
struct Assigned {
  Assignment work;
};
struct NoWork {};     // all units of the round are in hand: ask again
struct Keep {         // to a heartbeat
  bool go_on = true;  // false: the unit is settled, stop computing it
};
enum class Standing : std::uint8_t {
  received,    // kept; to be replayed before it is merged
  accepted,    // kept; will be merged
  not_needed,  // another's equal claim came first, or the round is over
};
struct Taken {  // to a claim: becomes the signed receipt
  UnitId unit;
  Digest contribution;
  Standing standing = Standing::received;
  bool operator==(const Taken&) const = default;
};
struct RunOver {};  // complete: nothing is left to do
struct Banished {   // put out for a false claim
  Digest evidence;
};
struct Refused {  // a request that makes no sense: unknown volunteer, a unit never handed to it
  Error error;
};
using Answer = std::variant<Welcome, Assigned, NoWork, Keep, Taken, RunOver, Banished, Refused>;

std::string_view name_of(Standing standing);

}  // namespace cairn::swarm
