// Rows of a table by token id, and the gradient of that table.
// N tokens, C channels, V vocabulary. Ids must lie in [0, V): check them where they enter.
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
  float* out = nullptr;               // [N, C]
};
void embedding_forward(Context& context, const EmbeddingForward& op);

// dtable[v] += the sum of dout[n] over the n with ids[n] == v: one chain from +0 in ascending n, added at the end.
struct EmbeddingBackward {
  std::size_t rows = 0, width = 0, vocabulary = 0;
  const std::int32_t* ids = nullptr;  // [N]
  const float* dout = nullptr;        // [N, C]
  float* dtable = nullptr;            // [V, C], added to
};
void embedding_backward(Context& context, const EmbeddingBackward& op);

}  // namespace cairn::tensor
