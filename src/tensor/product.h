// Matrix product of bfloat16 or binary32 operands with a binary32 result: the one operation nearly all of training's
// time goes into.
//
//   c[i, j] = (addend[i, j] +) sum over k of a[i, k] * b[j, k]
//
// To the bit (docs/arithmetic.md): one accumulator per output, from +0. bfloat16: over ascending pairs of k, the odd
// element first: acc = fma(a[2p+1], b[2p+1], acc); acc = fma(a[2p], b[2p], acc); an odd K is padded with one +0 in both
// operands. binary32: acc = fma(a[k], b[k], acc) over ascending k. At the end acc + 0 (so that no -0 is stored and
// padding changes nothing), then addend + acc. Does not broadcast, allocate for the caller, or check values. Pointers
// must be valid for the shapes; outputs overlap no input, save that `addend` may be `c` itself.
#pragma once

#include <cstddef>

#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::tensor {

// Element (row, k) of an operand is data[row * row_stride + k * k_stride]; one of the two strides is 1.
template <class E>
struct OperandOf {
  const E* data = nullptr;
  std::size_t row_stride = 0;
  std::size_t k_stride = 1;
};
using Operand = OperandOf<Bf16>;

// Row-major [rows, K] with `stride` elements from row to row: activations in the forward product, weights [out, in].
template <class E>
constexpr OperandOf<E> by_rows(const E* data, std::size_t stride) {
  return {data, stride, 1};
}
// Row-major [K, rows] with `stride` elements from k to k: the transpose of the above.
template <class E>
constexpr OperandOf<E> by_columns(const E* data, std::size_t stride) {
  return {data, 1, stride};
}

// The three that training needs, for y[N, O] = x[N, I] . w[O, I]^T:
//   y   : {.m = N, .n = O, .k = I, .a = by_rows(x, I),     .b = by_rows(w, I),    .c = y,  .c_stride = O}
//   dx  : {.m = N, .n = I, .k = O, .a = by_rows(dy, O),    .b = by_columns(w, I), .c = dx, .c_stride = I}
//   dw +: {.m = O, .n = I, .k = N, .a = by_columns(dy, O), .b = by_columns(x, I), .addend = dw, .c = dw, .c_stride = I}
template <class E>
struct ProductOf {
  std::size_t m = 0, n = 0, k = 0;
  OperandOf<E> a, b;              // [m, k] and [n, k]
  const float* addend = nullptr;  // [m, n] with c_stride, or none
  float* c = nullptr;             // [m, n]
  std::size_t c_stride = 0;       // elements from row to row, at least n
  // 0: one chain over all of k. Else one chain for each `fold` elements of k, added in order: ((addend + first) +
  // second) + ... So a weight gradient over the rows of several grains has the bits of one product for each grain.
  std::size_t fold = 0;
};
using Product = ProductOf<Bf16>;
using FloatProduct = ProductOf<float>;

void multiply(Context& context, const Product& product);
void multiply(Context& context, const FloatProduct& product);

}  // namespace cairn::tensor
