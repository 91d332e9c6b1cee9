// What a round starts from: the model and, from the second round on, AdamW's second moments, one number for each block
// of 64 weights (as Adam-mini keeps them, arXiv 2406.16793). A unit inherits nothing else.
// Why: an optimiser that starts afresh in every unit of a few steps never learns how large each gradient usually is;
// whole moments would multiply what a volunteer sends, block means add 6 % (docs/adr/0007-moments-that-travel.md).
// Not the finished model: the last merge of a run leaves the model alone (model/checkpoint.h). Values; the reader takes
// hostile bytes.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "model/model.h"

namespace cairn::train {

inline constexpr std::size_t kBlock = 64;  // consecutive weights of the flat buffer that share a scale and a moment
constexpr std::size_t blocks_of(std::size_t parameters) {
  return (parameters + kBlock - 1) / kBlock;
}

struct Checkpoint {
  model::Model model;
  std::vector<float> moments;  // [ceil(P / 64)], finite, not negative; empty: the optimiser starts afresh
};

// Without moments the bytes are model::encode's, so a run may start from any model; with them a file of the same kind
// with one tensor more (docs/formats/checkpoint.md).
Bytes encode(const Checkpoint& checkpoint);
Digest digest_of(const Checkpoint& checkpoint);
// Errors as model::decode; malformed too: a moment that is negative.
Result<Checkpoint> decode_checkpoint(ByteView file);

// The mean of each block of v, left to right; below kLeastMoment zero, so that no product of the merge comes near the
// subnormal numbers, where processors differ. v: [P], finite, not negative.
inline constexpr float kLeastMoment = 0x1p-80F;
std::vector<float> block_means(std::span<const float> v);
// Each of the P weights gets its block's.
void spread(std::span<const float> moments, std::span<float> v);

}  // namespace cairn::train
