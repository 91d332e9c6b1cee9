// Long vectors: conversions, sums, linear combinations and the AdamW step. n elements; outputs may be their own inputs
// (same pointer), but not overlap otherwise.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

void to_bf16(Context& context, std::size_t n, const float* in, Bf16* out);
void to_float(Context& context, std::size_t n, const Bf16* in, float* out);

// out = a + b
void add(Context& context, std::size_t n, const float* a, const float* b, float* out);

// out = fma(alpha, x, beta * y)
struct Blend {
  std::size_t n = 0;
  float alpha = 1.0f, beta = 1.0f;
  const float* x = nullptr;
  const float* y = nullptr;
  float* out = nullptr;
};
void blend(Context& context, const Blend& op);

// x *= factor
void scale(Context& context, std::size_t n, float factor, float* x);

// Blocks of 4096 elements; within a block element i goes to slot i mod 16 and the slots are combined in a fixed tree;
// the blocks' sums are then added in order, from +0.
float sum(Context& context, std::size_t n, const float* x);
float sum_of_squares(Context& context, std::size_t n, const float* x);

// One step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2; the decay is multiplied by the rate):
//   g = grad_scale * gradient;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   w = w - rate * (m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + epsilon) + weight_decay * w)
struct AdamW {
  std::size_t n = 0;
  float rate = 1e-3f, beta1 = 0.9f, beta2 = 0.95f, epsilon = 1e-8f, weight_decay = 0.0f;
  float grad_scale = 1.0f;  // of clipping
  std::size_t step = 1;     // from 1
  const float* gradient = nullptr;
  float* weights = nullptr;  // the masters, updated
  float* m = nullptr;        // first moment, updated
  float* v = nullptr;        // second moment, updated
  Bf16* copy = nullptr;      // the new weights rounded to bfloat16; or none
};
void adamw(Context& context, const AdamW& op);

}  // namespace cairn::tensor
