// Rows of a table by token id, with learned positions added where a model has them, and the gradients of both tables.
// N tokens, C channels, V vocabulary, T time. Ids must lie in [0, V): check them where they enter. The caller owns all
// memory.
//
// Gradients are left folds over grains of `fold` rows (0: all rows are one grain): what is there, plus the chain of the
// first grain, plus that of the second, ... A chain begins at +0 and takes its rows in ascending order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

struct EmbeddingForward {
  std::size_t rows = 0, width = 0;
  const std::int32_t* ids = nullptr;  // [N]
  const Bf16* table = nullptr;        // [V, C]
  // Row n has position first + n % time; its row of `positions` is added.
  std::size_t time = 0, first = 0;
  const Bf16* positions = nullptr;  // [>= first + time, C], or none
  float* out = nullptr;             // [N, C]
};
void embedding_forward(Context& context, const EmbeddingForward& op);

// dtable[v] += the sum of dout[n] over the n with ids[n] == v. Grains without the id add nothing.
struct EmbeddingBackward {
  std::size_t rows = 0, width = 0, vocabulary = 0;
  const std::int32_t* ids = nullptr;  // [N]
  const float* dout = nullptr;        // [N, C]
  float* dtable = nullptr;            // [V, C], added to
  std::size_t fold = 0;               // rows of a grain
};
void embedding_backward(Context& context, const EmbeddingBackward& op);

// dpositions[first + t] += the sum of dout[n] over the n with n % time == t. Rows, and those of a grain, are whole
// sequences: multiples of `time`.
struct PositionGradient {
  std::size_t rows = 0, width = 0;
  std::size_t time = 0, first = 0;
  const float* dout = nullptr;  // [N, C]
  float* dpositions = nullptr;  // [>= first + time, C], added to
  std::size_t fold = 0;         // rows of a grain
};
void position_gradient(Context& context, const PositionGradient& op);

}  // namespace cairn::tensor
