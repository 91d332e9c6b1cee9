// For tests: inputs, and central differences of a double-precision model of an operation.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/random.h"

namespace cairn::tensor {

using Doubles = std::vector<double>;
using Floats = std::vector<float>;
constexpr double kBf16 = 0x1p-8;  // one unit in the last place of bfloat16, relative

inline Context make() {
  return std::move(*Context::make_unchecked({.threads = 2}));
}

// Normals that bfloat16 holds exactly, so that inputs carry no rounding.
inline Floats normals(std::uint64_t key, std::size_t n, float deviation = 1.0f) {
  Floats out(n);
  fill_normal({key, 0}, 0, deviation, out);
  for (float& x : out) x = to_float(to_bf16(x));
  return out;
}
inline std::vector<Bf16> narrow(const Floats& x) {
  std::vector<Bf16> out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = to_bf16(x[i]);
  return out;
}
inline Floats wide(const std::vector<Bf16>& x) {
  Floats out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = to_float(x[i]);
  return out;
}
inline Doubles doubles(const Floats& x) {
  return {x.begin(), x.end()};
}
inline double largest(const Doubles& x) {
  double most = 0;
  for (const double v : x) most = std::max(most, std::fabs(v));
  return most;
}

inline void expect_near(const Floats& got, const Doubles& expected, double relative, const char* what) {
  ASSERT_EQ(got.size(), expected.size());
  const double bound = relative * largest(expected) + 1e-12;
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], bound) << what << '[' << i << ']';
}

// d (sum of weights * f(x)) / dx by central differences.
inline Doubles differences(const std::function<Doubles(const Doubles&)>& f, Doubles x, const Floats& weights) {
  Doubles out(x.size());
  const auto value = [&] {
    const Doubles y = f(x);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * weights[i];
    return sum;
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = x[i], h = 1e-5;
    x[i] = at + h;
    const double above = value();
    x[i] = at - h;
    out[i] = (above - value()) / (2 * h);
    x[i] = at;
  }
  return out;
}

}  // namespace cairn::tensor
