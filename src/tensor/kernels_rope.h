// Kernels of rope.h, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/kernels_walk.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct RopeKernels {
  struct Turned {
    P a, b;
  };
  static Turned turn(P a, P b, P cosine, P sine) {
    return {P::fma(a, cosine, P::neg(P::mul(b, sine))), P::fma(b, cosine, P::mul(a, sine))};
  }

  // Pairs (i, i + half) of one head.
  template <bool Back>
  static void turn_halves(std::size_t half, const float* cosine, const float* sine, const float* in, Bf16* out) {
    walk<P>(half, [&](std::size_t i, auto pack) {
      const P s = pack.load(sine + i);
      const Turned y = turn(pack.load(in + i), pack.load(in + half + i), pack.load(cosine + i), Back ? P::neg(s) : s);
      pack.store(out + i, y.a);
      pack.store(out + half + i, y.b);
    });
  }
  // Pairs (2i, 2i + 1) of one head.
  template <bool Back>
  static void turn_neighbours(std::size_t half, const float* cosine, const float* sine, const float* in, Bf16* out) {
    for (std::size_t i = 0; i < half; i += 16) {
      const std::size_t n = half - i < 16 ? half - i : 16;
      float a[16] = {}, b[16] = {};
      Bf16 first[16], second[16];
      for (std::size_t j = 0; j < n; ++j) a[j] = in[2 * (i + j)], b[j] = in[2 * (i + j) + 1];
      const P s = P::load_part(sine + i, n);
      const Turned y = turn(P::load(a), P::load(b), P::load_part(cosine + i, n), Back ? P::neg(s) : s);
      P::store(first, y.a);
      P::store(second, y.b);
      for (std::size_t j = 0; j < n; ++j) out[2 * (i + j)] = first[j], out[2 * (i + j) + 1] = second[j];
    }
  }

  static void round(std::size_t n, const float* in, Bf16* out) {
    walk<P>(n, [&](std::size_t i, auto pack) { pack.store(out + i, pack.load(in + i)); });
  }

  template <bool Back>
  static void rope(const Rope& op, Range rows) {
    const std::size_t d = op.head_width, width = op.heads * d, turned = op.rotated * d;
    const std::size_t part = op.rotated_width != 0 ? op.rotated_width : d, half = part / 2;
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const std::size_t position = op.first + r % op.time;
      const float *cosine = op.cosine + position * half, *sine = op.sine + position * half;
      const float* in = op.in + r * width;
      Bf16* out = op.out + r * width;
      for (std::size_t at = 0; at < turned; at += d) {
        if (op.interleaved)
          turn_neighbours<Back>(half, cosine, sine, in + at, out + at);
        else
          turn_halves<Back>(half, cosine, sine, in + at, out + at);
        if (part < d) round(d - part, in + at + part, out + at + part);
      }
      round(width - turned, in + turned, out + turned);
    }
  }
  static void rope_forward(const Rope& op, Range rows) { rope<false>(op, rows); }
  static void rope_backward(const Rope& op, Range rows) { rope<true>(op, rows); }
};

}  // namespace

}  // namespace cairn::tensor
