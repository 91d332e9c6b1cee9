// The factors of dropout.h's elements, many at a time in plain loops that compilers turn into vectors: for kernels.
#pragma once

#include "tensor/dropout.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

// Philox4x32-10 of random.h, for the kDropoutBlocks blocks from `block` on: their words in order. A round is a pass
// over the blocks, so that the words of all of them stand side by side in vectors.
constexpr std::size_t kDropoutBlocks = 64;
struct DropoutCounters {
  std::uint32_t c[4][kDropoutBlocks];
};
[[gnu::always_inline]] inline void dropout_round(DropoutCounters& at, std::uint32_t key0, std::uint32_t key1) {
  for (std::size_t i = 0; i < kDropoutBlocks; ++i) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * at.c[0][i], p1 = std::uint64_t{0xCD9E8D57u} * at.c[2][i];
    const std::uint32_t high0 = static_cast<std::uint32_t>(p0 >> 32), high1 = static_cast<std::uint32_t>(p1 >> 32);
    at.c[0][i] = high1 ^ at.c[1][i] ^ key0;
    at.c[1][i] = static_cast<std::uint32_t>(p1);
    at.c[2][i] = high0 ^ at.c[3][i] ^ key1;
    at.c[3][i] = static_cast<std::uint32_t>(p0);
  }
}
inline void dropout_words(const Stream& s, std::uint64_t block, std::uint32_t (&words)[4 * kDropoutBlocks]) {
  DropoutCounters at;
  for (std::size_t i = 0; i < kDropoutBlocks; ++i) {
    at.c[0][i] = static_cast<std::uint32_t>(block + i);
    at.c[1][i] = static_cast<std::uint32_t>((block + i) >> 32);
    at.c[2][i] = static_cast<std::uint32_t>(s.stream);
    at.c[3][i] = static_cast<std::uint32_t>(s.stream >> 32);
  }
  std::uint32_t key0 = static_cast<std::uint32_t>(s.key), key1 = static_cast<std::uint32_t>(s.key >> 32);
  for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u) dropout_round(at, key0, key1);
  for (std::size_t i = 0; i < kDropoutBlocks; ++i)
    for (std::size_t w = 0; w < 4; ++w) words[4 * i + w] = at.c[w][i];
}

// out[i] = the factor of element first + i of the operation, for i in [0, n).
inline void dropout_factors(const Dropout& dropout, std::uint64_t first, std::size_t n, float* out) {
  const std::uint32_t bound = static_cast<std::uint32_t>(dropout.rate * 65536.0f + 0.5f);
  const float kept = 65536.0f / static_cast<float>(65536 - bound);
  const std::uint64_t at = dropout.first + first;
  for (std::size_t done = 0; done < n;) {
    std::uint32_t words[4 * kDropoutBlocks];
    float factors[8 * kDropoutBlocks];
    dropout_words(dropout.stream, (at + done) / 8, words);
    for (std::size_t i = 0; i < 4 * kDropoutBlocks; ++i) {
      factors[2 * i] = (words[i] & 0xFFFFu) >= bound ? kept : 0.0f;
      factors[2 * i + 1] = (words[i] >> 16) >= bound ? kept : 0.0f;
    }
    const std::size_t skip = (at + done) % 8, room = 8 * kDropoutBlocks - skip,
                      count = n - done < room ? n - done : room;
    for (std::size_t i = 0; i < count; ++i) out[done + i] = factors[skip + i];
    done += count;
  }
}

}  // namespace

}  // namespace cairn::tensor
