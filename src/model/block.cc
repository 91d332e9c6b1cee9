// A block as its diagram, and back.
#include "model/attend.h"
#include "model/feed_forward.h"
#include "model/norm.h"
#include "model/pass.h"

namespace cairn::model {

//   sequential   x -> norm -> attend -> + x = middle -> norm -> feed forward -> + middle = out
//   parallel     x -> norm -> attend -> + x = middle,  x -> norm -> feed forward -> + middle = out
//   shared norm  x -> norm -> attend -> + x = middle,  the same norm -> feed forward -> + middle = out
void block(const Pass& p, std::size_t layer, BlockActivations& b, Activations& a, const float* x, float* out) {
  const LayerLayout& at = p.w.layout().layers[layer];
  const Residual residual = p.config().residual;

  norm(p, at.attention_norm, x, b.attention_norm);
  if (residual == Residual::sequential) {
    float* const middle = b.middle.empty() ? out : b.middle.data();
    attend(p, layer, b.attention_norm.y.data(), b, a, x, middle);
    norm(p, at.feed_forward_norm, middle, b.feed_forward_norm);
    feed_forward(p, layer, b.feed_forward_norm.y.data(), b, a, middle, out);
  } else {
    const bool shared = residual == Residual::parallel_shared_norm;
    if (!shared) norm(p, at.feed_forward_norm, x, b.feed_forward_norm);
    const NormActivations& in = shared ? b.attention_norm : b.feed_forward_norm;
    attend(p, layer, b.attention_norm.y.data(), b, a, x, out);
    feed_forward(p, layer, in.y.data(), b, a, out, out);
  }
}

void block_backward(const Pass& p, std::size_t layer, const BlockActivations& b, Workspace& work, const float* x,
                    const Gradients& into) {
  const LayerLayout& at = p.w.layout().layers[layer];
  const Residual residual = p.config().residual;
  float *const dx = work.dx.data(), *const wide = work.activations.wide.data(), *const branch = work.branch.data();

  drop_gradient(p, DropPoint::feed_forward_out, layer, dx, wide, work.narrow.data());
  if (residual == Residual::sequential) {
    feed_forward_backward(p, layer, b.feed_forward_norm.y.data(), b, work, wide, into);
    norm_backward(p, at.feed_forward_norm, b.middle.data(), b.feed_forward_norm, wide, dx, into);
    drop_gradient(p, DropPoint::attention_out, layer, dx, wide, work.narrow.data());
    attend_backward(p, layer, b.attention_norm.y.data(), b, work, nullptr, into);
  } else {
    // Both branches begin with the gradient of the block's output, so dx moves after both.
    const bool shared = residual == Residual::parallel_shared_norm;
    const NormActivations& in = shared ? b.attention_norm : b.feed_forward_norm;
    feed_forward_backward(p, layer, in.y.data(), b, work, branch, into);
    drop_gradient(p, DropPoint::attention_out, layer, dx, wide, work.narrow.data());
    attend_backward(p, layer, b.attention_norm.y.data(), b, work, shared ? branch : nullptr, into);
    if (!shared) norm_backward(p, at.feed_forward_norm, x, b.feed_forward_norm, branch, dx, into);
  }
  norm_backward(p, at.attention_norm, x, b.attention_norm, wide, dx, into);
}

}  // namespace cairn::model
