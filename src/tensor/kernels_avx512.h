// The AVX-512 product tile with two fused multiply-adds a pair. Included only by files compiled for AVX-512 F, BW, DQ,
// VL.
#pragma once

#include "tensor/kernels_table.h"
#include "tensor/pack_avx512.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

struct RegisterAvx512 {
  static constexpr std::size_t kLanes = 16;
  using Register = __m512;
  static Register zero() { return _mm512_setzero_ps(); }
  static Register add(Register a, Register b) { return _mm512_add_ps(a, b); }
  static Register load_floats(const float* p) { return _mm512_loadu_ps(p); }
  static Register load_floats_part(const float* p, std::size_t n) {
    return _mm512_maskz_loadu_ps(PackAvx512::first(n), p);
  }
  static void store_floats(float* p, Register a) { _mm512_storeu_ps(p, a); }
  static void store(float* p, Register a) { PackAvx512::store(p, {a}); }
  static void store_part(float* p, Register a, std::size_t n) { PackAvx512::store_part(p, {a}, n); }
  static Register load_words(const Bf16* p) { return _mm512_loadu_ps(p); }
  static Register odd(Register w) {
    return _mm512_castsi512_ps(
        _mm512_and_si512(_mm512_castps_si512(w), _mm512_set1_epi32(static_cast<int>(0xFFFF0000u))));
  }
  static Register even(Register w) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(w), 16)); }
  static Register join(Register odd, Register even) {
    return _mm512_castsi512_ps(
        _mm512_or_si512(_mm512_castps_si512(odd), _mm512_srli_epi32(_mm512_castps_si512(even), 16)));
  }
  static Register widen(const Bf16* p) { return PackAvx512::load(p).v; }

  static void transpose(Register (&r)[16]) {
    __m512 t[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
      t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
      t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
      r[i] = pairs_low(t[i], t[i + 2]);
      r[i + 1] = pairs_high(t[i], t[i + 2]);
      r[i + 2] = pairs_low(t[i + 1], t[i + 3]);
      r[i + 3] = pairs_high(t[i + 1], t[i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
      t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xDD);
      t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
      t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xDD);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
      r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xDD);
    }
  }
  static __m512 pairs_low(__m512 a, __m512 b) {
    return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  }
  static __m512 pairs_high(__m512 a, __m512 b) {
    return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  }
};

template <std::size_t Rows>
struct TileAvx512 : RegisterAvx512 {
  static constexpr std::size_t kRows = Rows, kVectors = 2;
  static constexpr bool kPaired = false, kWatched = false;
  using Word = float;
  static Register load(const Word* p) { return _mm512_loadu_ps(p); }
  static Register broadcast(Word x) { return _mm512_set1_ps(x); }
  static Register step(Register a, Register b, Register acc) { return _mm512_fmadd_ps(a, b, acc); }
  static void store_words(Word* p, Register a) { _mm512_storeu_ps(p, a); }
};

}  // namespace

}  // namespace cairn::tensor
