// How fast this processor multiplies: for `cairn bench`, `cairn doctor` and volunteers' records. Never part of a
// result.
#pragma once

#include <cstddef>

#include "tensor/context.h"

namespace cairn::tensor {

// Floating-point operations per second of multiply-adds in registers, on the context's threads together. About 50 ms.
double measure_peak(Context& context);

struct Shape {
  std::size_t m = 0, n = 0, k = 0;
};
// Operations per second of y[m, n] = x[m, k] . w[n, k]^T, the best of several runs over at least `seconds`.
double measure_product(Context& context, const Shape& shape, double seconds);

}  // namespace cairn::tensor
