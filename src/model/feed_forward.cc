#include "model/feed_forward.h"

#include "tensor/gelu.h"
#include "tensor/swiglu.h"

namespace cairn::model {
namespace {

void activate(const Pass& p, const float* up, tensor::Bf16* out) {
  const ModelConfig& c = p.config();
  if (c.activation == Activation::swiglu)
    return tensor::swiglu_forward(p.context, {.rows = p.rows(), .hidden = c.hidden, .in = up, .out = out});
  tensor::gelu_forward(
      p.context,
      {.rows = p.rows(), .hidden = c.hidden, .tanh = c.activation == Activation::gelu_tanh, .in = up, .out = out});
}

void activate_backward(const Pass& p, const float* up, const float* dout, tensor::Bf16* dup) {
  const ModelConfig& c = p.config();
  if (c.activation == Activation::swiglu)
    return tensor::swiglu_backward(p.context,
                                   {.rows = p.rows(), .hidden = c.hidden, .in = up, .dout = dout, .din = dup});
  tensor::gelu_backward(p.context, {.rows = p.rows(),
                                    .hidden = c.hidden,
                                    .tanh = c.activation == Activation::gelu_tanh,
                                    .in = up,
                                    .dout = dout,
                                    .din = dup});
}

}  // namespace

void feed_forward(const Pass& p, std::size_t layer, const tensor::Bf16* in, BlockActivations& b, Activations& a,
                  const float* x, float* out) {
  const Linear linear{p, layer, {.wide = a.low_rank.data()}};
  linear.forward(Site::gate_up, in, nullptr, b.up.data(), b.low_rank);
  activate(p, b.up.data(), b.activated.data());
  if (!out) return;
  if (p.dropout.rate > 0.0F) {
    float* const branch = a.wide.data();
    linear.forward(Site::down, b.activated.data(), nullptr, branch, b.low_rank);
    add_dropped(p, DropPoint::feed_forward_out, layer, branch, x, out);
  } else {
    linear.forward(Site::down, b.activated.data(), x, out, b.low_rank);
  }
}

void feed_forward_backward(const Pass& p, std::size_t layer, const tensor::Bf16* in, const BlockActivations& b,
                           Workspace& work, float* din, const Gradients& into) {
  const Linear linear{p, layer, {.wide = work.activations.low_rank.data(), .narrow = work.low_rank.data()}};
  float* const wide = work.activations.wide.data();
  linear.backward(Site::down, b.activated.data(), work.narrow.data(), nullptr, wide, b.low_rank, into);
  activate_backward(p, b.up.data(), wide, work.narrow_map.data());
  linear.backward(Site::gate_up, in, work.narrow_map.data(), nullptr, din, b.low_rank, into);
}

}  // namespace cairn::model
