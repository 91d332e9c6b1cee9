#include "model/backward.h"

#include <algorithm>

#include "tensor/attention.h"
#include "tensor/elementwise.h"
#include "tensor/embedding.h"
#include "tensor/loss.h"
#include "tensor/norm.h"
#include "tensor/rope.h"
#include "tensor/swiglu.h"

namespace cairn::model {

Workspace::Workspace(const ModelConfig& c, std::size_t rows, std::size_t rank)
    : activations(c, {.rows = rows, .keep = Keep::all, .rank = rank}),
      loss(rows),
      dlogits(rows * c.vocabulary),
      dx(rows * c.width),
      dx_narrow(rows * c.width),
      dwide(rows * std::max(c.hidden, c.width)),
      dattended(rows * c.width),
      dqkv(rows * (c.qkv_width())),
      dqkv_narrow(dqkv.size()),
      dgate_up(rows * 2 * c.hidden),
      low_rank(rows * rank),
      low_rank_narrow(rows * rank) {}

namespace {

float* at(float* flat, std::size_t offset) {
  return flat ? flat + offset : nullptr;
}

// The block of forward.cc, from its end to its beginning; work.dx is the gradient of its output, then of its input.
void block_backward(tensor::Context& context, const ComputeWeights& w, const Grain& grain, std::size_t layer,
                    Workspace& work, const Gradients& into) {
  const ModelConfig& c = w.config();
  const LayerLayout& layout = w.layout().layers[layer];
  const BlockActivations& b = work.activations.blocks[layer];
  const std::size_t rows = grain.batch * grain.time, width = c.width, kv = c.kv_width(), row = width + 2 * kv;
  const Linear linear{context, w, grain.delta, layer, rows, nullptr};
  const LowRankScratch scratch{work.low_rank.data(), work.low_rank_narrow.data()};
  float* const dx = work.dx.data();

  tensor::to_bf16(context, rows * width, dx, work.dx_narrow.data());
  linear.backward(Site::down, b.gated.data(), work.dx_narrow.data(), work.dwide.data(), b.low_rank, into, scratch);
  tensor::swiglu_backward(context, {.rows = rows,
                                    .hidden = c.hidden,
                                    .in = b.gate_up.data(),
                                    .dout = work.dwide.data(),
                                    .din = work.dgate_up.data()});
  linear.backward(Site::gate_up, b.feed_forward_in.data(), work.dgate_up.data(), work.dwide.data(), b.low_rank, into,
                  scratch);
  tensor::rms_norm_backward(context, {.rows = rows,
                                      .width = width,
                                      .x = b.middle.data(),
                                      .weight = w.vector(layout.feed_forward_norm.weight),
                                      .rstd = b.feed_forward_rstd.data(),
                                      .dy = work.dwide.data(),
                                      .dx = dx,
                                      .dweight = at(into.weights, layout.feed_forward_norm.weight)});

  tensor::to_bf16(context, rows * width, dx, work.dx_narrow.data());
  linear.backward(Site::output, b.attended.data(), work.dx_narrow.data(), work.dwide.data(), b.low_rank, into, scratch);
  tensor::to_bf16(context, rows * width, work.dwide.data(), work.dattended.data());
  tensor::attention_backward(context, {.in = attention_in_block(c, grain.batch, grain.time, b),
                                       .stats = b.attention_stats.data(),
                                       .dout = work.dattended.data(),
                                       .dout_stride = width,
                                       .dq = work.dqkv.data(),
                                       .dk = work.dqkv.data() + width,
                                       .dv = work.dqkv.data() + width + kv,
                                       .dq_stride = row,
                                       .dkv_stride = row});
  tensor::rope_backward(context, {.rows = rows,
                                  .heads = c.heads + 2 * c.kv_heads,
                                  .rotated = c.heads + c.kv_heads,
                                  .head_width = c.head_width(),
                                  .time = grain.time,
                                  .first = 0,
                                  .cosine = w.cosine(),
                                  .sine = w.sine(),
                                  .in = work.dqkv.data(),
                                  .out = work.dqkv_narrow.data()});
  linear.backward(Site::qkv, b.attention_in.data(), work.dqkv_narrow.data(), work.dwide.data(), b.low_rank, into,
                  scratch);
  tensor::rms_norm_backward(context, {.rows = rows,
                                      .width = width,
                                      .x = b.x.data(),
                                      .weight = w.vector(layout.attention_norm.weight),
                                      .rstd = b.attention_rstd.data(),
                                      .dy = work.dwide.data(),
                                      .dx = dx,
                                      .dweight = at(into.weights, layout.attention_norm.weight)});
}

float forward_loss(tensor::Context& context, const ComputeWeights& w, const Grain& grain, Workspace& work,
                   tensor::Bf16* dlogits) {
  const std::size_t rows = grain.batch * grain.time;
  CAIRN_CHECK(grain.targets.size() == rows);
  forward(context, w, {.batch = grain.batch, .time = grain.time, .ids = grain.ids, .delta = grain.delta},
          work.activations);
  tensor::cross_entropy(context, {.rows = rows,
                                  .vocabulary = w.config().vocabulary,
                                  .scale = grain.scale,
                                  .target = grain.targets.data(),
                                  .logits = work.activations.logits.data(),
                                  .loss = work.loss.data(),
                                  .dlogits = dlogits});
  return tensor::sum(context, rows, work.loss.data());
}

}  // namespace

float loss(tensor::Context& context, const ComputeWeights& w, const Grain& grain, Workspace& work) {
  return forward_loss(context, w, grain, work, nullptr);
}

float loss_and_gradient(tensor::Context& context, const ComputeWeights& w, const Grain& grain, Workspace& work,
                        const Gradients& into) {
  const ModelConfig& c = w.config();
  const Layout& layout = w.layout();
  const std::size_t rows = grain.batch * grain.time, width = c.width;
  const MatrixShape head{rows, c.vocabulary, width};
  const float total = forward_loss(context, w, grain, work, work.dlogits.data());

  multiply_back(context, work.dlogits.data(), w.matrix(layout.head.weight), head, nullptr, work.dwide.data());
  if (into.weights) {
    add_outer(context, work.dlogits.data(), work.activations.final_in.data(), head, into.weights + layout.head.weight);
  }
  std::fill_n(work.dx.begin(), rows * width, 0.0F);
  tensor::rms_norm_backward(context, {.rows = rows,
                                      .width = width,
                                      .x = work.activations.out.data(),
                                      .weight = w.vector(layout.final_norm.weight),
                                      .rstd = work.activations.final_rstd.data(),
                                      .dy = work.dwide.data(),
                                      .dx = work.dx.data(),
                                      .dweight = at(into.weights, layout.final_norm.weight)});
  for (std::size_t layer = c.layers; layer-- > 0;) block_backward(context, w, grain, layer, work, into);
  if (into.weights) {
    tensor::embedding_backward(context, {.rows = rows,
                                         .width = width,
                                         .vocabulary = c.vocabulary,
                                         .ids = grain.ids.data(),
                                         .dout = work.dx.data(),
                                         .dtable = into.weights + layout.embedding});
  }
  return total;
}

}  // namespace cairn::model
