// The pack (pack_scalar.h has the meanings) as four 128-bit registers of aarch64.
//
// Arm decides that a result is tiny before it is rounded, x86 and profile c1 after: with Arm's flush mode a value that
// rounds up to the smallest normal would be lost. So the mode stays off here, results below the smallest normal are
// flushed by a mask, and the rare product or quotient that equals the smallest normal is computed again by lane.h.
// Every pack is free of subnormals.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "tensor/bf16.h"
#include "tensor/lane.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

struct PackNeon {
  using P = PackNeon;
  using V = float32x4_t;
  V v[4];

  template <class F>
  static P each(F f) {
    return {{f(0), f(1), f(2), f(3)}};
  }
  static V smallest() { return vdupq_n_f32(lane::kSmallestNormal); }
  static V flush(V a) {
    const uint32x4_t sign = vandq_u32(vreinterpretq_u32_f32(a), vdupq_n_u32(0x80000000u));
    return vbslq_f32(vcaltq_f32(a, smallest()), vreinterpretq_f32_u32(sign), a);
  }
  // `again` computes one lane exactly.
  template <class F>
  static V settle(V r, F again) {
    if (vmaxvq_u32(vceqq_f32(vabsq_f32(r), smallest())) == 0) return flush(r);
    float lanes[4];
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = again(i).value;
    return vld1q_f32(lanes);
  }
  static Lane at(V a, std::size_t i) {
    float lanes[4];
    vst1q_f32(lanes, a);
    return {lanes[i]};
  }
  static V canonical(V a) { return vbslq_f32(vceqq_f32(a, a), a, vreinterpretq_f32_u32(vdupq_n_u32(0x7FC00000u))); }
  static V widen(uint16x4_t h) { return vreinterpretq_f32_u32(vshll_n_u16(h, 16)); }
  static uint16x4_t narrow(V a) {
    const uint32x4_t u = vreinterpretq_u32_f32(a), odd = vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(1));
    uint32x4_t r = vshrq_n_u32(vaddq_u32(u, vaddq_u32(odd, vdupq_n_u32(0x7FFF))), 16);
    const uint32x4_t small = vceqq_u32(vandq_u32(u, vdupq_n_u32(0x7F800000u)), vdupq_n_u32(0));
    r = vbslq_u32(small, vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(0x8000)), r);
    return vmovn_u32(vbslq_u32(vceqq_f32(a, a), r, vdupq_n_u32(0x7FC0)));
  }

  static P set(float x) {
    return each([v = flush(vdupq_n_f32(x))](std::size_t) { return v; });
  }
  static P load(const float* p) {
    return each([p](std::size_t i) { return flush(vld1q_f32(p + 4 * i)); });
  }
  static P load_part(const float* p, std::size_t n) {
    float all[16] = {};
    for (std::size_t i = 0; i < n; ++i) all[i] = p[i];
    return load(all);
  }
  static P load(const Bf16* p) {
    return each([p](std::size_t i) { return flush(widen(vld1_u16(&p[4 * i].bits))); });
  }
  static P load_part(const Bf16* p, std::size_t n) {
    Bf16 all[16] = {};
    for (std::size_t i = 0; i < n; ++i) all[i] = p[i];
    return load(all);
  }
  static void store(float* p, P a) {
    for (std::size_t i = 0; i < 4; ++i) vst1q_f32(p + 4 * i, canonical(a.v[i]));
  }
  static void store_part(float* p, P a, std::size_t n) {
    float all[16];
    store(all, a);
    for (std::size_t i = 0; i < n; ++i) p[i] = all[i];
  }
  static void store(Bf16* p, P a) {
    for (std::size_t i = 0; i < 4; ++i) vst1_u16(&p[4 * i].bits, narrow(a.v[i]));
  }
  static void store_part(Bf16* p, P a, std::size_t n) {
    Bf16 all[16];
    store(all, a);
    for (std::size_t i = 0; i < n; ++i) p[i] = all[i];
  }

  static P add(P a, P b) {
    return each([&](std::size_t i) { return flush(vaddq_f32(a.v[i], b.v[i])); });
  }
  static P sub(P a, P b) {
    return each([&](std::size_t i) { return flush(vsubq_f32(a.v[i], b.v[i])); });
  }
  static P mul(P a, P b) {
    return each([&](std::size_t i) {
      return settle(vmulq_f32(a.v[i], b.v[i]), [&](std::size_t j) { return at(a.v[i], j) * at(b.v[i], j); });
    });
  }
  static P div(P a, P b) {
    return each([&](std::size_t i) {
      return settle(vdivq_f32(a.v[i], b.v[i]), [&](std::size_t j) { return at(a.v[i], j) / at(b.v[i], j); });
    });
  }
  static P fma(P a, P b, P c) {
    return each([&](std::size_t i) {
      return settle(vfmaq_f32(c.v[i], a.v[i], b.v[i]),
                    [&](std::size_t j) { return tensor::fma(at(a.v[i], j), at(b.v[i], j), at(c.v[i], j)); });
    });
  }
  static P sqrt(P a) {
    return each([&](std::size_t i) { return vsqrtq_f32(a.v[i]); });
  }
  static P neg(P a) {
    return each([&](std::size_t i) { return vnegq_f32(a.v[i]); });
  }
  static P flush(P a) { return a; }
  static P max(P a, P b) {
    return each([&](std::size_t i) { return vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]); });
  }
  static P min(P a, P b) {
    return each([&](std::size_t i) { return vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]); });
  }
  static P select_less(P a, P b, P x, P y) {
    return each([&](std::size_t i) { return vbslq_f32(vcltq_f32(a.v[i], b.v[i]), x.v[i], y.v[i]); });
  }
  static P head(P a, P b, std::size_t n) {
    static constexpr std::uint32_t kIndex[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const uint32x4_t bound = vdupq_n_u32(static_cast<std::uint32_t>(n));
    return each([&](std::size_t i) { return vbslq_f32(vcltq_u32(vld1q_u32(kIndex + 4 * i), bound), a.v[i], b.v[i]); });
  }
  static P power_of_two(P n) {
    return each([&](std::size_t i) {
      return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n.v[i]), vdupq_n_s32(127)), 23));
    });
  }

  static float tree_sum(P a) {
    const V e0 = flush(vaddq_f32(a.v[0], a.v[2])), e1 = flush(vaddq_f32(a.v[1], a.v[3]));
    const V q = flush(vaddq_f32(e0, e1));
    const V d = flush(vaddq_f32(q, vextq_f32(q, q, 2)));
    return vgetq_lane_f32(flush(vaddq_f32(d, vextq_f32(d, d, 1))), 0);
  }
  static float tree_max(P a) {
    const auto top = [](V x, V y) { return vbslq_f32(vcgtq_f32(x, y), x, y); };
    const V q = top(top(a.v[0], a.v[2]), top(a.v[1], a.v[3]));
    const V d = top(q, vextq_f32(q, q, 2));
    return vgetq_lane_f32(top(d, vextq_f32(d, d, 1)), 0);
  }
};

}  // namespace

}  // namespace cairn::tensor
