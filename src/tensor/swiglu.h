// SwiGLU (Shazeer 2020, arXiv 2002.05202, equation 6), forward and backward: out = gate * sigmoid(gate) * up.
// N rows, F hidden channels.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

struct SwigluForward {
  std::size_t rows = 0, hidden = 0;
  const float* in = nullptr;  // [N, 2F]: F of gate, then F of up
  Bf16* out = nullptr;        // [N, F]
};
void swiglu_forward(Context& context, const SwigluForward& op);

struct SwigluBackward {
  std::size_t rows = 0, hidden = 0;
  const float* in = nullptr;    // [N, 2F] as in the forward pass
  const float* dout = nullptr;  // [N, F]
  Bf16* din = nullptr;          // [N, 2F]
};
void swiglu_backward(Context& context, const SwigluBackward& op);

}  // namespace cairn::tensor
