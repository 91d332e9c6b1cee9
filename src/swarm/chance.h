// Randomness for the machines: pure functions of a seed that is passed in. Not for keys and not for numerics.
#pragma once

#include <cstdint>

namespace cairn::swarm::chance {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): distinct seeds give numbers that look unrelated.
constexpr std::uint64_t mix(std::uint64_t seed) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

// In [0, 1).
constexpr double uniform(std::uint64_t seed) {
  return static_cast<double>(mix(seed) >> 11) * 0x1p-53;
}

}  // namespace cairn::swarm::chance
