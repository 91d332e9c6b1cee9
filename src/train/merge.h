// The outer step: contributions of one round, in lane order, weighted by tokens, move the model (DiLoCo, arXiv
// 2311.08105, alg. 1, with Nesterov momentum as there). Deterministic; who computed a contribution and when it came do
// not enter. Not the choice of contributions: the caller has them verified and ordered.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "train/checkpoint.h"
#include "train/contribution.h"

namespace cairn::train {

struct OuterSettings {
  float learning_rate = 1.0F;  // 1 without momentum is plain averaging
  float momentum = 0.0F;       // in [0, 1); Nesterov
  bool operator==(const OuterSettings&) const = default;
};
Status check(const OuterSettings& settings);
std::string to_json(const OuterSettings& settings);
Result<OuterSettings> outer_settings_from_json(std::string_view text);

// What the coordinator keeps between rounds beside the checkpoint.
struct OuterState {
  std::uint64_t rounds = 0;     // merged so far
  std::vector<float> velocity;  // [P]; empty before the first merge with momentum
  bool operator==(const OuterState&) const = default;
};

// safetensors with the velocity in F32 and the round in the metadata. The reader takes hostile bytes; `parameters` is
// the model's P.
Bytes encode(const OuterState& state);
Result<OuterState> decode_outer_state(ByteView file, std::uint64_t parameters);

// d = sum_i (tokens_i / sum tokens) change_i, left to right; velocity = momentum velocity + d;
// weights += learning_rate (momentum velocity + d). The second moments become the mean of theirs, with the same shares.
// invalid: no contribution, one for another model size or another checkpoint than its fellows, tokens zero.
// failed: the result would not be finite. The checkpoint and the state are untouched on every error.
Status merge(Checkpoint& checkpoint, OuterState& state, std::span<const Contribution> ordered,
             const OuterSettings& settings);

}  // namespace cairn::train
