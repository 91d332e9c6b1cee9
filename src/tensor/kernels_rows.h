// All kernels over rows of channels, by the pack P (pack_scalar.h) that they are compiled for.
#pragma once

#include "tensor/kernels_activation.h"
#include "tensor/kernels_bias.h"
#include "tensor/kernels_embedding.h"
#include "tensor/kernels_loss.h"
#include "tensor/kernels_norm.h"
#include "tensor/kernels_rope.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct RowKernels : NormKernels<P>,
                    ActivationKernels<P>,
                    RopeKernels<P>,
                    LossKernels<P>,
                    EmbeddingKernels<P>,
                    BiasKernels<P> {};

}  // namespace

}  // namespace cairn::tensor
