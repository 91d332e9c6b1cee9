// The forward pass of every family: one function for training, scoring and generation, so that their bits agree.
// Not the loss (model/backward.h). Numbers are made by tensor's operations alone, so another device or profile slots in
// there. One thread per Activations; everything lives in it, nothing is allocated in the pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/activations.h"
#include "model/compute.h"
#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/pages.h"

namespace cairn::model {

// Keys and values of earlier tokens, one sequence: [L, room, G D] each. Empty at first.
struct KeyValueCache {
  // For at least `tokens` in all, at most the context: where more is needed, twice what there was. What is held stays.
  // failed: not enough memory; then nothing has changed.
  Status make_room(const ModelConfig& config, std::size_t tokens);
  tensor::Array<tensor::Bf16> keys, values;
  std::size_t room = 0, length = 0;  // tokens that there is room for, and that are held
};

struct ForwardPass {
  std::size_t batch = 0, time = 0;        // B, T
  std::span<const std::int32_t> ids;      // [B, T], each below V
  const ComputeLowRank* delta = nullptr;  // none: the very same code without the additions
  // None, or one for each sequence: reads the past from it and appends to it. Their lengths may differ. Causal alone.
  std::span<KeyValueCache* const> caches = {};
  std::size_t logits_from = 0;  // the head is applied to rows from here on: logits [N - logits_from, V]
};

// Fills `a`. The caller has checked: ids below V, each cache's length + T within its room, rows and
// rows of logits within a's room, rank of the delta that of `a`. With learned positions T is at most the context.
void forward(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass, Activations& a);

// The loss of each row in nats, the logits being made a few rows at a time: loss [N]. A target below 0 gives 0.
// Otherwise as forward().
void forward_losses(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass,
                    std::span<const std::int32_t> targets, Activations& a, std::span<float> loss);

}  // namespace cairn::model
