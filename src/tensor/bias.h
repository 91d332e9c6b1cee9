// A bias added to rows, and its gradient. N rows, C channels. The caller owns all memory.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// x[n, c] += bias[c], in place.
struct AddBias {
  std::size_t rows = 0, width = 0;
  std::size_t stride = 0;       // elements from row to row of x, at least C
  const float* bias = nullptr;  // [C]
  float* x = nullptr;           // [N, C]
};
void add_bias(Context& context, const AddBias& op);

// dbias += the left fold over grains of `fold` rows (0: all rows are one grain; the last may be shorter) of the sums
// over rows of dy, each one chain from +0 in ascending order. dy is what multiplies the weights' gradient beside it.
struct BiasGradient {
  std::size_t rows = 0, width = 0;
  std::size_t stride = 0;    // of dy
  const Bf16* dy = nullptr;  // [N, C]
  float* dbias = nullptr;    // [C], added to
  std::size_t fold = 0;      // rows of a grain
};
void bias_gradient(Context& context, const BiasGradient& op);

}  // namespace cairn::tensor
