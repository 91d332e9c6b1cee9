// The pack (pack_scalar.h has the meanings) as two 256-bit registers: slots 0 to 7 and 8 to 15. Included only by files
// compiled for AVX2 and FMA; flushing is the thread's mode (FlushScope).
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "tensor/bf16.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

struct PackAvx2 {
  using P = PackAvx2;
  __m256 a, b;

  // All ones in the first n of 8 lanes; n may be beyond 8.
  static __m256i first(std::size_t n) {
    const int lanes = n > 8 ? 8 : static_cast<int>(n);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static std::size_t beyond8(std::size_t n) { return n > 8 ? n - 8 : 0; }
  static __m256 widen(__m128i h) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16)); }
  static __m256 canonical(__m256 v) {
    return _mm256_blendv_ps(v, _mm256_castsi256_ps(_mm256_set1_epi32(0x7FC00000)), _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  }
  [[gnu::always_inline]] static __m128i narrow(__m256 v) {
    const __m256i u = _mm256_castps_si256(v), high = _mm256_srli_epi32(u, 16);
    const __m256i odd = _mm256_and_si256(high, _mm256_set1_epi32(1));
    __m256i r = _mm256_srli_epi32(_mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
    const __m256i small =
        _mm256_cmpeq_epi32(_mm256_and_si256(u, _mm256_set1_epi32(0x7F800000)), _mm256_setzero_si256());
    r = _mm256_blendv_epi8(r, _mm256_and_si256(high, _mm256_set1_epi32(0x8000)), small);
    r = _mm256_blendv_epi8(r, _mm256_set1_epi32(0x7FC0), _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)));
    return _mm_packus_epi32(_mm256_castsi256_si128(r), _mm256_extracti128_si256(r, 1));
  }

  static P set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  static P load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static P load_part(const float* p, std::size_t n) {
    return {_mm256_maskload_ps(p, first(n)), n > 8 ? _mm256_maskload_ps(p + 8, first(n - 8)) : _mm256_setzero_ps()};
  }
  static P load(const Bf16* p) {
    return {widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))),
            widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 8)))};
  }
  static P load_part(const Bf16* p, std::size_t n) {
    Bf16 all[16] = {};
    for (std::size_t i = 0; i < n; ++i) all[i] = p[i];
    return load(all);
  }
  static void store(float* p, P x) {
    _mm256_storeu_ps(p, canonical(x.a));
    _mm256_storeu_ps(p + 8, canonical(x.b));
  }
  static void store_part(float* p, P x, std::size_t n) {
    _mm256_maskstore_ps(p, first(n), canonical(x.a));
    if (n > 8) _mm256_maskstore_ps(p + 8, first(n - 8), canonical(x.b));
  }
  [[gnu::always_inline]] static void store(Bf16* p, P x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow(x.a));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 8), narrow(x.b));
  }
  static void store_part(Bf16* p, P x, std::size_t n) {
    Bf16 all[16];
    store(all, x);
    for (std::size_t i = 0; i < n; ++i) p[i] = all[i];
  }

  static P add(P x, P y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
  static P sub(P x, P y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
  static P mul(P x, P y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
  static P div(P x, P y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
  static P fma(P x, P y, P z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
  static P sqrt(P x) { return {_mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)}; }
  static P neg(P x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_xor_ps(x.a, sign), _mm256_xor_ps(x.b, sign)};
  }
  // By bits: a compiler may drop a multiplication by one.
  static __m256 flush(__m256 v) {
    const __m256i exponent = _mm256_and_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x7F800000));
    const __m256i small = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
    return _mm256_blendv_ps(v, _mm256_and_ps(v, _mm256_set1_ps(-0.0f)), _mm256_castsi256_ps(small));
  }
  static P flush(P x) { return {flush(x.a), flush(x.b)}; }
  static P max(P x, P y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
  static P min(P x, P y) { return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)}; }
  static P select_less(P x, P y, P t, P f) {
    return {_mm256_blendv_ps(f.a, t.a, _mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ)),
            _mm256_blendv_ps(f.b, t.b, _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ))};
  }
  static P head(P x, P y, std::size_t n) {
    return {_mm256_blendv_ps(y.a, x.a, _mm256_castsi256_ps(first(n))),
            _mm256_blendv_ps(y.b, x.b, _mm256_castsi256_ps(first(beyond8(n))))};
  }
  static __m256 power(__m256 n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
  }
  static P power_of_two(P n) { return {power(n.a), power(n.b)}; }

  static float tree_sum(P x) {
    const __m256 e = _mm256_add_ps(x.a, x.b);
    const __m128 q = _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
  }
  static float tree_max(P x) {
    const __m256 e = _mm256_max_ps(x.a, x.b);
    const __m128 q = _mm_max_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
  }
};

}  // namespace

}  // namespace cairn::tensor
