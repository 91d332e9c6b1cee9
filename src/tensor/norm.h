// RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467, equation 4), forward and backward.
// N rows (batch x time), C channels. Pointers must be valid for the shapes.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// y = x * rstd * weight, rstd = 1 / sqrt(mean(x^2) + epsilon)
struct RmsNormForward {
  std::size_t rows = 0, width = 0;
  float epsilon = 1e-5f;
  const float* x = nullptr;       // [N, C]
  const float* weight = nullptr;  // [C]
  Bf16* y = nullptr;              // [N, C]
  float* rstd = nullptr;          // [N], kept for the backward pass
};
void rms_norm_forward(Context& context, const RmsNormForward& op);

// dx += rstd * (weight * dy - x * rstd^2 * mean(weight * dy * x));  dweight += sum over rows of dy * x * rstd, as one
// chain over ascending rows that is added at the end.
struct RmsNormBackward {
  std::size_t rows = 0, width = 0;
  const float* x = nullptr;       // [N, C]
  const float* weight = nullptr;  // [C]
  const float* rstd = nullptr;    // [N]
  const float* dy = nullptr;      // [N, C]
  float* dx = nullptr;            // [N, C], added to
  float* dweight = nullptr;       // [C], added to; or none
};
void rms_norm_backward(Context& context, const RmsNormBackward& op);

}  // namespace cairn::tensor
