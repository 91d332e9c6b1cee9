// What every part of a pass has in hand. Private to model: the public ways in are forward.h and backward.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/backward.h"
#include "model/compute.h"
#include "model/forward.h"
#include "tensor/context.h"
#include "tensor/dropout.h"

namespace cairn::model {

struct Pass {
  tensor::Context& context;
  const ComputeWeights& w;
  const ComputeLowRank* delta = nullptr;
  std::size_t batch = 0, time = 0;
  std::size_t fold = 0;                         // rows of a grain: what gradients fold over
  std::span<KeyValueCache* const> caches = {};  // none, or one for each sequence
  PassDropout dropout = {};

  const ModelConfig& config() const { return w.config(); }
  std::size_t rows() const { return batch * time; }
};

// Where dropout strikes (nanoGPT's places): the sum of the embeddings; the weights of attention; the ends of both
// branches of a block.
enum class DropPoint : std::uint8_t { embedding, attention, attention_out, feed_forward_out };
// Each point of each layer has elements of its own in the step's stream, and each sequence of the batch has its own
// there, so that they do not depend on how the batch is cut. `elements` of a sequence.
tensor::Dropout dropout_at(const Pass& pass, DropPoint point, std::size_t layer, std::size_t elements);

// Adds what dropout leaves of `branch` [N, C] to the stream; the branch is overwritten. out may be the stream.
void add_dropped(const Pass& pass, DropPoint point, std::size_t layer, float* branch, const float* stream, float* out);
// The gradient of a branch [N, C] from that of the stream, rounded; `scratch` [N, C].
void drop_gradient(const Pass& pass, DropPoint point, std::size_t layer, const float* dstream, float* scratch,
                   tensor::Bf16* dbranch);

// The parts of a pass, in the order of the diagram. The gradient of a part's input is found from that of its output;
// gradients of weights go to `into`.

// ids -> the stream [N, C]
void embed(const Pass& pass, std::span<const std::int32_t> ids, float* x);
// work.dx: the gradient of the stream; dropout changes it in place.
void embed_backward(const Pass& pass, const MicroBatch& batch, Workspace& work, const Gradients& into);

// One layer. out may be x, and may be null: then only what the backward pass reads is computed.
void block(const Pass& pass, std::size_t layer, BlockActivations& b, Activations& a, const float* x, float* out);
// work.dx: the gradient of the block's output, then of its input.
void block_backward(const Pass& pass, std::size_t layer, const BlockActivations& b, Workspace& work, const float* x,
                    const Gradients& into);

// All of these, from ids to what the head reads; caches move on.
void run_blocks(const Pass& pass, std::span<const std::int32_t> ids, Activations& a);

// The stream after the last block -> what the head reads, a.final_norm.y.
void finish(const Pass& pass, Activations& a, const float* x);
// a.wide: the gradient of what the head reads; work.dx becomes the stream's.
void finish_backward(const Pass& pass, const Activations& a, const float* x, Workspace& work, const Gradients& into);

// Logits [count, V] of rows from `first` on, into a.logits.
void head(const Pass& pass, Activations& a, std::size_t first, std::size_t count);
// The loss of each row; the logits of a few rows at a time. dlogits: those of rows [first, first + count), or none.
struct HeadLoss {
  std::span<const std::int32_t> targets;  // [N]
  float scale = 1.0F, z_loss = 0.0F;
  std::size_t first = 0, count = 0;
  float* loss = nullptr;  // [N]
  tensor::Bf16* dlogits = nullptr;
};
void head_loss(const Pass& pass, Activations& a, const HeadLoss& op);
// The gradient of what the head reads, rows [first, first + count) of a.wide, from work.dlogits.
void head_backward(const Pass& pass, std::size_t first, std::size_t count, Workspace& work, const Gradients& into);

}  // namespace cairn::model
