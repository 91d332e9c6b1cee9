// bfloat16: the upper half of a binary32, as the matrix products take it. Storage only: arithmetic happens in binary32.
// A value; no thread rules.
#pragma once

#include <bit>
#include <cstdint>

namespace cairn::tensor {

struct Bf16 {
  std::uint16_t bits = 0;
  bool operator==(const Bf16&) const = default;
};

// Exact.
inline float to_float(Bf16 x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
}

// Nearest, ties to even. A subnormal becomes a zero of its sign, every NaN becomes 0x7FC0; large values round to
// infinity.
inline Bf16 to_bf16(float x) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(x);
  if ((u & 0x7FFFFFFFu) > 0x7F800000u) return {0x7FC0};
  if ((u & 0x7F800000u) == 0) return {static_cast<std::uint16_t>((u >> 16) & 0x8000u)};
  return {static_cast<std::uint16_t>((u + 0x7FFFu + ((u >> 16) & 1u)) >> 16)};
}

}  // namespace cairn::tensor
