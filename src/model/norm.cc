#include "tensor/norm.h"

#include "model/norm.h"

namespace cairn::model {

void norm(const Pass& p, Place at, const float* x, NormActivations& out) {
  const ModelConfig& c = p.config();
  if (c.norm == Norm::rms) {
    tensor::rms_norm_forward(p.context, {.rows = p.rows(),
                                         .width = c.width,
                                         .epsilon = c.norm_epsilon,
                                         .x = x,
                                         .weight = p.w.vector(at.weight),
                                         .y = out.y.data(),
                                         .rstd = out.rstd.data()});
  } else {
    tensor::layer_norm_forward(p.context, {.rows = p.rows(),
                                           .width = c.width,
                                           .epsilon = c.norm_epsilon,
                                           .x = x,
                                           .weight = p.w.vector(at.weight),
                                           .bias = p.w.vector(at.bias),
                                           .y = out.y.data(),
                                           .mean = out.mean.data(),
                                           .rstd = out.rstd.data()});
  }
}

void norm_backward(const Pass& p, Place at, const float* x, const NormActivations& kept, const float* dy, float* dx,
                   const Gradients& into) {
  const ModelConfig& c = p.config();
  if (c.norm == Norm::rms) {
    tensor::rms_norm_backward(p.context, {.rows = p.rows(),
                                          .width = c.width,
                                          .x = x,
                                          .weight = p.w.vector(at.weight),
                                          .rstd = kept.rstd.data(),
                                          .dy = dy,
                                          .dx = dx,
                                          .dweight = into.of(at.weight),
                                          .fold = p.fold});
  } else {
    tensor::layer_norm_backward(p.context, {.rows = p.rows(),
                                            .width = c.width,
                                            .x = x,
                                            .weight = p.w.vector(at.weight),
                                            .mean = kept.mean.data(),
                                            .rstd = kept.rstd.data(),
                                            .dy = dy,
                                            .dx = dx,
                                            .dweight = into.of(at.weight),
                                            .dbias = into.of(at.bias),
                                            .fold = p.fold});
  }
}

}  // namespace cairn::model
