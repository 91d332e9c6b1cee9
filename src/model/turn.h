// What happens to queries, keys and values between their map and attention: the norm of heads, rotary positions,
// rounding; and back. Private to model.
#pragma once

#include "model/linear.h"
#include "model/pass.h"

namespace cairn::model {

// qkv [N, (H + 2 G) D] -> (norm of heads) -> (turned) -> b.qkv, rounded. qkv is overwritten.
void turn(const Pass& pass, std::size_t layer, BlockActivations& b, float* qkv);
// out: the gradient of what turn() was given, rounded, from that of b.qkv; dqkv is overwritten where heads are normed.
void turn_backward(const Pass& pass, std::size_t layer, const BlockActivations& b, float* dqkv, tensor::Bf16* out,
                   const Gradients& into);

}  // namespace cairn::model
