// Kernels for AVX-512 F, BW, DQ, VL. Nothing of the standard library is used in this file: what it would instantiate
// could be linked into code that runs on processors without AVX-512.
#if defined(__x86_64__)
#include "tensor/kernels_avx512.h"

namespace cairn::tensor {

constexpr Kernels kAvx512Kernels = make_kernels<PackAvx512, TileAvx512<14>, TileAvx512<14>, TileAvx512<8>>();

}  // namespace cairn::tensor
#endif
