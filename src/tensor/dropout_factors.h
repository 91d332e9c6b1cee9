// The factors of dropout.h's elements, many at a time in plain loops that compilers turn into vectors: for kernels.
#pragma once

#include "tensor/dropout.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

// Philox4x32-10 of random.h, for the blocks block .. block + 15 of a stream: their words in order.
constexpr std::size_t kDropoutBlocks = 16;
inline void dropout_words(const Stream& s, std::uint64_t block, std::uint32_t (&words)[4 * kDropoutBlocks]) {
  std::uint32_t c0[kDropoutBlocks], c1[kDropoutBlocks], c2[kDropoutBlocks], c3[kDropoutBlocks];
  for (std::size_t i = 0; i < kDropoutBlocks; ++i) {
    c0[i] = static_cast<std::uint32_t>(block + i), c1[i] = static_cast<std::uint32_t>((block + i) >> 32);
    c2[i] = static_cast<std::uint32_t>(s.stream), c3[i] = static_cast<std::uint32_t>(s.stream >> 32);
  }
  std::uint32_t key0 = static_cast<std::uint32_t>(s.key), key1 = static_cast<std::uint32_t>(s.key >> 32);
  for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u)
    for (std::size_t i = 0; i < kDropoutBlocks; ++i) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c0[i], p1 = std::uint64_t{0xCD9E8D57u} * c2[i];
      c0[i] = static_cast<std::uint32_t>(p1 >> 32) ^ c1[i] ^ key0, c1[i] = static_cast<std::uint32_t>(p1);
      c2[i] = static_cast<std::uint32_t>(p0 >> 32) ^ c3[i] ^ key1, c3[i] = static_cast<std::uint32_t>(p0);
    }
  for (std::size_t i = 0; i < kDropoutBlocks; ++i)
    words[4 * i] = c0[i], words[4 * i + 1] = c1[i], words[4 * i + 2] = c2[i], words[4 * i + 3] = c3[i];
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
