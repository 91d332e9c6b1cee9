// Counter-based randomness, the same on every machine and in any order: Philox4x32-10 (Salmon et al. 2011, "Parallel
// random numbers: as easy as 1, 2, 3"). For numerics alone; never for keys or secrets (base/env.h's Entropy). Pure
// functions; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn::tensor {

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// Element i of a stream depends on (key, stream, i) alone. Derive `key` from a run's seed, `stream` from what is drawn.
struct Stream {
  std::uint64_t key = 0;
  std::uint64_t stream = 0;
};

// Word i.
std::uint32_t random_word(const Stream& stream, std::uint64_t i);
// Uniform in [0, bound), bound > 0: the high half of word i times bound (bias below bound / 2^32).
inline std::uint32_t random_below(const Stream& stream, std::uint64_t i, std::uint32_t bound) {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(random_word(stream, i)) * bound) >> 32);
}
// Uniform in [0, 1) with 24 bits.
float random_uniform(const Stream& stream, std::uint64_t i);

// out[j] = deviation * normal(first + j), by Box and Muller's method on words (2h, 2h + 1) for elements 2h and 2h + 1,
// with math.h's functions.
void fill_normal(const Stream& stream, std::uint64_t first, float deviation, std::span<float> out);

}  // namespace cairn::tensor
