// Kernels over long vectors, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/kernels_walk.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct VectorKernels {
  static void to_bf16(std::size_t n, const float* in, Bf16* out) {
    walk<P>(n, [&](std::size_t i, auto pack) { pack.store(out + i, pack.load(in + i)); });
  }
  static void to_float(std::size_t n, const Bf16* in, float* out) {
    walk<P>(n, [&](std::size_t i, auto pack) { pack.store(out + i, P::flush(pack.load(in + i))); });
  }
  static void add(std::size_t n, const float* a, const float* b, float* out) {
    walk<P>(n, [&](std::size_t i, auto pack) { pack.store(out + i, P::add(pack.load(a + i), pack.load(b + i))); });
  }
  static void blend(const Blend& op, Range elements) {
    const P alpha = P::set(op.alpha), beta = P::set(op.beta);
    const float *x = op.x + elements.begin, *y = op.y + elements.begin;
    float* out = op.out + elements.begin;
    walk<P>(elements.end - elements.begin, [&](std::size_t i, auto pack) {
      pack.store(out + i, P::fma(alpha, pack.load(x + i), P::mul(beta, pack.load(y + i))));
    });
  }
  static void scale(std::size_t n, float factor, float* x) {
    const P k = P::set(factor);
    walk<P>(n, [&](std::size_t i, auto pack) { pack.store(x + i, P::mul(pack.load(x + i), k)); });
  }
  static float sum(std::size_t n, const float* x) {
    P s = P::set(0.0f);
    walk<P>(n, [&](std::size_t i, auto pack) { s = P::add(s, pack.load(x + i)); });
    return P::tree_sum(s);
  }
  static float sum_of_squares(std::size_t n, const float* x) {
    P s = P::set(0.0f);
    walk<P>(n, [&](std::size_t i, auto pack) {
      const P a = pack.load(x + i);
      s = P::fma(a, a, s);
    });
    return P::tree_sum(s);
  }
};

}  // namespace

}  // namespace cairn::tensor
