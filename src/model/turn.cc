#include "model/turn.h"

#include <algorithm>

#include "tensor/elementwise.h"
#include "tensor/norm.h"
#include "tensor/rope.h"

namespace cairn::model {
namespace {

// The norm of each query head and each key head, in place; what there was before is kept.
void norm_heads(const Pass& p, std::size_t layer, BlockActivations& b, float* qkv) {
  const ModelConfig& c = p.config();
  const LayerLayout& at = p.w.layout().layers[layer];
  std::copy_n(qkv, p.rows() * c.qkv_width(), b.heads.data());
  const auto norm = [&](std::size_t heads, std::size_t gain, std::size_t from, tensor::Array<float>& rstd) {
    tensor::head_norm_forward(p.context, {.rows = p.rows(),
                                          .heads = heads,
                                          .head_width = c.head_width(),
                                          .stride = c.qkv_width(),
                                          .epsilon = c.norm_epsilon,
                                          .x = qkv + from,
                                          .weight = p.w.vector(gain),
                                          .y = qkv + from,
                                          .rstd = rstd.data()});
  };
  norm(c.heads, at.q_norm, 0, b.q_rstd);
  norm(c.kv_heads, at.k_norm, c.attention_width(), b.k_rstd);
}

void norm_heads_backward(const Pass& p, std::size_t layer, const BlockActivations& b, float* dqkv,
                         const Gradients& into) {
  const ModelConfig& c = p.config();
  const LayerLayout& at = p.w.layout().layers[layer];
  const auto back = [&](std::size_t heads, std::size_t gain, std::size_t from, const tensor::Array<float>& rstd) {
    tensor::head_norm_backward(p.context, {.rows = p.rows(),
                                           .heads = heads,
                                           .head_width = c.head_width(),
                                           .stride = c.qkv_width(),
                                           .x = b.heads.data() + from,
                                           .weight = p.w.vector(gain),
                                           .rstd = rstd.data(),
                                           .dy = dqkv + from,
                                           .dx = dqkv + from,
                                           .dweight = into.of(gain),
                                           .fold = p.fold});
  };
  back(c.heads, at.q_norm, 0, b.q_rstd);
  back(c.kv_heads, at.k_norm, c.attention_width(), b.k_rstd);
}

tensor::Rope rope(const Pass& p, const float* in, tensor::Bf16* out) {
  const ModelConfig& c = p.config();
  return {.rows = p.rows(),
          .heads = c.heads + 2 * c.kv_heads,
          .rotated = c.heads + c.kv_heads,
          .head_width = c.head_width(),
          .rotated_width = c.rotary_width,
          .interleaved = c.rotary_interleaved,
          .time = p.time,
          .first = 0,
          .cosine = p.w.cosine(),
          .sine = p.w.sine(),
          .in = in,
          .out = out};
}

// Queries and keys by their positions, where those are rotary; all rounded.
void rotate(const Pass& p, const float* in, tensor::Bf16* out) {
  const std::size_t width = p.config().qkv_width();
  if (p.config().positions != Positions::rotary) return tensor::to_bf16(p.context, p.rows() * width, in, out);
  tensor::Rope all = rope(p, in, out);
  if (p.caches.empty()) return tensor::rope_forward(p.context, all);
  all.rows = p.time;  // of one sequence: each has a past of its own
  for (const KeyValueCache* cache : p.caches) {
    all.first = cache->length;
    tensor::rope_forward(p.context, all);
    all.in += p.time * width;
    all.out += p.time * width;
  }
}

}  // namespace

void turn(const Pass& p, std::size_t layer, BlockActivations& b, float* qkv) {
  if (p.config().qk_norm) norm_heads(p, layer, b, qkv);
  rotate(p, qkv, b.qkv.data());
}

void turn_backward(const Pass& p, std::size_t layer, const BlockActivations& b, float* dqkv, tensor::Bf16* out,
                   const Gradients& into) {
  const ModelConfig& c = p.config();
  const std::size_t n = p.rows() * c.qkv_width();
  const bool turned = c.positions == Positions::rotary;
  if (turned) tensor::rope_backward(p.context, rope(p, dqkv, out));
  if (c.qk_norm) {
    if (turned) tensor::to_float(p.context, n, out, dqkv);
    norm_heads_backward(p, layer, b, dqkv, into);
  }
  if (!turned || c.qk_norm) tensor::to_bf16(p.context, n, dqkv, out);
}

}  // namespace cairn::model
