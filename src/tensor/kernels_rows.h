// Kernels over rows of channels, written once over a pack P (pack_scalar.h): norm, rope, swiglu, cross-entropy,
// embedding.
#pragma once

#include "tensor/functions.h"
#include "tensor/kernels.h"
#include "tensor/math.h"

namespace cairn::tensor {

// Everything here has internal linkage: each instruction set's file compiles its own copy, and the linker must never
// merge code compiled for one processor into a file meant for another.
namespace {

// Calls full(i) for whole packs at i and part(i, n) for the rest: the slots of element i are i mod 16.
template <class F, class G>
inline void walk(std::size_t n, F full, G part) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) full(i);
  if (i < n) part(i, n - i);
}

template <class P>
struct RowKernels {
  static float single(P a) {
    float r;
    P::store_part(&r, a, 1);
    return r;
  }

  static void rms_norm_forward(const RmsNormForward& op, Range rows) {
    const P inverse = P::div(P::set(1.0f), P::set(static_cast<float>(op.width)));
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float* x = op.x + r * op.width;
      Bf16* y = op.y + r * op.width;
      P squares = P::set(0.0f);
      walk(
          op.width,
          [&](std::size_t i) {
            const P a = P::load(x + i);
            squares = P::fma(a, a, squares);
          },
          [&](std::size_t i, std::size_t n) {
            const P a = P::load_part(x + i, n);
            squares = P::fma(a, a, squares);
          });
      const P mean = P::fma(P::set(P::tree_sum(squares)), inverse, P::set(op.epsilon));
      const float rstd = single(P::div(P::set(1.0f), P::sqrt(mean)));
      op.rstd[r] = rstd;
      const P k = P::set(rstd);
      walk(
          op.width, [&](std::size_t i) { P::store(y + i, P::mul(P::mul(P::load(x + i), k), P::load(op.weight + i))); },
          [&](std::size_t i, std::size_t n) {
            P::store_part(y + i, P::mul(P::mul(P::load_part(x + i, n), k), P::load_part(op.weight + i, n)), n);
          });
    }
  }

  static void rms_norm_backward(const RmsNormBackward& op, Range rows) {
    const P inverse = P::div(P::set(1.0f), P::set(static_cast<float>(op.width)));
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *x = op.x + r * op.width, *dy = op.dy + r * op.width, *w = op.weight;
      float* dx = op.dx + r * op.width;
      P dots = P::set(0.0f);
      walk(
          op.width,
          [&](std::size_t i) { dots = P::fma(P::mul(P::load(w + i), P::load(dy + i)), P::load(x + i), dots); },
          [&](std::size_t i, std::size_t n) {
            dots = P::fma(P::mul(P::load_part(w + i, n), P::load_part(dy + i, n)), P::load_part(x + i, n), dots);
          });
      const P rstd = P::set(op.rstd[r]);
      const P k = P::neg(P::mul(P::mul(P::mul(P::set(P::tree_sum(dots)), inverse), rstd), rstd));
      const auto gradient = [&](P xi, P wi, P dyi, P dxi) { return P::fma(rstd, P::fma(xi, k, P::mul(wi, dyi)), dxi); };
      walk(
          op.width,
          [&](std::size_t i) {
            P::store(dx + i, gradient(P::load(x + i), P::load(w + i), P::load(dy + i), P::load(dx + i)));
          },
          [&](std::size_t i, std::size_t n) {
            P::store_part(dx + i,
                          gradient(P::load_part(x + i, n), P::load_part(w + i, n), P::load_part(dy + i, n),
                                   P::load_part(dx + i, n)),
                          n);
          });
    }
  }

  static void rms_norm_dweight(const RmsNormBackward& op, Range channels) {
    for (std::size_t c = channels.begin; c < channels.end; c += 16) {
      const std::size_t n = channels.end - c < 16 ? channels.end - c : 16;
      P chain = P::set(0.0f);
      for (std::size_t r = 0; r < op.rows; ++r) {
        const std::size_t at = r * op.width + c;
        chain = P::fma(P::load_part(op.dy + at, n), P::mul(P::load_part(op.x + at, n), P::set(op.rstd[r])), chain);
      }
      P::store_part(op.dweight + c, P::add(P::load_part(op.dweight + c, n), chain), n);
    }
  }

  static void rope(const Rope& op, Range rows, bool back) {
    const std::size_t half = op.head_width / 2, width = op.heads * op.head_width, turned = op.rotated * op.head_width;
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const std::size_t position = op.first + r % op.time;
      const float *cosine = op.cosine + position * half, *sine = op.sine + position * half;
      const float* in = op.in + r * width;
      Bf16* out = op.out + r * width;
      for (std::size_t h = 0; h < op.rotated; ++h) {
        const float *low = in + h * op.head_width, *high = low + half;
        Bf16 *out_low = out + h * op.head_width, *out_high = out_low + half;
        for (std::size_t i = 0; i < half; i += 16) {
          const std::size_t n = half - i < 16 ? half - i : 16;
          const P a = P::load_part(low + i, n), b = P::load_part(high + i, n), c = P::load_part(cosine + i, n);
          const P s = back ? P::neg(P::load_part(sine + i, n)) : P::load_part(sine + i, n);
          P::store_part(out_low + i, P::fma(a, c, P::neg(P::mul(b, s))), n);
          P::store_part(out_high + i, P::fma(b, c, P::mul(a, s)), n);
        }
      }
      walk(
          width - turned, [&](std::size_t i) { P::store(out + turned + i, P::load(in + turned + i)); },
          [&](std::size_t i, std::size_t n) { P::store_part(out + turned + i, P::load_part(in + turned + i, n), n); });
    }
  }
  static void rope_forward(const Rope& op, Range rows) { rope(op, rows, false); }
  static void rope_backward(const Rope& op, Range rows) { rope(op, rows, true); }

  static void swiglu_forward(const SwigluForward& op, Range rows) {
    const auto act = [](P gate, P up) { return P::mul(P::mul(gate, functions::sigmoid(gate)), up); };
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *gate = op.in + r * 2 * op.hidden, *up = gate + op.hidden;
      Bf16* out = op.out + r * op.hidden;
      walk(
          op.hidden, [&](std::size_t i) { P::store(out + i, act(P::load(gate + i), P::load(up + i))); },
          [&](std::size_t i, std::size_t n) {
            P::store_part(out + i, act(P::load_part(gate + i, n), P::load_part(up + i, n)), n);
          });
    }
  }

  // d gate = (dout up) s (1 + gate (1 - s)), d up = dout (gate s), with s = sigmoid(gate)
  static void swiglu_backward(const SwigluBackward& op, Range rows) {
    const P one = P::set(1.0f);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const float *gate = op.in + r * 2 * op.hidden, *up = gate + op.hidden, *dout = op.dout + r * op.hidden;
      Bf16 *dgate = op.din + r * 2 * op.hidden, *dup = dgate + op.hidden;
      for (std::size_t i = 0; i < op.hidden; i += 16) {
        const std::size_t n = op.hidden - i < 16 ? op.hidden - i : 16;
        const P g = P::load_part(gate + i, n), u = P::load_part(up + i, n), d = P::load_part(dout + i, n);
        const P s = functions::sigmoid(g);
        P::store_part(dgate + i, P::mul(P::mul(d, u), P::mul(s, P::fma(g, P::sub(one, s), one))), n);
        P::store_part(dup + i, P::mul(d, P::mul(g, s)), n);
      }
    }
  }

  static void cross_entropy(const CrossEntropy& op, Range rows) {
    const P lowest = P::set(-__builtin_inff()), zero = P::set(0.0f);
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      float* x = op.logits + r * op.vocabulary;
      Bf16* d = op.dlogits != nullptr ? op.dlogits + r * op.vocabulary : nullptr;
      if (op.target[r] < 0) {
        op.loss[r] = 0.0f;
        if (d != nullptr)
          for (std::size_t i = 0; i < op.vocabulary; ++i) d[i] = Bf16{};
        continue;
      }
      const std::size_t target = static_cast<std::size_t>(op.target[r]);
      P top = lowest;
      walk(
          op.vocabulary, [&](std::size_t i) { top = P::max(top, P::load(x + i)); },
          [&](std::size_t i, std::size_t n) { top = P::max(top, P::head(P::load_part(x + i, n), lowest, n)); });
      const P maximum = P::set(P::tree_max(top));
      const P gap = P::sub(maximum, P::set(x[target]));
      P sums = zero;
      for (std::size_t i = 0; i < op.vocabulary; i += 16) {
        const std::size_t n = op.vocabulary - i < 16 ? op.vocabulary - i : 16;
        const P e = functions::exp(P::sub(P::load_part(x + i, n), maximum));
        sums = P::add(sums, P::head(e, zero, n));
        if (d != nullptr) P::store_part(x + i, e, n);
      }
      const float total = P::tree_sum(sums);
      P::store_part(op.loss + r, P::add(gap, P::set(math::log(total))), 1);
      if (d == nullptr) continue;
      const P k = P::div(P::set(op.scale), P::set(total));
      walk(
          op.vocabulary, [&](std::size_t i) { P::store(d + i, P::mul(P::load(x + i), k)); },
          [&](std::size_t i, std::size_t n) { P::store_part(d + i, P::mul(P::load_part(x + i, n), k), n); });
      P::store_part(d + target, P::sub(P::mul(P::set(x[target]), k), P::set(op.scale)), 1);
    }
  }

  static void embedding_forward(const EmbeddingForward& op, Range rows) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const Bf16* in = op.table + static_cast<std::size_t>(op.ids[r]) * op.width;
      float* out = op.out + r * op.width;
      walk(
          op.width, [&](std::size_t i) { P::store(out + i, P::flush(P::load(in + i))); },
          [&](std::size_t i, std::size_t n) { P::store_part(out + i, P::flush(P::load_part(in + i, n)), n); });
    }
  }

  static void embedding_backward(const EmbeddingBackward& op, const TokenGroups& tokens, Range groups) {
    for (std::size_t g = groups.begin; g < groups.end; ++g) {
      const std::uint32_t *first = tokens.positions + tokens.starts[g], *last = tokens.positions + tokens.starts[g + 1];
      float* out = op.dtable + static_cast<std::size_t>(op.ids[*first]) * op.width;
      for (std::size_t c = 0; c < op.width; c += 16) {
        const std::size_t n = op.width - c < 16 ? op.width - c : 16;
        P chain = P::set(0.0f);
        for (const std::uint32_t* p = first; p < last; ++p)
          chain = P::add(chain, P::load_part(op.dout + *p * op.width + c, n));
        P::store_part(out + c, P::add(P::load_part(out + c, n), chain), n);
      }
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
