// Kernels of swiglu.h and gelu.h, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/functions.h"
#include "tensor/kernels_walk.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct ActivationKernels {
  static void swiglu_forward(const SwigluForward& op, Range rows) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *gate = op.in + r * 2 * op.hidden, *up = gate + op.hidden;
      Bf16* out = op.out + r * op.hidden;
      walk<P>(op.hidden, [&](std::size_t i, auto pack) {
        const P g = pack.load(gate + i);
        pack.store(out + i, P::mul(P::mul(g, functions::sigmoid(g)), pack.load(up + i)));
      });
    }
  }

  // d gate = (dout up) s (1 + gate (1 - s)), d up = dout (gate s), with s = sigmoid(gate)
  static void swiglu_backward(const SwigluBackward& op, Range rows) {
    const P one = P::set(1.0f);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *gate = op.in + r * 2 * op.hidden, *up = gate + op.hidden, *dout = op.dout + r * op.hidden;
      Bf16 *dgate = op.din + r * 2 * op.hidden, *dup = dgate + op.hidden;
      walk<P>(op.hidden, [&](std::size_t i, auto pack) {
        const P g = pack.load(gate + i), d = pack.load(dout + i), s = functions::sigmoid(g);
        pack.store(dgate + i, P::mul(P::mul(d, pack.load(up + i)), P::mul(s, P::fma(g, P::sub(one, s), one))));
        pack.store(dup + i, P::mul(d, P::mul(g, s)));
      });
    }
  }

  // x F(x), F the normal distribution's function or its approximation, and the derivative F + x F'.
  struct Exact {
    static P distribution(P x) {
      const P half = P::set(0.5f);
      return P::fma(functions::erf(P::mul(x, P::set(0x1.6a09e6p-1f))), half, half);  // 1 / sqrt 2
    }
    static P derivative(P x) {
      const P density = P::mul(functions::exp(P::mul(P::mul(x, x), P::set(-0.5f))), P::set(0x1.988454p-2f));
      return P::fma(x, density, distribution(x));  // 1 / sqrt(2 pi)
    }
  };
  // (1 + tanh u) / 2 = sigmoid(2 u), with 2 u = 2 sqrt(2 / pi) (x + 0.044715 x^3)
  struct ByTanh {
    static constexpr float kSlope = 0x1.988454p+0f, kCubic = 0x1.6e4e26p-5f, kTripleCubic = 0x1.12ba9ep-3f;
    static P distribution(P x) {
      const P u = P::mul(P::mul(x, P::set(kSlope)), P::fma(P::mul(x, x), P::set(kCubic), P::set(1.0f)));
      return functions::sigmoid(u);
    }
    static P derivative(P x) {
      const P one = P::set(1.0f), s = distribution(x);
      const P slope = P::mul(P::set(kSlope), P::fma(P::mul(x, x), P::set(kTripleCubic), one));
      return P::fma(P::mul(x, slope), P::mul(s, P::sub(one, s)), s);
    }
  };

  template <class G>
  static void gelu_forward_by(const GeluForward& op, Range rows) {
    const float* in = op.in + rows.begin * op.hidden;
    Bf16* out = op.out + rows.begin * op.hidden;
    walk<P>((rows.end - rows.begin) * op.hidden, [&](std::size_t i, auto pack) {
      const P x = pack.load(in + i);
      pack.store(out + i, P::mul(x, G::distribution(x)));
    });
  }
  static void gelu_forward(const GeluForward& op, Range rows) {
    if (op.tanh)
      gelu_forward_by<ByTanh>(op, rows);
    else
      gelu_forward_by<Exact>(op, rows);
  }

  template <class G>
  static void gelu_backward_by(const GeluBackward& op, Range rows) {
    const float *in = op.in + rows.begin * op.hidden, *dout = op.dout + rows.begin * op.hidden;
    Bf16* din = op.din + rows.begin * op.hidden;
    walk<P>((rows.end - rows.begin) * op.hidden, [&](std::size_t i, auto pack) {
      pack.store(din + i, P::mul(pack.load(dout + i), G::derivative(pack.load(in + i))));
    });
  }
  static void gelu_backward(const GeluBackward& op, Range rows) {
    if (op.tanh)
      gelu_backward_by<ByTanh>(op, rows);
    else
      gelu_backward_by<Exact>(op, rows);
  }
};

}  // namespace

}  // namespace cairn::tensor
