// How fast this processor multiplies: for `cairn bench`, `cairn doctor` and volunteers' records. Never part of a
// result.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "tensor/context.h"

namespace cairn::tensor {

// Floating-point operations per second of multiply-adds in registers, as products of bfloat16 (narrow) or of binary32
// do them with this instruction set, on the context's threads together. About 50 ms.
double measure_peak(Context& context, bool narrow);

// Bytes per second read and written by one pass over memory far larger than the caches, all threads together.
double measure_bandwidth(Context& context);

// The three products of y[N, O] = x[N, I] . w[O, I]^T (tensor/product.h): which operands lie with k outermost.
enum class Transpose { y, dx, dw };
struct MeasuredProduct {
  std::size_t m = 0, n = 0, k = 0;
  bool narrow = true;  // bfloat16 operands; or binary32
  Transpose transpose = Transpose::y;
};
// Operations per second, the best of several runs over at least `seconds`.
double measure_product(Context& context, const MeasuredProduct& product, double seconds);

// One operation other than a product, at sizes that training has.
struct OperationRate {
  std::string_view name, shape;
  double bytes_per_second = 0;  // of what it must read and write
  double flops_per_second = 0;  // of its products, where these are most of its work; else 0
};
std::vector<OperationRate> measure_operations(Context& context, double seconds_each);

}  // namespace cairn::tensor
