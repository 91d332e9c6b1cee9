// The forward pass of the decoder family: one function for training, scoring and generation, so that their bits agree.
// Not the loss (model/backward.h). One thread per Activations; everything lives in it, nothing is allocated in the
// pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/compute.h"
#include "tensor/attention.h"
#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::model {

// What a block leaves for its backward pass. N = B T rows.
struct BlockActivations {
  std::vector<float> x;                        // [N, C] the residual stream as it enters
  std::vector<float> attention_rstd;           // [N]
  std::vector<tensor::Bf16> attention_in;      // [N, C] normed
  std::vector<tensor::Bf16> qkv;               // [N, (H + 2 G) D] turned
  std::vector<float> attention_stats;          // [B, H, T, 2]
  std::vector<tensor::Bf16> attended;          // [N, C]
  std::vector<float> middle;                   // [N, C] the residual stream between the two halves
  std::vector<float> feed_forward_rstd;        // [N]
  std::vector<tensor::Bf16> feed_forward_in;   // [N, C] normed
  std::vector<float> gate_up;                  // [N, 2 F]
  std::vector<tensor::Bf16> gated;             // [N, F]
  std::vector<tensor::Bf16> low_rank[kSites];  // [N, r] A x of each site, scaled
};

enum class Keep : std::uint8_t { all, last };  // every block's activations, for a backward pass; or one block's, reused

struct Room {
  std::size_t rows = 0;  // B T tokens
  Keep keep = Keep::all;
  std::size_t rank = 0;        // of the low-rank change that will be passed; 0: none
  std::size_t logit_rows = 0;  // rows that the head will be applied to; 0: all
};

struct Activations {
  Activations(const ModelConfig& config, const Room& room);

  Room room;                             // as given, logit_rows resolved
  std::vector<BlockActivations> blocks;  // [L], or [1]
  std::vector<float> out;                // [N, C] the residual stream after the last block
  std::vector<float> final_rstd;         // [N]
  std::vector<tensor::Bf16> final_in;    // [N, C] normed: what the head reads
  std::vector<float> logits;             // [N, V], or only the rows asked for
  std::vector<float> qkv;                // [N, (H + 2 G) D] scratch
  std::vector<float> low_rank;           // [N, r] scratch
};

// Keys and values of earlier tokens, one sequence: [L, T, G D] each.
struct KeyValueCache {
  explicit KeyValueCache(const ModelConfig& config);
  std::vector<tensor::Bf16> keys, values;
  std::size_t length = 0;  // tokens held
};

// Where attention finds q, k and v without a cache: side by side in the block's own buffer.
tensor::AttentionShape attention_in_block(const ModelConfig& config, std::size_t batch, std::size_t time,
                                          const BlockActivations& block);

struct ForwardPass {
  std::size_t batch = 0, time = 0;        // B, T
  std::span<const std::int32_t> ids;      // [B, T], each below V
  const ComputeLowRank* delta = nullptr;  // none: the very same code without the additions
  KeyValueCache* cache = nullptr;         // with B = 1: reads the past from it and appends to it
  std::size_t logits_from = 0;            // the head is applied to rows from here on: logits [N - logits_from, V]
};

// Fills `a`. The caller has checked: ids below V, cache length + T within the context, rows within a's capacity,
// rank of the delta that of `a`.
void forward(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass, Activations& a);

}  // namespace cairn::model
