// RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467, equation 4), LayerNorm (Ba, Kiros and Hinton 2016, arXiv
// 1607.06450, equation 3) and the norm of each head's queries and keys (Henry et al. 2020, arXiv 2010.04245, with
// RMSNorm instead of the length), forward and backward. Not checked: values, shapes. N rows (batch x time), C channels,
// H heads of D channels. The caller owns all memory; pointers must be valid for the shapes.
//
// Gradients of weights and biases are left folds over grains of `fold` rows (0: all rows are one grain; the last may be
// shorter): what is there, plus the chain of the first grain, plus that of the second, ... A chain begins at +0 and
// takes its rows in ascending order.
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

// dx += rstd * (weight * dy - x * rstd^2 * mean(weight * dy * x));  dweight += sum over rows of dy * x * rstd
struct RmsNormBackward {
  std::size_t rows = 0, width = 0;
  const float* x = nullptr;       // [N, C]
  const float* weight = nullptr;  // [C]
  const float* rstd = nullptr;    // [N]
  const float* dy = nullptr;      // [N, C]
  float* dx = nullptr;            // [N, C], added to
  float* dweight = nullptr;       // [C], added to; or none
  std::size_t fold = 0;           // rows of a grain
};
void rms_norm_backward(Context& context, const RmsNormBackward& op);

// y = (x - mean(x)) * rstd * weight (+ bias), rstd = 1 / sqrt(mean((x - mean(x))^2) + epsilon)
struct LayerNormForward {
  std::size_t rows = 0, width = 0;
  float epsilon = 1e-5f;
  const float* x = nullptr;       // [N, C]
  const float* weight = nullptr;  // [C]
  const float* bias = nullptr;    // [C], or none
  Bf16* y = nullptr;              // [N, C]
  float* mean = nullptr;          // [N], kept for the backward pass, as rstd
  float* rstd = nullptr;          // [N]
};
void layer_norm_forward(Context& context, const LayerNormForward& op);

// With g = weight * dy and u = (x - mean) * rstd: dx += rstd * (g - mean(g) - u * mean(g * u));  dweight += sum over
// rows of dy * u;  dbias += sum over rows of dy.
struct LayerNormBackward {
  std::size_t rows = 0, width = 0;
  const float* x = nullptr;       // [N, C]
  const float* weight = nullptr;  // [C]
  const float* mean = nullptr;    // [N]
  const float* rstd = nullptr;    // [N]
  const float* dy = nullptr;      // [N, C]
  float* dx = nullptr;            // [N, C], added to
  float* dweight = nullptr;       // [C], added to; or none
  float* dbias = nullptr;         // [C], added to; or none
  std::size_t fold = 0;           // rows of a grain
};
void layer_norm_backward(Context& context, const LayerNormBackward& op);

// RMSNorm of each head alone, all heads with one weight: element (n, h, d) is x[n * stride + h * D + d]. Binary32 in
// and out: what follows (rope.h) rounds.
struct HeadNormForward {
  std::size_t rows = 0, heads = 0, head_width = 0;
  std::size_t stride = 0;  // elements from row to row of x and y, at least H * D
  float epsilon = 1e-5f;
  const float* x = nullptr;       // [N, H, D]
  const float* weight = nullptr;  // [D]
  float* y = nullptr;             // [N, H, D]; may be x
  float* rstd = nullptr;          // [N, H], kept for the backward pass
};
void head_norm_forward(Context& context, const HeadNormForward& op);

// As RmsNormBackward, but dx is overwritten. dweight's chains take the heads of a row in ascending order, row after
// row.
struct HeadNormBackward {
  std::size_t rows = 0, heads = 0, head_width = 0;
  std::size_t stride = 0;         // of x, dy and dx
  const float* x = nullptr;       // [N, H, D], before the norm
  const float* weight = nullptr;  // [D]
  const float* rstd = nullptr;    // [N, H]
  const float* dy = nullptr;      // [N, H, D]
  float* dx = nullptr;            // [N, H, D]; may be dy
  float* dweight = nullptr;       // [D], added to; or none
  std::size_t fold = 0;           // rows of a grain
};
void head_norm_backward(Context& context, const HeadNormBackward& op);

}  // namespace cairn::tensor
