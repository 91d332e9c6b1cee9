// Kernels for AVX2 and FMA. Nothing of the standard library is used in this file (see kernels_avx512.cc).
#if defined(__x86_64__)
#include "tensor/kernels_table.h"
#include "tensor/pack_avx2.h"

namespace cairn::tensor {
namespace {

struct TileAvx2 {
  static constexpr std::size_t kRows = 6, kVectors = 2, kLanes = 8;
  static constexpr bool kPaired = false, kWatched = false;
  using Word = float;
  using Register = __m256;
  static Register load(const Word* p) { return _mm256_loadu_ps(p); }
  static Register broadcast(Word x) { return _mm256_set1_ps(x); }
  static Register zero() { return _mm256_setzero_ps(); }
  static Register step(Register a, Register b, Register acc) { return _mm256_fmadd_ps(a, b, acc); }
  static Register add(Register a, Register b) { return _mm256_add_ps(a, b); }
  static Register load_floats(const float* p) { return _mm256_loadu_ps(p); }
  static Register load_floats_part(const float* p, std::size_t n) { return _mm256_maskload_ps(p, PackAvx2::first(n)); }
  static void store_floats(float* p, Register a) { _mm256_storeu_ps(p, a); }
  static void store(float* p, Register a) { _mm256_storeu_ps(p, PackAvx2::canonical(a)); }
  static void store_part(float* p, Register a, std::size_t n) {
    _mm256_maskstore_ps(p, PackAvx2::first(n), PackAvx2::canonical(a));
  }
  static void store_words(Word* p, Register a) { _mm256_storeu_ps(p, a); }
  static Register load_words(const Bf16* p) {
    return _mm256_castsi256_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Register odd(Register w) {
    return _mm256_and_ps(w, _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(0xFFFF0000u))));
  }
  static Register even(Register w) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(w), 16)); }
  static Register widen(const Bf16* p) { return PackAvx2::widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }

  static void transpose(Register (&r)[8]) {
    __m256 t[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
      t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
      r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
      r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
      r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
      r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
      t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) r[i] = t[i];
  }
};

}  // namespace

constexpr Kernels kAvx2Kernels = make_kernels<PackAvx2, TileAvx2, TileAvx2, TileAvx2>();

}  // namespace cairn::tensor
#endif
