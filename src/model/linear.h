// A block's four linear maps, each with its low-rank change where one is on: y = (addend +) W x (+ scale B (A x)).
// Private to model: forward.cc and backward.cc share it.
#pragma once

#include <cstddef>

#include "model/compute.h"
#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::model {

struct MatrixShape {
  std::size_t rows = 0, out = 0, in = 0;
};

// y [N, out] = (addend +) x [N, in] . w [out, in]^T
void multiply_rows(tensor::Context& context, const tensor::Bf16* x, const tensor::Bf16* w, MatrixShape shape,
                   const float* addend, float* y);
// dx [N, in] = (addend +) dy [N, out] . w [out, in]
void multiply_back(tensor::Context& context, const tensor::Bf16* dy, const tensor::Bf16* w, MatrixShape shape,
                   const float* addend, float* dx);
// dw [out, in] += dy [N, out]^T . x [N, in]
void add_outer(tensor::Context& context, const tensor::Bf16* dy, const tensor::Bf16* x, MatrixShape shape, float* dw);

// Where gradients go: both [flat], either may be null.
struct Gradients {
  float* weights = nullptr;   // [P], as the model's
  float* low_rank = nullptr;  // as the delta's
};

// Scratch of a backward pass through a low-rank change: [N, r] each.
struct LowRankScratch {
  float* wide = nullptr;
  tensor::Bf16* narrow = nullptr;
};

struct Linear {
  tensor::Context& context;
  const ComputeWeights& w;
  const ComputeLowRank* delta;  // or null
  std::size_t layer;
  std::size_t rows;  // N
  float* scratch;    // [N, r]

  std::size_t offset(Site site) const;
  MatrixShape shape(Site site) const;

  // kept[site] receives scale A x, rounded: what B multiplies.
  void forward(Site site, const tensor::Bf16* x, const float* addend, float* y, std::vector<tensor::Bf16>* kept) const;
  // dx = W^T dy (+ scale A^T (B^T dy)); adds the gradients that are asked for.
  void backward(Site site, const tensor::Bf16* x, const tensor::Bf16* dy, float* dx,
                const std::vector<tensor::Bf16>* kept, const Gradients& into, const LowRankScratch& scratch_back) const;
};

}  // namespace cairn::model
