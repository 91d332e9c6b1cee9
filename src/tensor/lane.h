// One binary32 value with the arithmetic of profile c1 spelled out: every subnormal operand counts as a zero of its
// sign, and a result whose rounded magnitude lies below the smallest normal becomes a zero of its sign ("tiny after
// rounding", as x86 decides it). Right whatever the processor's flush modes are. This is the specification's
// arithmetic; it is not fast. Values; any thread.
#pragma once

#include <cmath>
#include <cstdint>

namespace cairn::tensor {

struct Lane {
  float value = 0.0f;
};

namespace lane {

constexpr float kSmallestNormal = 0x1p-126f;
// Halfway between the largest float below the smallest normal and the smallest normal, were there 24 bits of precision
// below it: from here on a value rounds up to a normal.
constexpr double kRoundsToNormal = 0x1p-126 * (1.0 - 0x1p-25);

inline std::uint32_t bits(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
inline float from_bits(std::uint32_t u) {
  return __builtin_bit_cast(float, u);
}

inline float flush(float x) {
  const std::uint32_t u = bits(x);
  return (u & 0x7F800000u) == 0 ? from_bits(u & 0x80000000u) : x;
}

// The result r of an operation whose exact value is `high + low`, |low| below half a unit of `high` (a double).
inline float settle(float r, double high, double low) {
  const std::uint32_t magnitude = bits(r) & 0x7FFFFFFFu;
  if (magnitude > 0x00800000u || magnitude == 0) return r;
  if (magnitude < 0x00800000u) return from_bits(bits(r) & 0x80000000u);
  const double sign = high < 0 ? -1.0 : 1.0;
  const double size = high * sign, rest = low * sign;
  const bool tiny = size < kRoundsToNormal || (size == kRoundsToNormal && rest < 0);
  return tiny ? from_bits(bits(r) & 0x80000000u) : r;
}

}  // namespace lane

inline Lane operator-(Lane a) {
  return {lane::from_bits(lane::bits(a.value) ^ 0x80000000u)};
}

inline Lane operator+(Lane a, Lane b) {
  return {lane::flush(lane::flush(a.value) + lane::flush(b.value))};
}  // exact when tiny
inline Lane operator-(Lane a, Lane b) {
  return {lane::flush(lane::flush(a.value) - lane::flush(b.value))};
}

inline Lane operator*(Lane a, Lane b) {
  const float x = lane::flush(a.value), y = lane::flush(b.value);
  return {lane::settle(x * y, static_cast<double>(x) * y, 0.0)};
}

inline Lane fma(Lane a, Lane b, Lane c) {
  const float x = lane::flush(a.value), y = lane::flush(b.value), z = lane::flush(c.value);
  const float r = std::fma(x, y, z);
  if ((lane::bits(r) & 0x7FFFFFFFu) > 0x00800000u) return {r};
  // Knuth's two-sum: high + low is x * y + z exactly, the product being exact in binary64.
  const double p = static_cast<double>(x) * y, high = p + z, part = high - p;
  return {lane::settle(r, high, (p - (high - part)) + (static_cast<double>(z) - part))};
}

inline Lane operator/(Lane a, Lane b) {
  const float x = lane::flush(a.value), y = lane::flush(b.value);
  const float r = x / y;
  if ((lane::bits(r) & 0x7FFFFFFFu) != 0x00800000u) return {lane::flush(r)};
  // x / y against the bound, by the sign of the remainder x - bound * y, which is exact in three parts' fused product.
  const double q = lane::kRoundsToNormal,
               remainder = std::fma(-q, std::fabs(static_cast<double>(y)), std::fabs(static_cast<double>(x)));
  return {remainder < 0 ? lane::from_bits(lane::bits(r) & 0x80000000u) : r};
}

inline Lane sqrt(Lane a) {
  return {std::sqrt(lane::flush(a.value))};
}

// a where the comparison holds, else b: NaN in either, and equal zeros, give b.
inline Lane max(Lane a, Lane b) {
  return lane::flush(a.value) > lane::flush(b.value) ? a : b;
}
inline Lane min(Lane a, Lane b) {
  return lane::flush(a.value) < lane::flush(b.value) ? a : b;
}

}  // namespace cairn::tensor
