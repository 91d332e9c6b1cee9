// A contribution: the change that a unit made to the weights, quantised in blocks (docs/formats/contribution.md).
// Equal changes give equal bytes; its id is the SHA-256 of the bytes. The reader takes hostile bytes.
// Not who made it or for which unit: the swarm's receipts say that.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "train/checkpoint.h"

namespace cairn::train {

struct Contribution {
  std::uint32_t bits = 8;        // 4 or 8
  std::uint64_t parameters = 0;  // P
  std::uint64_t tokens = 0;      // that it was trained on: its weight in the merge
  Digest checkpoint;             // the model that it changes
  std::vector<float> scales;     // [ceil(P / 64)], each finite and not negative
  std::vector<float> moments;    // [ceil(P / 64)], AdamW's second moments at the unit's end (train/checkpoint.h)
  Bytes codes;                   // [P] two's complement, two a byte (low half first) at 4 bits
  bool operator==(const Contribution&) const = default;
};

// The change after - before, [P], in blocks; the moments zero. failed: it is not finite. invalid: bits other than 4 or
// 8.
Result<Contribution> quantise(std::span<const float> before, std::span<const float> after, std::uint32_t bits);

// out [P] = the change, as the merge reads it.
void dequantise(const Contribution& contribution, std::span<float> out);

Bytes encode(const Contribution& contribution);

// malformed: a wrong magic, version, size, digest or scale, or a code out of range. The size is checked against
// `parameters` before anything is allocated; `parameters` is the receiver's own model's (invalid where the file's
// differs).
Result<Contribution> decode_contribution(ByteView bytes, std::uint64_t parameters);

// The exact size of such a file: what a receiver allows, and no more.
std::uint64_t encoded_size(std::uint64_t parameters, std::uint32_t bits);

}  // namespace cairn::train
