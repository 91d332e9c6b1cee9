// Checking a unit by computing it again from its inputs alone: the same run_unit, another Context, equal bits.
// Not who is checked or what follows (swarm/).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "base/tokens.h"
#include "train/unit.h"

namespace cairn::train {

// RFC 9162's tree hash over the states: the leaf is SHA-256(0x00, state), a node SHA-256(0x01, left, right).
Digest state_root(std::span<const Digest> states);

// The outcome of setting a claim beside a replay.
struct Comparison {
  bool equal = false;
  // The first stretch whose state differs (0-based), or the number of stretches where all states agree and only the
  // contribution differs. Empty where equal.
  std::optional<std::uint32_t> first_difference;
  std::string explanation;  // one sentence with the digests
};

// claimed: what a volunteer committed to and sent. recomputed: the replay's own result.
Comparison compare(std::span<const Digest> claimed_states, const Digest& claimed_contribution,
                   const UnitResult& recomputed);

// Replays only the first `stretches` stretches: an audit of a stretch from inputs alone costs what lies before it too.
// Returns the states up to there. Errors as run_unit; invalid: stretches is 0 or more than the unit has.
Result<std::vector<Digest>> replay_stretches(tensor::Context& context, const Checkpoint& checkpoint, Tokens tokens,
                                             const UnitSettings& settings, const UnitKey& key, std::uint32_t stretches,
                                             const Watch& watch = {});

}  // namespace cairn::train
