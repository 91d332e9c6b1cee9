// A block's attention half after its norm, and its backward pass. Private to model.
#pragma once

#include "model/linear.h"
#include "model/pass.h"

namespace cairn::model {

// in [N, C] -> q k v -> (norm of heads) -> turn -> attend -> output -> + x = out. Without out it ends at b.attended.
void attend(const Pass& pass, std::size_t layer, const tensor::Bf16* in, BlockActivations& b, Activations& a,
            const float* x, float* out);
// work.narrow: the gradient of the branch. The scratch a.wide becomes (addend +) the gradient of `in`.
void attend_backward(const Pass& pass, std::size_t layer, const tensor::Bf16* in, const BlockActivations& b,
                     Workspace& work, const float* addend, const Gradients& into);

}  // namespace cairn::model
