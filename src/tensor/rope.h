// Rotary position embedding (Su et al. 2021, arXiv 2104.09864, equation 34), forward and backward: over whole heads or
// over the first channels of each (GPT-NeoX's and GPT-J's partial form), with the pairs (i, i + R/2) or, interleaved,
// (2i, 2i + 1). The same pass rounds to bfloat16, which the attention and the products want. D head width, R channels
// of a head that turn, even. The caller owns all memory.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// Frequencies divided for contexts longer than a model was first trained for: all of them (Chen et al. 2023, arXiv
// 2306.15595), or, with `original` positions above 0, those that turn less than `low` times within them, those that
// turn more than `high` times not, and between the two by shares (Llama 3.1's).
struct RopeScaling {
  float factor = 1.0f;  // 1: as they are
  float original = 0.0f, low = 1.0f, high = 4.0f;
};

// cosine[t, i] and sine[t, i] of t * frequency i, base^(-2i/R) and scaled; both [time, R/2]. Serial; once per model.
void rope_tables(std::size_t time, std::size_t rotated_width, float base, std::span<float> cosine,
                 std::span<float> sine, const RopeScaling& scaling = {});

// Rows of (heads) x D. The first `rotated` heads are turned by the angle of the row's position, the others pass
// unchanged; all are rounded to bfloat16. Row r has position first + r % time.
struct Rope {
  std::size_t rows = 0, heads = 0, rotated = 0, head_width = 0;
  std::size_t rotated_width = 0;  // R; the channels of a head from R on pass unchanged; 0: all turn
  bool interleaved = false;
  std::size_t time = 0, first = 0;
  const float* cosine = nullptr;  // [>= first + time, R/2]
  const float* sine = nullptr;
  const float* in = nullptr;  // [rows, heads, D]
  Bf16* out = nullptr;        // [rows, heads, D]
};
void rope_forward(Context& context, const Rope& op);
// The gradient: turns back by the same angle. in = d(out of forward), out = d(in of forward).
void rope_backward(Context& context, const Rope& op);

}  // namespace cairn::tensor
