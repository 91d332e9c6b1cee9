// What is said about a unit: a volunteer's claim to have computed it, what a replay of it gave, and the finding where
// they differ. Not the contribution's bytes: those are blobs, named here by digest. Values; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/signature.h"
#include "swarm/plan.h"

namespace cairn::swarm {

using VolunteerId = PublicKey;  // a volunteer is its key

// Signed by the volunteer: "I computed this unit, and this came of it".
struct Claim {
  UnitId unit;
  Digest checkpoint;  // that it was computed from
  VolunteerId volunteer;
  Digest contribution;         // of the contribution's file
  std::vector<Digest> states;  // at the stretch boundaries, as many as the plan has
  double mean_loss = 0;        // nats per token; for show until a replay confirms it
  Signature signature;         // over signed_text()
  bool operator==(const Claim&) const = default;
};
// The bytes under the signature: canonical JSON of all fields but the signature, with the run's id.
std::string signed_text(const RunId& run, const Claim& claim);
Claim sign(const RunId& run, Claim claim, const SecretKey& key);  // sets volunteer and signature
bool is_signed(const RunId& run, const Claim& claim);
std::string to_json(const Claim& claim);
// malformed: not such JSON, or more than `most_states` states.
Result<Claim> claim_from_json(std::string_view text, std::size_t most_states);

// What came of computing a unit from its inputs alone, by someone who knew no claim.
struct Replay {
  Digest contribution;
  std::vector<Digest> states;
  double mean_loss = 0;
  bool operator==(const Replay&) const = default;
};
std::string to_json(const Replay& replay);
Result<Replay> replay_from_json(std::string_view text, std::size_t most_states);

// Empty where the claim is true. Else the index of the first state that is false, or the number of states where all of
// them are true and the contribution (or the loss claimed) is not what they lead to.
std::optional<std::uint32_t> first_difference(const Claim& claim, const Replay& replay);

// A false claim beside its replay: all that anyone with the checkpoint and the shard needs to check it.
struct Cheat {
  Claim claim;
  Replay replay;
  std::uint32_t first_wrong = 0;  // as first_difference() says
  TimePoint found;
  bool operator==(const Cheat&) const = default;
};
std::string explain(const Plan& plan, const Cheat& cheat);  // one sentence, with the digests
// The evidence file: canonical JSON with the plan in it. Its digest names it.
std::string evidence_file(const Plan& plan, const Cheat& cheat);
struct Evidence {
  Plan plan;
  Cheat cheat;
};
// malformed: not such a file. invalid: the claim in it is not signed by the accused, or claim and replay agree.
Result<Evidence> evidence_from_file(std::string_view text);

}  // namespace cairn::swarm
