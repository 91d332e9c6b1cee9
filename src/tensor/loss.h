// Cross-entropy over the vocabulary, forward and backward in one pass over the logits.
// N rows, V vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// loss[n] = log(sum over v of exp(logits[n, v])) - logits[n, target[n]], in nats.
// dlogits[n, v] = scale * (softmax(logits[n])[v] - (v == target[n])).
// A row whose target is negative has loss 0 and gradient 0. Targets must be below V.
struct CrossEntropy {
  std::size_t rows = 0, vocabulary = 0;
  float scale = 1.0f;                    // usually 1 / (number of tokens in the grain or batch)
  const std::int32_t* target = nullptr;  // [N]
  float* logits = nullptr;               // [N, V]; overwritten where dlogits is asked for
  float* loss = nullptr;                 // [N]
  Bf16* dlogits = nullptr;               // [N, V], or none where only the loss is wanted
};
void cross_entropy(Context& context, const CrossEntropy& op);

}  // namespace cairn::tensor
