// The nearest orthogonal matrix, nearly: Newton and Schulz's iteration as Muon runs it (Keller Jordan 2024,
// "Muon: an optimizer for hidden layers in neural networks", with its quintic's coefficients).
// Not a decomposition: the singular values come out between about 0.7 and 1.2, which is enough for a step.
// Owns scratch for the largest matrix it was given; one thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/pages.h"

namespace cairn::train {

// x [rows, columns] = U S V^T becomes about U V^T. Zero stays zero. To the bit: x *= 1 / (norm + 1e-7); then five
// times, with X = x rounded to bfloat16 and G its products with itself over the longer side (X X^T, or X^T X where
// there are more rows), A = G rounded, B = (b G + c A A) rounded: x = a x + B X (or X B), a = 3.4445, b = -4.7750, c
// = 2.0315. All products are bfloat16's with binary32 sums; x itself stays binary32.
class Orthogonaliser {
 public:
  void operator()(tensor::Context& context, std::size_t rows, std::size_t columns, std::span<float> x);

 private:
  void iterate(tensor::Context& context, std::size_t rows, std::size_t columns, float* x);

  tensor::Array<tensor::Bf16> narrow_, gram_narrow_, factor_;  // X [rows, columns]; A and B [shorter, shorter]
  tensor::Array<float> gram_, square_;                         // [shorter, shorter]
};

}  // namespace cairn::train
