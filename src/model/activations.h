// What a pass computes on its way and keeps for its backward pass, and how much of it is kept. Not the pass
// (model/forward.h, model/backward.h) and not its scratch (model/backward.h). Owns its memory; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/low_rank.h"
#include "tensor/bf16.h"
#include "tensor/pages.h"

namespace cairn::model {

// all: every block's activations. inputs: every block's input alone; the backward pass computes the rest again, to the
// same bits, for a third more work. last: one block's room, used by all: no backward pass.
enum class Keep : std::uint8_t { all, inputs, last };

// What a pass has room for. Nothing of it changes a bit.
struct Room {
  std::size_t rows = 0;  // N = B T tokens
  Keep keep = Keep::all;
  std::size_t rank = 0;        // of the low-rank change that will be passed; 0: none
  std::size_t logit_rows = 0;  // rows whose logits are held at a time; 0: usual_logit_rows()
  std::size_t grain_rows = 0;  // of the largest grain, for a backward pass; 0: all rows
};

// Rows whose logits are held at a time: many, since the head's product packs its weights anew for each such piece, but
// of a large vocabulary fewer, for memory.
std::size_t usual_logit_rows(const ModelConfig& config);

struct NormActivations {
  tensor::Array<float> mean;      // [N], LayerNorm's
  tensor::Array<float> rstd;      // [N]
  tensor::Array<tensor::Bf16> y;  // [N, C] normed
};

struct BlockActivations {
  NormActivations attention_norm;
  tensor::Array<float> heads;             // [N, (H + 2 G) D] q, k and v before the norm of heads, with that norm
  tensor::Array<float> q_rstd, k_rstd;    // [N, H], [N, G]
  tensor::Array<tensor::Bf16> qkv;        // [N, (H + 2 G) D] turned
  tensor::Array<float> attention_stats;   // [B, H, T, 2]; none with Keep::last
  tensor::Array<tensor::Bf16> attended;   // [N, H D]
  tensor::Array<float> middle;            // [N, C] the stream between two sequential halves; none with Keep::last
  NormActivations feed_forward_norm;      // none where attention's is shared
  tensor::Array<float> up;                // [N, 2 F or F] before the activation
  tensor::Array<tensor::Bf16> activated;  // [N, F]
  tensor::Array<tensor::Bf16> low_rank[kSites];  // [N, r] A x of each site, scaled
};

struct Activations {
  Activations(const ModelConfig& config, const Room& room);

  Room room;                                 // as given, with the zeros resolved
  std::vector<tensor::Array<float>> inputs;  // [L][N, C] the residual stream as it enters each block; or one for all
  std::vector<BlockActivations> blocks;      // [L], or one for all
  tensor::Array<float> out;                  // [N, C] the stream after the last block; none with Keep::last: inputs[0]
  NormActivations final_norm;                // what the head reads; rounded alone where there is no such norm
  tensor::Array<float> logits;               // [logit_rows, V]
  tensor::Array<float> wide;                 // [N, max((H + 2 G) D, H D, F, C)] scratch: whatever is between two steps
  tensor::Array<float> low_rank;             // [N, r] scratch

  tensor::Array<float>& input(std::size_t layer) { return inputs[inputs.size() > 1 ? layer : 0]; }
  BlockActivations& block(std::size_t layer) { return blocks[blocks.size() > 1 ? layer : 0]; }
  tensor::Array<float>& stream_after(std::size_t layer);
};

// The bytes that such Activations own.
std::uint64_t activation_bytes(const ModelConfig& config, const Room& room);

}  // namespace cairn::model
