// Softmax attention, causal or over all keys, forward and backward, and over a cache of keys and values.
// B batch, T time (queries), H heads, D head width; G key heads, H a multiple of G: query head h reads key head h / (H
// / G). Nothing of size T x T is held: each thread keeps some tens of queries' weights in its own scratch.
//
// The weights are rounded to bfloat16 before they multiply the values, the score gradients before they multiply queries
// and keys. A query at position p takes the keys up to the end of its block of 32 positions, those after p with weight
// +0: for finite values this is the plain causal sum to the bit, and it is what makes the definition exact for others
// too.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/dropout.h"

namespace cairn::tensor {

// Element (b, t, h, d) of q is q[(b * T + t) * q_stride + h * D + d]; (b, s, g, d) of k is
// k[(b * (past + T) + s) * kv_stride + g * D + d], and so v. So q, k and v may lie side by side in one buffer.
struct AttentionShape {
  std::size_t batch = 0, time = 0, heads = 0, kv_heads = 0, head_width = 0;
  std::size_t past = 0;       // keys before the first query: query t has position past + t and there are past + T keys
  std::size_t q_stride = 0;   // elements from token to token, at least H * D
  std::size_t kv_stride = 0;  // at least G * D
  float scale = 1.0f;         // of the scores, usually 1 / sqrt(D)
  bool causal = true;         // false: every query sees every key, and past is 0
  // Of the rounded weights, after the softmax; the weight of (b, h, t, key s) is element ((b H + h) T + t) (past + T) +
  // s. The backward pass takes the forward pass's.
  Dropout dropout = {};
  const Bf16* q = nullptr;
  const Bf16* k = nullptr;
  const Bf16* v = nullptr;
};

struct AttentionForward {
  AttentionShape in;
  Bf16* out = nullptr;         // [B, T, H * D]
  std::size_t out_stride = 0;  // elements from token to token, at least H * D
  float* stats = nullptr;  // [B, H, T, 2]: maximum and 1 / sum of each row's softmax, for the backward pass; or none
};
void attention_forward(Context& context, const AttentionForward& op);

// past must be 0. Overwrites dq, dk and dv.
struct AttentionBackward {
  AttentionShape in;
  const float* stats = nullptr;  // from the forward pass
  const Bf16* dout = nullptr;    // [B, T, H * D]
  std::size_t dout_stride = 0;
  float* dq = nullptr;  // as q, with dq_stride
  float* dk = nullptr;  // as k, with dkv_stride and T * dkv_stride from sequence to sequence
  float* dv = nullptr;
  std::size_t dq_stride = 0, dkv_stride = 0;
};
void attention_backward(Context& context, const AttentionBackward& op);

}  // namespace cairn::tensor
