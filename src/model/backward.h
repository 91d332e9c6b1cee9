// Loss and gradient of one grain: cross-entropy in nats, then back through the blocks. Beside model/forward.h.
// Gradients are added to, never overwritten: a batch's gradient is the left fold over its grains.
// One thread per Workspace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/forward.h"
#include "model/linear.h"

namespace cairn::model {

struct Workspace {
  // Room for `rows` = B T tokens; rank 0 where no low-rank change will be passed.
  Workspace(const ModelConfig& config, std::size_t rows, std::size_t rank = 0);

  Activations activations;
  std::vector<float> loss;                    // [N] nats
  std::vector<tensor::Bf16> dlogits;          // [N, V]
  std::vector<float> dx;                      // [N, C] the residual stream's gradient
  std::vector<tensor::Bf16> dx_narrow;        // [N, C] the same, rounded: what products read
  std::vector<float> dwide;                   // [N, max(F, C)] gradient of a linear map's input
  std::vector<tensor::Bf16> dattended;        // [N, C]
  std::vector<float> dqkv;                    // [N, (H + 2 G) D]
  std::vector<tensor::Bf16> dqkv_narrow;      // [N, (H + 2 G) D]
  std::vector<tensor::Bf16> dgate_up;         // [N, 2 F]
  std::vector<float> low_rank;                // [N, r]
  std::vector<tensor::Bf16> low_rank_narrow;  // [N, r]
};

struct Grain {
  std::size_t batch = 0, time = 0;        // B, T
  std::span<const std::int32_t> ids;      // [B, T], each below V
  std::span<const std::int32_t> targets;  // [B, T], each below V; negative: not counted
  float scale = 1.0F;                     // of the gradient: 1 / (tokens of the whole batch) for a mean
  const ComputeLowRank* delta = nullptr;
};

// Forward pass and loss: the sum over the grain's tokens, in nats; work.loss has each.
float loss(tensor::Context& context, const ComputeWeights& w, const Grain& grain, Workspace& work);

// Forward and backward pass: adds scale times the gradient of that sum to what `into` names; returns the sum.
float loss_and_gradient(tensor::Context& context, const ComputeWeights& w, const Grain& grain, Workspace& work,
                        const Gradients& into);

}  // namespace cairn::model
