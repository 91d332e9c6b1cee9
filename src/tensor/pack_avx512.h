// The pack (pack_scalar.h has the meanings) as one 512-bit register. Included only by files compiled for AVX-512 F, BW,
// DQ, VL; flushing is the thread's mode (FlushScope).
#pragma once

#include <immintrin.h>

#include <cstddef>

#include "tensor/bf16.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

struct PackAvx512 {
  using P = PackAvx512;
  __m512 v;

  static __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
  static __m512 widen(__m256i h) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16)); }
  static __m512 canonical(__m512 v) {
    return _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q),
                              _mm512_castsi512_ps(_mm512_set1_epi32(0x7FC00000)));
  }
  static __m256i narrow(__m512 v) {
    const __m512i u = _mm512_castps_si512(v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    __m512i r = _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF))), 16);
    const __mmask16 normal = _mm512_test_epi32_mask(u, _mm512_set1_epi32(0x7F800000));
    r = _mm512_mask_mov_epi32(_mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(0x8000)), normal, r);
    r = _mm512_mask_mov_epi32(r, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), _mm512_set1_epi32(0x7FC0));
    return _mm512_cvtepi32_epi16(r);
  }

  static P set(float x) { return {_mm512_set1_ps(x)}; }
  static P load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static P load_part(const float* p, std::size_t n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
  static P load(const Bf16* p) { return {widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))}; }
  static P load_part(const Bf16* p, std::size_t n) { return {widen(_mm256_maskz_loadu_epi16(first(n), p))}; }
  static void store(float* p, P a) { _mm512_storeu_ps(p, canonical(a.v)); }
  static void store_part(float* p, P a, std::size_t n) { _mm512_mask_storeu_ps(p, first(n), canonical(a.v)); }
  static void store(Bf16* p, P a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(a.v)); }
  static void store_part(Bf16* p, P a, std::size_t n) { _mm256_mask_storeu_epi16(p, first(n), narrow(a.v)); }

  static P add(P a, P b) { return {_mm512_add_ps(a.v, b.v)}; }
  static P sub(P a, P b) { return {_mm512_sub_ps(a.v, b.v)}; }
  static P mul(P a, P b) { return {_mm512_mul_ps(a.v, b.v)}; }
  static P div(P a, P b) { return {_mm512_div_ps(a.v, b.v)}; }
  static P fma(P a, P b, P c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  static P sqrt(P a) { return {_mm512_sqrt_ps(a.v)}; }
  static P neg(P a) {
    return {_mm512_castsi512_ps(
        _mm512_xor_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(static_cast<int>(0x80000000u))))};
  }
  // By bits: a compiler may drop a multiplication by one.
  static P flush(P a) {
    const __m512i u = _mm512_castps_si512(a.v);
    const __mmask16 small = _mm512_testn_epi32_mask(u, _mm512_set1_epi32(0x7F800000));
    return {_mm512_castsi512_ps(_mm512_mask_and_epi32(u, small, u, _mm512_set1_epi32(static_cast<int>(0x80000000u))))};
  }
  static P max(P a, P b) { return {_mm512_max_ps(a.v, b.v)}; }
  static P min(P a, P b) { return {_mm512_min_ps(a.v, b.v)}; }
  static P select_less(P a, P b, P x, P y) {
    return {_mm512_mask_mov_ps(y.v, _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), x.v)};
  }
  static P head(P a, P b, std::size_t n) { return {_mm512_mask_mov_ps(b.v, first(n), a.v)}; }
  static P power_of_two(P n) {
    return {
        _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n.v), _mm512_set1_epi32(127)), 23))};
  }

  static float tree_sum(P a) {
    const __m256 e = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
    const __m128 q = _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
  }
  static float tree_max(P a) {
    const __m256 e = _mm256_max_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
    const __m128 q = _mm_max_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
  }
};

}  // namespace

}  // namespace cairn::tensor
