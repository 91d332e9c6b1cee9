// Dropout (Srivastava et al. 2014, JMLR 15, section 4, scaled while training): each element is kept or not by 16 bits
// of a counter-based stream, so the choice depends on the element's number alone, never on threads, order or
// micro-batches. Not a mask in memory: the backward pass draws the same bits again. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/context.h"
#include "tensor/random.h"

namespace cairn::tensor {

// Element i of an operation is element first + i of the stream: half (first + i) mod 2, the low one first, of word
// (first + i) / 2. With t = round(rate * 65536) it is kept where its bits are t or more, and multiplied by
// 65536 / (65536 - t); else by +0. (dropout_factors.h has the factors themselves, for kernels.)
struct Dropout {
  float rate = 0.0f;  // in [0, 1); 0: all are kept
  Stream stream;
  std::uint64_t first = 0;
};

// x[i] *= the factor of element i, in place; the gradient likewise.
struct ApplyDropout {
  std::size_t n = 0;
  Dropout dropout;
  float* x = nullptr;  // [n]
};
void dropout(Context& context, const ApplyDropout& op);

}  // namespace cairn::tensor
