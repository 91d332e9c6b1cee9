// GELU (Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2), exact and in its approximation by tanh, forward and
// backward. N rows, F hidden channels. Not a product with a gate: that is swiglu.h. The caller owns all memory.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// out = x * (1 + erf(x / sqrt 2)) / 2, or with `tanh` x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2.
struct GeluForward {
  std::size_t rows = 0, hidden = 0;
  bool tanh = false;
  const float* in = nullptr;  // [N, F]
  Bf16* out = nullptr;        // [N, F]
};
void gelu_forward(Context& context, const GeluForward& op);

struct GeluBackward {
  std::size_t rows = 0, hidden = 0;
  bool tanh = false;
  const float* in = nullptr;    // [N, F] as in the forward pass
  const float* dout = nullptr;  // [N, F]
  Bf16* din = nullptr;          // [N, F]
};
void gelu_backward(Context& context, const GeluBackward& op);

}  // namespace cairn::tensor
