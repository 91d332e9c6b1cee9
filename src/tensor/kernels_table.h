// All kernels of an instruction set, from its pack and its tiles.
#pragma once

#include "tensor/kernels_attention_backward.h"
#include "tensor/kernels_attention_forward.h"
#include "tensor/kernels_optimiser.h"
#include "tensor/kernels_rows.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

// The whole table for a pack, a tile for products of bfloat16, one of binary32 and one for attention.
template <class P, class T, class F, class A>
constexpr Kernels make_kernels() {
  using R = RowKernels<P>;
  using V = VectorKernels<P>;
  using O = OptimiserKernels<P>;
  return {.row_step = T::kRows,
          .column_step = TileKernels<T>::kColumns,
          .product = &ProductKernels<T, Bf16>::product,
          .float_product = &ProductKernels<F, float>::product,
          .spin = &TileKernels<T>::spin,
          .float_spin = &TileKernels<F>::spin,
          .rms_norm_forward = &R::rms_norm_forward,
          .rms_norm_backward = &R::rms_norm_backward,
          .rms_norm_dweight = &R::rms_norm_dweight,
          .layer_norm_forward = &R::layer_norm_forward,
          .layer_norm_backward = &R::layer_norm_backward,
          .layer_norm_gains = &R::layer_norm_gains,
          .head_norm_forward = &R::head_norm_forward,
          .head_norm_backward = &R::head_norm_backward,
          .head_norm_dweight = &R::head_norm_dweight,
          .rope_forward = &R::rope_forward,
          .rope_backward = &R::rope_backward,
          .swiglu_forward = &R::swiglu_forward,
          .swiglu_backward = &R::swiglu_backward,
          .gelu_forward = &R::gelu_forward,
          .gelu_backward = &R::gelu_backward,
          .add_bias = &R::add_bias,
          .bias_gradient = &R::bias_gradient,
          .dropout = &R::dropout,
          .attention_forward = &AttentionForwardKernels<P, A>::attention_forward,
          .attention_backward = &AttentionBackwardKernels<P, A>::attention_backward,
          .cross_entropy = &R::cross_entropy,
          .embedding_forward = &R::embedding_forward,
          .embedding_backward = &R::embedding_backward,
          .position_gradient = &R::position_gradient,
          .to_bf16 = &V::to_bf16,
          .to_float = &V::to_float,
          .add = &V::add,
          .blend = &V::blend,
          .scale = &V::scale,
          .sum = &V::sum,
          .sum_of_squares = &V::sum_of_squares,
          .adamw = &O::adamw,
          .adamw8 = &O::adamw8,
          .momentum = &O::momentum,
          .momentum8 = &O::momentum8,
          .descend = &O::descend,
          .decode_first = &O::decode_first,
          .decode_second = &O::decode_second};
}

}  // namespace

}  // namespace cairn::tensor
