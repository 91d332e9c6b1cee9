// Loss and gradient of a micro-batch: cross-entropy in nats, then back through the blocks. Beside model/forward.h.
// A batch's gradient and loss are left folds over its grains; a micro-batch holds any number of whole grains, and how a
// batch is cut into micro-batches changes no bit. Gradients are added to, never overwritten. One thread per Workspace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/forward.h"
#include "model/linear.h"
#include "tensor/pages.h"
#include "tensor/random.h"

namespace cairn::model {

// A tied embedding's own part of the gradient of a batch, for the tokens that occur in it: it grows to their number.
struct TiedEmbedding {
  std::vector<std::int32_t> slot_of;  // [V] where a token's row is, -1: nowhere
  std::vector<std::int32_t> tokens;   // whose row each is
  std::vector<std::int32_t> slots;    // [N] of the micro-batch's ids
  std::vector<float> rows;            // [tokens, C]
};

// Buffers that no two steps of a backward pass need at once are one; a block's scratch serves all blocks.
struct Workspace {
  Workspace(const ModelConfig& config, const Room& room);
  // Room for `rows` tokens, all of a block kept; rank 0 where no low-rank change will be passed.
  Workspace(const ModelConfig& config, std::size_t rows, std::size_t rank = 0)
      : Workspace(config, Room{.rows = rows, .rank = rank}) {}

  Activations activations;
  tensor::Array<float> loss;            // [N] nats
  tensor::Array<tensor::Bf16> dlogits;  // [grain_rows, V]
  tensor::Array<float> dx;              // [N, C] the residual stream's gradient
  // [N, max(C, H D)] a gradient rounded, as products read it: of a branch, then of what attention gave
  tensor::Array<tensor::Bf16> narrow;
  // [N, max(2 F or F, (H + 2 G) D)] the same of a map's output: of the feed-forward part, then of q, k and v
  tensor::Array<tensor::Bf16> narrow_map;
  tensor::Array<float> branch;           // [N, C] where halves are parallel: the gradient of what feed-forward reads
  tensor::Array<tensor::Bf16> low_rank;  // [N, r]
  TiedEmbedding tied;
};

// The bytes that such a Workspace owns.
std::uint64_t workspace_bytes(const ModelConfig& config, const Room& room);

// Of one step: the same for all of its micro-batches but for first_sequence.
struct PassDropout {
  float rate = 0.0F;                 // in [0, 1)
  tensor::Stream stream;             // a stream of the step's own
  std::uint64_t first_sequence = 0;  // of the micro-batch, within the step's batch
};

struct MicroBatch {
  std::size_t batch = 0, time = 0;        // B, T
  std::span<const std::int32_t> ids;      // [B, T], each below V
  std::span<const std::int32_t> targets;  // [B, T], each below V; negative: not counted
  std::size_t grain_rows = 0;             // whole sequences; the last grain may be smaller; 0: all rows are one grain
  float scale = 1.0F;                     // of the gradient: 1 / (tokens of the whole batch) for a mean
  float z_loss = 0.0F;                    // tensor/loss.h
  PassDropout dropout = {};
  const ComputeLowRank* delta = nullptr;
  // Of its batch. A tied embedding's gradient is the fold of the head's over all grains, plus the fold of the
  // embedding's over all grains: the latter is held in the Workspace until the batch's last micro-batch adds it.
  bool last = true;
  float loss_before = 0.0F;  // of the batch's earlier micro-batches
};

// Forward pass and loss: loss_before, plus the sum over each grain's tokens in turn, in nats; work.loss has each
// token's.
float loss(tensor::Context& context, const ComputeWeights& w, const MicroBatch& batch, Workspace& work);

// Forward and backward pass: adds scale times the gradient of those sums to what `into` names; returns as loss().
float loss_and_gradient(tensor::Context& context, const ComputeWeights& w, const MicroBatch& batch, Workspace& work,
                        const Gradients& into);

}  // namespace cairn::model
