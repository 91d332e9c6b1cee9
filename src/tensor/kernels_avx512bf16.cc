// Kernels for AVX-512 with BF16: products by VDPBF16PS, which adds the odd product first and then the even one, each
// fused: the definition itself. All else as for AVX-512. Nothing of the standard library is used in this file (see
// kernels_avx512.cc).
#if defined(__x86_64__)
#include "tensor/kernels_avx512.h"

namespace cairn::tensor {
namespace {

template <std::size_t Rows>
struct TileDot : RegisterAvx512 {
  static constexpr std::size_t kRows = Rows, kVectors = 2;
  static constexpr bool kPaired = true, kWatched = false;
  using Word = std::uint32_t;
  static Register load(const Word* p) { return _mm512_loadu_ps(p); }
  static Register broadcast(Word x) { return _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(x))); }
  static Register step(Register a, Register b, Register acc) {
    return _mm512_dpbf16_ps(acc, __builtin_bit_cast(__m512bh, a), __builtin_bit_cast(__m512bh, b));
  }
  static void store_words(Word* p, Register a) { _mm512_storeu_ps(p, a); }
};

}  // namespace

constexpr Kernels kAvx512DotKernels = make_kernels<PackAvx512, TileDot<14>, TileAvx512<14>, TileDot<8>>();

}  // namespace cairn::tensor
#endif
