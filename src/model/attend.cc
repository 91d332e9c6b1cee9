#include "model/attend.h"

#include <algorithm>

#include "model/turn.h"
#include "tensor/attention.h"
#include "tensor/elementwise.h"
#include "tensor/math.h"

namespace cairn::model {
namespace {

// q, k and v side by side in the block's own buffer.
tensor::AttentionShape attention_shape(const Pass& p, std::size_t layer, const BlockActivations& b) {
  const ModelConfig& c = p.config();
  const std::size_t weights = std::size_t{c.heads} * p.time * p.time;  // of a sequence
  return {.batch = p.batch,
          .time = p.time,
          .heads = c.heads,
          .kv_heads = c.kv_heads,
          .head_width = c.head_width(),
          .q_stride = c.qkv_width(),
          .kv_stride = c.qkv_width(),
          .scale = 1.0F / tensor::math::sqrt(static_cast<float>(c.head_width())),
          .causal = c.causal,
          .dropout = dropout_at(p, DropPoint::attention, layer, weights),
          .q = b.qkv.data(),
          .k = b.qkv.data() + c.attention_width(),
          .v = b.qkv.data() + c.attention_width() + c.kv_width()};
}

// One sequence after another: appends its keys and values to its cache and attends over that.
void attend_over_caches(const Pass& p, std::size_t layer, BlockActivations& b) {
  const ModelConfig& c = p.config();
  const std::size_t kv = c.kv_width(), row = c.qkv_width();
  for (std::size_t i = 0; i < p.batch; ++i) {
    KeyValueCache& cache = *p.caches[i];
    const std::size_t at = layer * cache.room * kv;
    const tensor::Bf16* from = b.qkv.data() + i * p.time * row;
    for (std::size_t t = 0; t < p.time; ++t) {
      const std::size_t to = at + (cache.length + t) * kv;
      const tensor::Bf16* k = from + t * row + c.attention_width();
      std::copy_n(k, kv, cache.keys.data() + to);
      std::copy_n(k + kv, kv, cache.values.data() + to);
    }
    tensor::AttentionShape in = attention_shape(p, layer, b);
    in.batch = 1;
    in.past = cache.length;
    in.q = from;
    in.kv_stride = kv;
    in.k = cache.keys.data() + at;
    in.v = cache.values.data() + at;
    tensor::attention_forward(
        p.context,
        {.in = in, .out = b.attended.data() + i * p.time * c.attention_width(), .out_stride = c.attention_width()});
  }
}

}  // namespace

void attend(const Pass& p, std::size_t layer, const tensor::Bf16* in, BlockActivations& b, Activations& a,
            const float* x, float* out) {
  const ModelConfig& c = p.config();
  const Linear linear{p, layer, {.wide = a.low_rank.data()}};
  float* const qkv = a.wide.data();

  linear.forward(Site::qkv, in, nullptr, qkv, b.low_rank);
  turn(p, layer, b, qkv);
  if (p.caches.empty()) {
    tensor::attention_forward(p.context, {.in = attention_shape(p, layer, b),
                                          .out = b.attended.data(),
                                          .out_stride = c.attention_width(),
                                          .stats = b.attention_stats.empty() ? nullptr : b.attention_stats.data()});
  } else {
    attend_over_caches(p, layer, b);
  }
  if (!out) return;
  if (p.dropout.rate > 0.0F) {
    float* const branch = a.wide.data();
    linear.forward(Site::output, b.attended.data(), nullptr, branch, b.low_rank);
    add_dropped(p, DropPoint::attention_out, layer, branch, x, out);
  } else {
    linear.forward(Site::output, b.attended.data(), x, out, b.low_rank);
  }
}

void attend_backward(const Pass& p, std::size_t layer, const tensor::Bf16* in, const BlockActivations& b,
                     Workspace& work, const float* addend, const Gradients& into) {
  const ModelConfig& c = p.config();
  const Linear linear{p, layer, {.wide = work.activations.low_rank.data(), .narrow = work.low_rank.data()}};
  const std::size_t width = c.attention_width(), row = c.qkv_width();
  float* const wide = work.activations.wide.data();

  linear.backward(Site::output, b.attended.data(), work.narrow.data(), nullptr, wide, b.low_rank, into);
  tensor::to_bf16(p.context, p.rows() * width, wide, work.narrow.data());
  tensor::attention_backward(p.context, {.in = attention_shape(p, layer, b),
                                         .stats = b.attention_stats.data(),
                                         .dout = work.narrow.data(),
                                         .dout_stride = width,
                                         .dq = wide,
                                         .dk = wide + width,
                                         .dv = wide + width + c.kv_width(),
                                         .dq_stride = row,
                                         .dkv_stride = row});
  turn_backward(p, layer, b, wide, work.narrow_map.data(), into);
  linear.backward(Site::qkv, in, work.narrow_map.data(), addend, wide, b.low_rank, into);
}

}  // namespace cairn::model
