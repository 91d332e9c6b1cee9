// Results at the edge of the subnormals, where processors differ: just below the smallest normal, what rounds up to it
// with 24 bits and an unbounded exponent is normal, what does not is a zero (docs/arithmetic.md). Random inputs hardly
// ever lead there.
#include <array>
#include <cmath>

#include "tensor/cases.h"
#include "tensor/elementwise.h"
#include "tensor/loss.h"
#include "tensor/product.h"

namespace cairn::tensor {
namespace {

constexpr float kSmallest = 0x1p-126f;

std::vector<float> signs(Inputs& in, std::size_t n) {
  std::vector<float> out;
  for (const std::int32_t s : in.ids(n, 2)) out.push_back(s == 0 ? 1.0f : -1.0f);
  return out;
}

// (1 - 2^-24) of the smallest normal is tiny; the smallest normal less 2^-151 is halfway to it, and a little less is
// tiny again.
void edge_elementwise(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const auto sign = signs(in, size);
  std::vector<float> x(size), y(size), z(size);
  for (std::size_t i = 0; i < size; ++i) {
    x[i] = y[i] = sign[i] * kSmallest;
    z[i] = sign[i] * (i % 3 == 0 ? 0x1.000002p-76f : i % 3 == 1 ? 0x1p-76f : 0x1p-75f);
  }
  scale(context, size, 0x1.fffffep-1f, x.data());
  keep(out, x);
  blend(context, {.n = size, .alpha = -0x1p-75f, .beta = 1.0f, .x = z.data(), .y = y.data(), .out = x.data()});
  keep(out, x);
}

// A quotient of (1 - 2^-24) of the smallest normal: the factor of the gradient of two equal logits.
void edge_loss(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t rows = in.between(1, size);
  const std::vector<std::int32_t> target(rows, 1);
  std::vector<float> logits(rows * 2), loss(rows);
  std::vector<Bf16> dlogits(rows * 2);
  cross_entropy(context, {.rows = rows,
                          .vocabulary = 2,
                          .scale = 0x1.fffffep-126f,
                          .target = target.data(),
                          .logits = logits.data(),
                          .loss = loss.data(),
                          .dlogits = dlogits.data()});
  keep(out, dlogits);
}

// The smallest normal, less 2^-149 to 2^-154.
template <class E>
void edge_product(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  // Of two elements the chain takes the odd one first in bfloat16, the even one in binary32.
  constexpr std::size_t kK = 2, kFirst = sizeof(E) == 2 ? 1 : 0, kSecond = 1 - kFirst;
  const std::size_t m = in.between(1, size), n = in.between(1, size);
  const auto sign = signs(in, m);
  const auto number = [](float x) {
    if constexpr (sizeof(E) == 2)
      return to_bf16(x);
    else
      return x;
  };
  std::vector<E> a(m * kK), b(n * kK);
  for (std::size_t i = 0; i < m; ++i) {
    a[i * kK + kSecond] = number(-sign[i] * std::ldexp(1.0f, -static_cast<int>(74 + i % 3)));
    a[i * kK + kFirst] = number(sign[i] * 0x1p-63f);
  }
  for (std::size_t j = 0; j < n; ++j) {
    b[j * kK + kSecond] = number(std::ldexp(1.0f, -static_cast<int>(75 + j % 4)));
    b[j * kK + kFirst] = number(0x1p-63f);
  }
  std::vector<float> c(m * n);
  multiply(context, ProductOf<E>{.m = m,
                                 .n = n,
                                 .k = kK,
                                 .a = by_rows(a.data(), kK),
                                 .b = by_rows(b.data(), kK),
                                 .c = c.data(),
                                 .c_stride = n});
  keep(out, c);
}

constexpr std::array kCases = {Case{"edge.elementwise", edge_elementwise}, Case{"edge.loss", edge_loss},
                               Case{"edge.product", edge_product<Bf16>},
                               Case{"edge.product.float", edge_product<float>}};

}  // namespace

std::span<const Case> edge_cases() {
  return kCases;
}

}  // namespace cairn::tensor
