// Kernels over long vectors, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/kernels.h"
#include "tensor/kernels_rows.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct VectorKernels {
  static void to_bf16(std::size_t n, const float* in, Bf16* out) {
    walk(
        n, [&](std::size_t i) { P::store(out + i, P::load(in + i)); },
        [&](std::size_t i, std::size_t m) { P::store_part(out + i, P::load_part(in + i, m), m); });
  }
  static void to_float(std::size_t n, const Bf16* in, float* out) {
    walk(
        n, [&](std::size_t i) { P::store(out + i, P::flush(P::load(in + i))); },
        [&](std::size_t i, std::size_t m) { P::store_part(out + i, P::flush(P::load_part(in + i, m)), m); });
  }
  static void add(std::size_t n, const float* a, const float* b, float* out) {
    walk(
        n, [&](std::size_t i) { P::store(out + i, P::add(P::load(a + i), P::load(b + i))); },
        [&](std::size_t i, std::size_t m) {
          P::store_part(out + i, P::add(P::load_part(a + i, m), P::load_part(b + i, m)), m);
        });
  }
  static void blend(const Blend& op, Range elements) {
    const P alpha = P::set(op.alpha), beta = P::set(op.beta);
    for (std::size_t i = elements.begin; i < elements.end; i += 16) {
      const std::size_t n = elements.end - i < 16 ? elements.end - i : 16;
      P::store_part(op.out + i, P::fma(alpha, P::load_part(op.x + i, n), P::mul(beta, P::load_part(op.y + i, n))), n);
    }
  }
  static void scale(std::size_t n, float factor, float* x) {
    const P k = P::set(factor);
    walk(
        n, [&](std::size_t i) { P::store(x + i, P::mul(P::load(x + i), k)); },
        [&](std::size_t i, std::size_t m) { P::store_part(x + i, P::mul(P::load_part(x + i, m), k), m); });
  }
  static float sum(std::size_t n, const float* x) {
    P s = P::set(0.0f);
    walk(
        n, [&](std::size_t i) { s = P::add(s, P::load(x + i)); },
        [&](std::size_t i, std::size_t m) { s = P::add(s, P::load_part(x + i, m)); });
    return P::tree_sum(s);
  }
  static float sum_of_squares(std::size_t n, const float* x) {
    P s = P::set(0.0f);
    walk(
        n,
        [&](std::size_t i) {
          const P a = P::load(x + i);
          s = P::fma(a, a, s);
        },
        [&](std::size_t i, std::size_t m) {
          const P a = P::load_part(x + i, m);
          s = P::fma(a, a, s);
        });
    return P::tree_sum(s);
  }
  static void adamw(const AdamW& op, const AdamWFactors& k, Range elements) {
    const P beta1 = P::set(op.beta1), beta2 = P::set(op.beta2), rest1 = P::set(k.rest1), rest2 = P::set(k.rest2);
    const P unbias1 = P::set(k.unbias1), unbias2 = P::set(k.unbias2), epsilon = P::set(op.epsilon);
    const P decay = P::set(op.weight_decay), rate = P::set(-op.rate), grad_scale = P::set(op.grad_scale);
    for (std::size_t i = elements.begin; i < elements.end; i += 16) {
      const std::size_t n = elements.end - i < 16 ? elements.end - i : 16;
      const P g = P::mul(P::load_part(op.gradient + i, n), grad_scale), w = P::load_part(op.weights + i, n);
      const P m = P::fma(beta1, P::load_part(op.m + i, n), P::mul(rest1, g));
      const P v = P::fma(beta2, P::load_part(op.v + i, n), P::mul(P::mul(rest2, g), g));
      const P direction = P::div(P::mul(m, unbias1), P::add(P::sqrt(P::mul(v, unbias2)), epsilon));
      const P next = P::fma(rate, P::fma(decay, w, direction), w);
      P::store_part(op.m + i, m, n);
      P::store_part(op.v + i, v, n);
      P::store_part(op.weights + i, next, n);
      if (op.copy != nullptr) P::store_part(op.copy + i, next, n);
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
