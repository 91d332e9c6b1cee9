// Rotary position embedding (Su et al. 2021, arXiv 2104.09864, equation 34), forward and backward, with the pairs (i, i
// + D/2) of each head. The same pass rounds to bfloat16, which the attention and the products want. D head width, even.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// cosine[t, i] and sine[t, i] of t * base^(-2i/D), both [time, D/2]. Serial; once per model.
void rope_tables(std::size_t time, std::size_t head_width, float base, std::span<float> cosine, std::span<float> sine);

// Rows of (heads) x D. The first `rotated` heads are turned by the angle of the row's position, the others pass
// unchanged; all are rounded to bfloat16. Row r has position first + r % time.
struct Rope {
  std::size_t rows = 0, heads = 0, rotated = 0, head_width = 0;
  std::size_t time = 0, first = 0;
  const float* cosine = nullptr;  // [>= first + time, D/2]
  const float* sine = nullptr;
  const float* in = nullptr;  // [rows, heads, D]
  Bf16* out = nullptr;        // [rows, heads, D]
};
void rope_forward(Context& context, const Rope& op);
// The gradient: turns back by the same angle. in = d(out of forward), out = d(in of forward).
void rope_backward(Context& context, const Rope& op);

}  // namespace cairn::tensor
