// A block's feed-forward half after its norm, and its backward pass. Private to model.
#pragma once

#include "model/linear.h"
#include "model/pass.h"

namespace cairn::model {

// in [N, C] -> up -> activated -> down -> + x = out. Without out it ends at b.activated.
void feed_forward(const Pass& pass, std::size_t layer, const tensor::Bf16* in, BlockActivations& b, Activations& a,
                  const float* x, float* out);
// work.narrow: the gradient of the branch. din [N, C]: that of `in`; may be the scratch a.wide.
void feed_forward_backward(const Pass& pass, std::size_t layer, const tensor::Bf16* in, const BlockActivations& b,
                           Workspace& work, float* din, const Gradients& into);

}  // namespace cairn::model
