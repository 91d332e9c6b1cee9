// A block's four linear maps, each with its bias and its low-rank change where there is one:
// y = ((addend +) W x (+ scale B (A x))) (+ bias). Private to model, but for Gradients.
#pragma once

#include <cstddef>
#include <vector>

#include "model/compute.h"
#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/pages.h"

namespace cairn::model {

struct Pass;

struct MatrixShape {
  std::size_t rows = 0, out = 0, in = 0;
};

// y [N, out] = (addend +) x [N, in] . w [out, in]^T
void multiply_rows(tensor::Context& context, const tensor::Bf16* x, const tensor::Bf16* w, MatrixShape shape,
                   const float* addend, float* y);
// dx [N, in] = (addend +) dy [N, out] . w [out, in]
void multiply_back(tensor::Context& context, const tensor::Bf16* dy, const tensor::Bf16* w, MatrixShape shape,
                   const float* addend, float* dx);
// dw [out, in] += dy [N, out]^T . x [N, in], one chain for each `fold` rows.
void add_outer(tensor::Context& context, const tensor::Bf16* dy, const tensor::Bf16* x, MatrixShape shape,
               std::size_t fold, float* dw);

// Where gradients go: both [flat], either may be null.
struct Gradients {
  float* weights = nullptr;   // [P], as the model's
  float* low_rank = nullptr;  // as the delta's

  // Of a tensor of the model; null where there is none, or none is wanted.
  float* of(std::size_t offset) const { return weights && offset != kAbsent ? weights + offset : nullptr; }
};

// Scratch of the low-rank change: [N, r] each. Not read or written without one.
struct LowRankScratch {
  float* wide = nullptr;
  tensor::Bf16* narrow = nullptr;  // of the backward pass
};

// What a forward pass keeps of the low-rank change at each site: scale A x, rounded.
using LowRankKept = tensor::Array<tensor::Bf16>[kSites];

struct Linear {
  const Pass& pass;
  std::size_t layer;
  LowRankScratch scratch;

  Place place(Site site) const;
  MatrixShape shape(Site site) const;

  void forward(Site site, const tensor::Bf16* x, const float* addend, float* y, LowRankKept& kept) const;
  // dx = (addend +) W^T dy (+ scale A^T (B^T dy)); adds the gradients that are asked for.
  void backward(Site site, const tensor::Bf16* x, const tensor::Bf16* dy, const float* addend, float* dx,
                const LowRankKept& kept, const Gradients& into) const;
};

}  // namespace cairn::model
