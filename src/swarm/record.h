// The published record of a round: what was merged, from which inputs, by whom, and what came of it. One file a round,
// signed by the coordinator, each naming the digest of the one before it: with the plan it is all that a later audit
// needs beside the blobs. docs/formats/swarm-protocol.md describes the file. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "swarm/claim.h"

namespace cairn::swarm {

struct RoundRecord {
  RunId run;
  std::uint32_t round = 0;
  Digest checkpoint;          // that the round started from
  Digest outer_state;         // of the merge's own state before it; zero in round 0
  std::vector<Claim> claims;  // by lane
  std::vector<bool> audited;  // by lane: replayed before the merge
  Digest next_checkpoint, next_outer_state;
  Digest previous;  // of the record before; zero in round 0
  PublicKey coordinator;
  Signature signature;
};

std::string signed_text(const RoundRecord& record);
std::string to_json(const RoundRecord& record);
// malformed: not such a file. invalid: it does not fit the plan, or the signature does not hold.
Result<RoundRecord> record_from_json(std::string_view text, const Plan& plan);

}  // namespace cairn::swarm
