// A pack is sixteen binary32 values, the slots of profile c1, with one operation set for each instruction set: this is
// the plain one. All packs have these functions with these meanings; the kernels (kernels_*.h) are written over them
// once. Stores canonicalise: a NaN is stored as 0x7FC00000, in bfloat16 as 0x7FC0.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/lane.h"

namespace cairn::tensor {

struct PackScalar {
  static constexpr std::size_t kSlots = 16;
  Lane s[kSlots];

  template <class F>
  static PackScalar each(F f) {
    PackScalar r;
    for (std::size_t i = 0; i < kSlots; ++i) r.s[i] = f(i);
    return r;
  }

  static PackScalar set(float x) {
    return each([x](std::size_t) { return Lane{x}; });
  }
  static PackScalar load(const float* p) {
    return each([p](std::size_t i) { return Lane{p[i]}; });
  }
  // The first n slots, 0 < n <= 16; the others are +0.
  static PackScalar load_part(const float* p, std::size_t n) {
    return each([=](std::size_t i) { return Lane{i < n ? p[i] : 0.0f}; });
  }
  static PackScalar load(const Bf16* p) {
    return each([p](std::size_t i) { return Lane{tensor::to_float(p[i])}; });
  }
  static PackScalar load_part(const Bf16* p, std::size_t n) {
    return each([=](std::size_t i) { return Lane{i < n ? tensor::to_float(p[i]) : 0.0f}; });
  }
  static void store_part(float* p, PackScalar a, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      p[i] = a.s[i].value != a.s[i].value ? lane::from_bits(0x7FC00000u) : a.s[i].value;
  }
  static void store(float* p, PackScalar a) { store_part(p, a, kSlots); }
  static void store_part(Bf16* p, PackScalar a, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) p[i] = tensor::to_bf16(a.s[i].value);
  }
  static void store(Bf16* p, PackScalar a) { store_part(p, a, kSlots); }

  static PackScalar add(PackScalar a, PackScalar b) {
    return each([&](std::size_t i) { return a.s[i] + b.s[i]; });
  }
  static PackScalar sub(PackScalar a, PackScalar b) {
    return each([&](std::size_t i) { return a.s[i] - b.s[i]; });
  }
  static PackScalar mul(PackScalar a, PackScalar b) {
    return each([&](std::size_t i) { return a.s[i] * b.s[i]; });
  }
  static PackScalar div(PackScalar a, PackScalar b) {
    return each([&](std::size_t i) { return a.s[i] / b.s[i]; });
  }
  static PackScalar fma(PackScalar a, PackScalar b, PackScalar c) {
    return each([&](std::size_t i) { return tensor::fma(a.s[i], b.s[i], c.s[i]); });
  }
  static PackScalar sqrt(PackScalar a) {
    return each([&](std::size_t i) { return tensor::sqrt(a.s[i]); });
  }
  static PackScalar neg(PackScalar a) {
    return each([&](std::size_t i) { return -a.s[i]; });
  }
  // Subnormals become zeros of their sign; all else stays. For operations that only copy.
  static PackScalar flush(PackScalar a) {
    return each([&](std::size_t i) { return Lane{lane::flush(a.s[i].value)}; });
  }
  // a > b ? a : b, so that a NaN in either gives b; min likewise.
  static PackScalar max(PackScalar a, PackScalar b) {
    return each([&](std::size_t i) { return tensor::max(a.s[i], b.s[i]); });
  }
  static PackScalar min(PackScalar a, PackScalar b) {
    return each([&](std::size_t i) { return tensor::min(a.s[i], b.s[i]); });
  }
  // a < b ? x : y
  static PackScalar select_less(PackScalar a, PackScalar b, PackScalar x, PackScalar y) {
    return each([&](std::size_t i) { return lane::flush(a.s[i].value) < lane::flush(b.s[i].value) ? x.s[i] : y.s[i]; });
  }
  // The first n slots of a, the others of b; n may be 0 or 16.
  static PackScalar head(PackScalar a, PackScalar b, std::size_t n) {
    return each([&](std::size_t i) { return i < n ? a.s[i] : b.s[i]; });
  }
  // 2^n for integral n in [-126, 127]; anything for NaN.
  static PackScalar power_of_two(PackScalar n) {
    return each([&](std::size_t i) {
      const float x = n.s[i].value;
      return Lane{x != x ? x : lane::from_bits(static_cast<std::uint32_t>(static_cast<int>(x) + 127) << 23)};
    });
  }
  // Slot i with slot i + 8, the results i with i + 4, then + 2, then + 1.
  static float tree_sum(PackScalar a) {
    for (std::size_t half = 8; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) a.s[i] = a.s[i] + a.s[i + half];
    return a.s[0].value;
  }
  static float tree_max(PackScalar a) {
    for (std::size_t half = 8; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) a.s[i] = tensor::max(a.s[i], a.s[i + half]);
    return a.s[0].value;
  }
};

}  // namespace cairn::tensor
