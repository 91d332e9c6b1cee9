#include "model/forward.h"

#include <algorithm>
#include <cmath>

#include "model/linear.h"
#include "tensor/attention.h"
#include "tensor/embedding.h"
#include "tensor/math.h"
#include "tensor/norm.h"
#include "tensor/rope.h"
#include "tensor/swiglu.h"

namespace cairn::model {

Activations::Activations(const ModelConfig& c, const Room& wanted)
    : room(wanted), blocks(wanted.keep == Keep::all ? c.layers : 1) {
  if (room.logit_rows == 0) room.logit_rows = room.rows;
  const std::size_t rows = room.rows, rank = room.rank;
  const std::size_t width = c.width, hidden = c.hidden, qkv_width = c.qkv_width();
  for (BlockActivations& b : blocks) {
    b.x.resize(rows * width);
    b.attention_rstd.resize(rows);
    b.attention_in.resize(rows * width);
    b.qkv.resize(rows * qkv_width);
    b.attention_stats.resize(rows * c.heads * 2);
    b.attended.resize(rows * width);
    b.middle.resize(rows * width);
    b.feed_forward_rstd.resize(rows);
    b.feed_forward_in.resize(rows * width);
    b.gate_up.resize(rows * 2 * hidden);
    b.gated.resize(rows * hidden);
    for (auto& site : b.low_rank) site.resize(rows * rank);
  }
  out.resize(rows * width);
  final_rstd.resize(rows);
  final_in.resize(rows * width);
  logits.resize(room.logit_rows * c.vocabulary);
  qkv.resize(rows * qkv_width);
  low_rank.resize(rows * rank);
}

KeyValueCache::KeyValueCache(const ModelConfig& config)
    : keys(std::size_t{config.layers} * config.context * config.kv_width()), values(keys.size()) {}

tensor::AttentionShape attention_in_block(const ModelConfig& c, std::size_t batch, std::size_t time,
                                          const BlockActivations& b) {
  const std::size_t row = c.qkv_width();
  return {.batch = batch,
          .time = time,
          .heads = c.heads,
          .kv_heads = c.kv_heads,
          .head_width = c.head_width(),
          .q_stride = row,
          .kv_stride = row,
          .scale = 1.0F / tensor::math::sqrt(static_cast<float>(c.head_width())),
          .q = b.qkv.data(),
          .k = b.qkv.data() + c.width,
          .v = b.qkv.data() + c.width + c.kv_width()};
}

namespace {

// As attention_in_block(), but with keys and values from the cache where there is one.
tensor::AttentionShape attention_shape(const ModelConfig& c, const ForwardPass& pass, std::size_t layer,
                                       const BlockActivations& b) {
  tensor::AttentionShape in = attention_in_block(c, pass.batch, pass.time, b);
  if (pass.cache) {
    const std::size_t at = layer * c.context * c.kv_width();
    in.past = pass.cache->length;
    in.kv_stride = c.kv_width();
    in.k = pass.cache->keys.data() + at;
    in.v = pass.cache->values.data() + at;
  }
  return in;
}

void append_to_cache(const ModelConfig& c, const ForwardPass& pass, std::size_t layer, const BlockActivations& b) {
  const std::size_t kv = c.kv_width(), row = c.width + 2 * kv;
  for (std::size_t t = 0; t < pass.time; ++t) {
    const std::size_t to = (layer * c.context + pass.cache->length + t) * kv;
    const tensor::Bf16* from = b.qkv.data() + t * row + c.width;
    std::copy_n(from, kv, pass.cache->keys.data() + to);
    std::copy_n(from + kv, kv, pass.cache->values.data() + to);
  }
}

//   x -> norm -> q k v -> turn -> attend -> output -> + x = middle -> norm -> gate, up -> gated -> down -> + middle
void block(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass, std::size_t layer,
           BlockActivations& b, Activations& a, float* out) {
  const ModelConfig& c = w.config();
  const LayerLayout& at = w.layout().layers[layer];
  const std::size_t rows = pass.batch * pass.time, width = c.width, hidden = c.hidden;
  const Linear linear{context, w, pass.delta, layer, rows, a.low_rank.data()};

  tensor::rms_norm_forward(context, {.rows = rows,
                                     .width = width,
                                     .epsilon = c.norm_epsilon,
                                     .x = b.x.data(),
                                     .weight = w.vector(at.attention_norm.weight),
                                     .y = b.attention_in.data(),
                                     .rstd = b.attention_rstd.data()});
  linear.forward(Site::qkv, b.attention_in.data(), nullptr, a.qkv.data(), b.low_rank);
  tensor::rope_forward(context, {.rows = rows,
                                 .heads = c.heads + 2 * c.kv_heads,
                                 .rotated = c.heads + c.kv_heads,
                                 .head_width = c.head_width(),
                                 .time = pass.time,
                                 .first = pass.cache ? pass.cache->length : 0,
                                 .cosine = w.cosine(),
                                 .sine = w.sine(),
                                 .in = a.qkv.data(),
                                 .out = b.qkv.data()});
  if (pass.cache) append_to_cache(c, pass, layer, b);
  tensor::attention_forward(context, {.in = attention_shape(c, pass, layer, b),
                                      .out = b.attended.data(),
                                      .out_stride = width,
                                      .stats = b.attention_stats.data()});
  linear.forward(Site::output, b.attended.data(), b.x.data(), b.middle.data(), b.low_rank);

  tensor::rms_norm_forward(context, {.rows = rows,
                                     .width = width,
                                     .epsilon = c.norm_epsilon,
                                     .x = b.middle.data(),
                                     .weight = w.vector(at.feed_forward_norm.weight),
                                     .y = b.feed_forward_in.data(),
                                     .rstd = b.feed_forward_rstd.data()});
  linear.forward(Site::gate_up, b.feed_forward_in.data(), nullptr, b.gate_up.data(), b.low_rank);
  tensor::swiglu_forward(context, {.rows = rows, .hidden = hidden, .in = b.gate_up.data(), .out = b.gated.data()});
  linear.forward(Site::down, b.gated.data(), b.middle.data(), out, b.low_rank);
}

}  // namespace

void forward(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass, Activations& a) {
  const ModelConfig& c = w.config();
  const std::size_t rows = pass.batch * pass.time, width = c.width;
  CAIRN_CHECK(rows <= a.room.rows && pass.ids.size() == rows && (!pass.cache || pass.batch == 1));
  CAIRN_CHECK(pass.logits_from <= rows && rows - pass.logits_from <= a.room.logit_rows);
  CAIRN_CHECK(!pass.delta || pass.delta->rank() == a.room.rank);

  tensor::embedding_forward(context, {.rows = rows,
                                      .width = width,
                                      .ids = pass.ids.data(),
                                      .table = w.matrix(w.layout().embedding),
                                      .out = a.blocks[0].x.data()});
  for (std::size_t layer = 0; layer < c.layers; ++layer) {
    const bool keep = a.blocks.size() > 1;
    BlockActivations& b = a.blocks[keep ? layer : 0];
    const bool last = layer + 1 == c.layers;
    // With one block's room, its input is dead once `middle` is made, so the output takes its place.
    block(context, w, pass, layer, b, a, last ? a.out.data() : a.blocks[keep ? layer + 1 : 0].x.data());
  }
  if (pass.cache) pass.cache->length += pass.time;

  tensor::rms_norm_forward(context, {.rows = rows,
                                     .width = width,
                                     .epsilon = c.norm_epsilon,
                                     .x = a.out.data(),
                                     .weight = w.vector(w.layout().final_norm.weight),
                                     .y = a.final_in.data(),
                                     .rstd = a.final_rstd.data()});
  multiply_rows(context, a.final_in.data() + pass.logits_from * width, w.matrix(w.layout().head.weight),
                {rows - pass.logits_from, c.vocabulary, width}, nullptr, a.logits.data());
}

}  // namespace cairn::model
