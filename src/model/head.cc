// Where a pass ends: the stream to logits and losses, and back.
#include <algorithm>

#include "model/norm.h"
#include "model/pass.h"
#include "tensor/bias.h"
#include "tensor/elementwise.h"
#include "tensor/loss.h"

namespace cairn::model {

void finish(const Pass& p, Activations& a, const float* x) {
  const ModelConfig& c = p.config();
  if (c.final_norm) return norm(p, p.w.layout().final_norm, x, a.final_norm);
  tensor::to_bf16(p.context, p.rows() * c.width, x, a.final_norm.y.data());
}

void finish_backward(const Pass& p, const Activations& a, const float* x, Workspace& work, const Gradients& into) {
  const ModelConfig& c = p.config();
  const float* const dy = a.wide.data();
  if (!c.final_norm) {
    std::copy_n(dy, p.rows() * c.width, work.dx.data());
    return;
  }
  std::fill_n(work.dx.data(), p.rows() * c.width, 0.0F);
  norm_backward(p, p.w.layout().final_norm, x, a.final_norm, dy, work.dx.data(), into);
}

void head(const Pass& p, Activations& a, std::size_t first, std::size_t count) {
  const ModelConfig& c = p.config();
  const Place at = p.w.layout().head;
  multiply_rows(p.context, a.final_norm.y.data() + first * c.width, p.w.matrix(at.weight),
                {count, c.vocabulary, c.width}, nullptr, a.logits.data());
  if (const float* bias = p.w.vector(at.bias))
    tensor::add_bias(
        p.context, {.rows = count, .width = c.vocabulary, .stride = c.vocabulary, .bias = bias, .x = a.logits.data()});
}

void head_loss(const Pass& p, Activations& a, const HeadLoss& op) {
  const std::size_t vocabulary = p.config().vocabulary;
  for (std::size_t done = 0; done < op.count; done += a.room.logit_rows) {
    const std::size_t count = std::min(a.room.logit_rows, op.count - done), at = op.first + done;
    head(p, a, at, count);
    tensor::cross_entropy(p.context, {.rows = count,
                                      .vocabulary = vocabulary,
                                      .scale = op.scale,
                                      .z_loss = op.z_loss,
                                      .target = op.targets.data() + at,
                                      .logits = a.logits.data(),
                                      .loss = op.loss + at,
                                      .dlogits = op.dlogits ? op.dlogits + done * vocabulary : nullptr});
  }
}

void head_backward(const Pass& p, std::size_t first, std::size_t count, Workspace& work, const Gradients& into) {
  const ModelConfig& c = p.config();
  const Place at = p.w.layout().head;
  const MatrixShape shape{count, c.vocabulary, c.width};
  const tensor::Bf16* const dlogits = work.dlogits.data();
  Activations& a = work.activations;
  multiply_back(p.context, dlogits, p.w.matrix(at.weight), shape, nullptr, a.wide.data() + first * c.width);
  if (float* dw = into.of(at.weight))
    add_outer(p.context, dlogits, a.final_norm.y.data() + first * c.width, shape, 0, dw);
  if (float* dbias = into.of(at.bias))
    tensor::bias_gradient(
        p.context,
        {.rows = count, .width = c.vocabulary, .stride = c.vocabulary, .dy = dlogits, .dbias = dbias, .fold = 0});
}

}  // namespace cairn::model
