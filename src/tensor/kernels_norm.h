// Kernels of norm.h, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/kernels_walk.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct NormKernels {
  static P one_over(std::size_t n) { return P::div(P::set(1.0f), P::set(static_cast<float>(n))); }

  // 1 / sqrt(sum / width + epsilon)
  static float inverse_root(float sum, P inverse, float epsilon) {
    const P mean = P::fma(P::set(sum), inverse, P::set(epsilon));
    return single(P::div(P::set(1.0f), P::sqrt(mean)));
  }

  // RMSNorm of n channels, into binary32 or bfloat16; its rstd.
  template <class E>
  static float rms(std::size_t n, const float* x, const float* w, P inverse, float epsilon, E* y) {
    P squares = P::set(0.0f);
    walk<P>(n, [&](std::size_t i, auto pack) {
      const P a = pack.load(x + i);
      squares = P::fma(a, a, squares);
    });
    const float rstd = inverse_root(P::tree_sum(squares), inverse, epsilon);
    const P k = P::set(rstd);
    walk<P>(
        n, [&](std::size_t i, auto pack) { pack.store(y + i, P::mul(P::mul(pack.load(x + i), k), pack.load(w + i))); });
    return rstd;
  }

  // The factor of x in RMSNorm's gradient: -rstd^2 mean(w dy x).
  static P rms_pull(std::size_t n, const float* x, const float* w, const float* dy, P inverse, P rstd) {
    P dots = P::set(0.0f);
    walk<P>(n, [&](std::size_t i, auto pack) {
      dots = P::fma(P::mul(pack.load(w + i), pack.load(dy + i)), pack.load(x + i), dots);
    });
    return P::neg(P::mul(P::mul(P::mul(P::set(P::tree_sum(dots)), inverse), rstd), rstd));
  }

  static void rms_norm_forward(const RmsNormForward& op, Range rows) {
    const P inverse = one_over(op.width);
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      op.rstd[r] = rms(op.width, op.x + r * op.width, op.weight, inverse, op.epsilon, op.y + r * op.width);
  }

  static void rms_norm_backward(const RmsNormBackward& op, Range rows) {
    const P inverse = one_over(op.width);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *x = op.x + r * op.width, *dy = op.dy + r * op.width, *w = op.weight;
      float* dx = op.dx + r * op.width;
      const P rstd = P::set(op.rstd[r]), k = rms_pull(op.width, x, w, dy, inverse, rstd);
      walk<P>(op.width, [&](std::size_t i, auto pack) {
        const P g = P::mul(pack.load(w + i), pack.load(dy + i));
        pack.store(dx + i, P::fma(rstd, P::fma(pack.load(x + i), k, g), pack.load(dx + i)));
      });
    }
  }

  static void rms_norm_dweight(const RmsNormBackward& op, Range channels) {
    chains_over_rows<P>(channels, op.rows, op.fold, op.dweight, [&](P chain, std::size_t r, std::size_t c, auto pack) {
      const std::size_t at = r * op.width + c;
      return P::fma(pack.load(op.dy + at), P::mul(pack.load(op.x + at), P::set(op.rstd[r])), chain);
    });
  }

  static void layer_norm_forward(const LayerNormForward& op, Range rows) {
    const P inverse = one_over(op.width);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *x = op.x + r * op.width, *w = op.weight, *bias = op.bias;
      Bf16* y = op.y + r * op.width;
      P sums = P::set(0.0f), squares = P::set(0.0f);
      walk<P>(op.width, [&](std::size_t i, auto pack) { sums = P::add(sums, pack.load(x + i)); });
      op.mean[r] = single(P::mul(P::set(P::tree_sum(sums)), inverse));
      const P mean = P::set(op.mean[r]);
      walk<P>(op.width, [&](std::size_t i, auto pack) {
        const P d = pack.head(P::sub(pack.load(x + i), mean), P::set(0.0f));
        squares = P::fma(d, d, squares);
      });
      op.rstd[r] = inverse_root(P::tree_sum(squares), inverse, op.epsilon);
      const P rstd = P::set(op.rstd[r]);
      const auto unit = [&](P a) { return P::mul(P::sub(a, mean), rstd); };
      if (bias != nullptr)
        walk<P>(op.width, [&](std::size_t i, auto pack) {
          pack.store(y + i, P::fma(unit(pack.load(x + i)), pack.load(w + i), pack.load(bias + i)));
        });
      else
        walk<P>(op.width,
                [&](std::size_t i, auto pack) { pack.store(y + i, P::mul(unit(pack.load(x + i)), pack.load(w + i))); });
    }
  }

  // g = w dy, d = x - mean: dx += rstd (g - mean(g) - d rstd^2 mean(g d))
  static void layer_norm_backward(const LayerNormBackward& op, Range rows) {
    const P inverse = one_over(op.width);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *x = op.x + r * op.width, *dy = op.dy + r * op.width, *w = op.weight;
      float* dx = op.dx + r * op.width;
      const P rstd = P::set(op.rstd[r]), mean = P::set(op.mean[r]);
      P sums = P::set(0.0f), dots = P::set(0.0f);
      walk<P>(op.width, [&](std::size_t i, auto pack) {
        const P g = P::mul(pack.load(w + i), pack.load(dy + i));
        sums = P::add(sums, g);
        dots = P::fma(g, pack.head(P::sub(pack.load(x + i), mean), P::set(0.0f)), dots);
      });
      const P shift = P::neg(P::mul(P::set(P::tree_sum(sums)), inverse));
      const P k = P::neg(P::mul(P::mul(P::mul(P::set(P::tree_sum(dots)), inverse), rstd), rstd));
      walk<P>(op.width, [&](std::size_t i, auto pack) {
        const P g = P::mul(pack.load(w + i), pack.load(dy + i)), d = P::sub(pack.load(x + i), mean);
        pack.store(dx + i, P::fma(rstd, P::fma(d, k, P::add(g, shift)), pack.load(dx + i)));
      });
    }
  }

  static void layer_norm_gains(const LayerNormBackward& op, Range channels) {
    if (op.dweight != nullptr)
      chains_over_rows<P>(channels, op.rows, op.fold, op.dweight,
                          [&](P chain, std::size_t r, std::size_t c, auto pack) {
                            const std::size_t at = r * op.width + c;
                            const P d = P::sub(pack.load(op.x + at), P::set(op.mean[r]));
                            return P::fma(pack.load(op.dy + at), P::mul(d, P::set(op.rstd[r])), chain);
                          });
    if (op.dbias != nullptr)
      chains_over_rows<P>(channels, op.rows, op.fold, op.dbias, [&](P chain, std::size_t r, std::size_t c, auto pack) {
        return P::add(chain, pack.load(op.dy + r * op.width + c));
      });
  }

  static void head_norm_forward(const HeadNormForward& op, Range rows) {
    const P inverse = one_over(op.head_width);
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      for (std::size_t h = 0; h < op.heads; ++h) {
        const std::size_t at = r * op.stride + h * op.head_width;
        op.rstd[r * op.heads + h] = rms(op.head_width, op.x + at, op.weight, inverse, op.epsilon, op.y + at);
      }
  }

  static void head_norm_backward(const HeadNormBackward& op, Range rows) {
    const P inverse = one_over(op.head_width);
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      for (std::size_t h = 0; h < op.heads; ++h) {
        const std::size_t at = r * op.stride + h * op.head_width;
        const float *x = op.x + at, *dy = op.dy + at, *w = op.weight;
        float* dx = op.dx + at;
        const P rstd = P::set(op.rstd[r * op.heads + h]), k = rms_pull(op.head_width, x, w, dy, inverse, rstd);
        walk<P>(op.head_width, [&](std::size_t i, auto pack) {
          const P g = P::mul(pack.load(w + i), pack.load(dy + i));
          pack.store(dx + i, P::mul(rstd, P::fma(pack.load(x + i), k, g)));
        });
      }
  }

  static void head_norm_dweight(const HeadNormBackward& op, Range channels) {
    chains_over_rows<P>(channels, op.rows, op.fold, op.dweight, [&](P chain, std::size_t r, std::size_t c, auto pack) {
      for (std::size_t h = 0; h < op.heads; ++h) {
        const std::size_t at = r * op.stride + h * op.head_width + c;
        const P unit = P::mul(pack.load(op.x + at), P::set(op.rstd[r * op.heads + h]));
        chain = P::fma(pack.load(op.dy + at), unit, chain);
      }
      return chain;
    });
  }
};

}  // namespace

}  // namespace cairn::tensor
