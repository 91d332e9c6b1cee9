// A norm of the residual stream, of either kind, and its backward pass. Private to model.
#pragma once

#include "model/activations.h"
#include "model/layout.h"
#include "model/linear.h"
#include "model/pass.h"

namespace cairn::model {

// x [N, C] -> out.y, rounded; with what the backward pass needs beside it.
void norm(const Pass& pass, Place at, const float* x, NormActivations& out);
// dx [N, C] is added to.
void norm_backward(const Pass& pass, Place at, const float* x, const NormActivations& kept, const float* dy, float* dx,
                   const Gradients& into);

}  // namespace cairn::model
