// Cross-entropy over the vocabulary, forward and backward in one pass over the logits, with the term that keeps the
// softmax's normaliser near 1 (z-loss: Chowdhery et al. 2022, arXiv 2204.02311, section 5). N rows, V vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// With log Z = log(sum over v of exp(logits[n, v])):
// loss[n] = log Z - logits[n, target[n]] + z_loss * (log Z)^2, in nats.
// dlogits[n, v] = scale * (softmax(logits[n])[v] * (1 + 2 * z_loss * log Z) - (v == target[n])).
// A row whose target is negative has loss 0 and gradient 0. Targets must be below V.
struct CrossEntropy {
  std::size_t rows = 0, vocabulary = 0;
  float scale = 1.0f;                    // usually 1 / (number of tokens in the grain or batch)
  float z_loss = 0.0f;                   // 0: the plain cross-entropy; PaLM used 1e-4
  const std::int32_t* target = nullptr;  // [N]
  float* logits = nullptr;               // [N, V]; overwritten where dlogits is asked for
  float* loss = nullptr;                 // [N]
  Bf16* dlogits = nullptr;               // [N, V], or none where only the loss is wanted
};
void cross_entropy(Context& context, const CrossEntropy& op);

}  // namespace cairn::tensor
