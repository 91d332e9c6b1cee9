// Kernels of optimiser.h, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/dropout_factors.h"
#include "tensor/functions.h"
#include "tensor/kernels_walk.h"
#include "tensor/optimiser.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

// Codes as numbers and back; codes that are not there read as 0.
template <class P>
inline P load_codes(const std::uint8_t* codes, Whole<P>) {
  float out[16];
  for (std::size_t i = 0; i < 16; ++i) out[i] = static_cast<float>(static_cast<int>(codes[i]));
  return P::load(out);
}
template <class P>
inline P load_codes(const std::uint8_t* codes, Part<P> part) {
  float out[16];
  for (std::size_t i = 0; i < 16; ++i) out[i] = i < part.n ? static_cast<float>(static_cast<int>(codes[i])) : 0.0f;
  return P::load(out);
}
template <class P>
inline void store_codes(std::uint8_t* codes, P a, Whole<P>) {
  float in[16];
  P::store(in, a);
  for (std::size_t i = 0; i < 16; ++i) codes[i] = static_cast<std::uint8_t>(static_cast<int>(in[i]));
}
template <class P>
inline void store_codes(std::uint8_t* codes, P a, Part<P> part) {
  float in[16];
  P::store(in, a);
  for (std::size_t i = 0; i < part.n; ++i) codes[i] = static_cast<std::uint8_t>(static_cast<int>(in[i]));
}

template <class P>
struct MomentCodes {
  static P magnitude(P a) { return P::select_less(a, P::set(0.0f), P::neg(a), a); }
  // The largest integer not above x, for 0 <= x <= 2^21, at most `most`; 0 for NaN.
  static P floor(P x, float most) {
    const P n = functions::nearest(x);
    return P::min(P::max(P::select_less(x, n, P::sub(n, P::set(1.0f)), n), P::set(0.0f)), P::set(most));
  }

  static P first(P code, P scale) {
    const P c = P::sub(code, P::set(128.0f));
    return P::mul(P::mul(P::mul(c, magnitude(c)), P::set(1.0f / 16129.0f)), scale);
  }
  static P second(P code, P scale) {
    const P square = P::mul(code, code);
    return P::mul(P::mul(P::mul(square, square), P::set(1.0f / 4228250625.0f)), scale);
  }

  // low + 1 with the chance that x, between low and high, has of being high: draw is uniform.
  static P drawn(P x, P low, P high, P code, P draw) {
    const P chance = P::div(P::sub(x, low), P::sub(high, low));
    return P::select_less(draw, chance, P::add(code, P::set(1.0f)), code);
  }
  static P code_of_first(P value, P scale, P draw) {
    const P zero = P::set(0.0f), one = P::set(1.0f);
    const P x = P::mul(P::div(magnitude(value), scale), P::set(16129.0f));
    const P c = floor(P::sqrt(x), 126.0f), next = P::add(c, one);
    const P size = drawn(x, P::mul(c, c), P::mul(next, next), c, draw);
    return P::add(P::set(128.0f), P::select_less(value, zero, P::neg(size), size));
  }
  static P code_of_second(P value, P scale, P draw) {
    const P one = P::set(1.0f), share = P::div(value, scale);
    const P c = floor(P::mul(P::sqrt(P::sqrt(share)), P::set(255.0f)), 254.0f), next = P::add(c, one);
    const P low = P::mul(c, c), high = P::mul(next, next);
    const P code = drawn(P::mul(share, P::set(4228250625.0f)), P::mul(low, low), P::mul(high, high), c, draw);
    return P::select_less(P::set(0.0f), value, P::max(code, one), code);
  }
};

constexpr std::size_t kDrawn = kDrawnAtOnce;
static_assert(kDrawn == 4 * kDropoutBlocks && kDrawn % kCodeBlock == 0);

// Words 256 i .. 256 i + 255 of a stream, as uniform numbers (half + 1/2) * 2^-16.
struct Draws {
  float first[kDrawn], second[kDrawn];
  Draws(const Stream& stream, std::size_t element) {
    std::uint32_t words[kDrawn];
    dropout_words(stream, element / 4, words);
    for (std::size_t i = 0; i < kDrawn; ++i) {
      first[i] = (static_cast<float>(static_cast<int>(words[i] & 0xFFFFu)) + 0.5f) * 0x1p-16f;
      second[i] = (static_cast<float>(static_cast<int>(words[i] >> 16)) + 0.5f) * 0x1p-16f;
    }
  }
};

// A step of AdamW for the elements of a pack: the weights after it, from the moments before it, which become those
// after.
template <class P>
struct AdamWStep {
  P beta1, beta2, rest1, rest2, unbias1, unbias2, epsilon, decay, rate, grad_scale;
  AdamWStep(const AdamW& s, const AdamWFactors& k)
      : beta1(P::set(s.beta1)),
        beta2(P::set(s.beta2)),
        rest1(P::set(k.rest1)),
        rest2(P::set(k.rest2)),
        unbias1(P::set(k.unbias1)),
        unbias2(P::set(k.unbias2)),
        epsilon(P::set(s.epsilon)),
        decay(P::set(s.weight_decay)),
        rate(P::set(-s.rate)),
        grad_scale(P::set(s.grad_scale)) {}
  P take(P gradient, P w, P& m, P& v) const {
    const P g = P::mul(gradient, grad_scale);
    m = P::fma(beta1, m, P::mul(rest1, g));
    v = P::fma(beta2, v, P::mul(P::mul(rest2, g), g));
    const P direction = P::div(P::mul(m, unbias1), P::add(P::sqrt(P::mul(v, unbias2)), epsilon));
    return P::fma(rate, P::fma(decay, w, direction), w);
  }
};

// One of momentum as Muon takes it: the direction, from the moment before, which becomes that after.
template <class P>
struct MomentumStep {
  P keep, rest, grad_scale;
  explicit MomentumStep(const Momentum& s)
      : keep(P::set(s.momentum)), rest(P::sub(P::set(1.0f), keep)), grad_scale(P::set(s.grad_scale)) {}
  P take(P gradient, P& m) const {
    const P g = P::mul(rest, P::mul(gradient, grad_scale));
    m = P::fma(keep, m, g);
    return P::fma(keep, m, g);
  }
};

template <class P>
struct OptimiserKernels {
  using C = MomentCodes<P>;

  // Calls act(block's first element, its elements, its draws) for each block of codes in the range.
  template <class F>
  static void blocks(Range elements, const Stream& rounding, F act) {
    for (std::size_t at = elements.begin; at < elements.end; at += kDrawn) {
      const Draws draws(rounding, at);
      for (std::size_t i = at; i < at + kDrawn && i < elements.end; i += kCodeBlock)
        act(i, elements.end - i < kCodeBlock ? elements.end - i : kCodeBlock, draws, i - at);
    }
  }
  static void encode_first(const Moment8& m, std::size_t at, std::size_t n, const float* values, P top,
                           const float* draws) {
    const float scale = P::tree_max(top);
    P::store_part(m.scales + at / kCodeBlock, P::set(scale), 1);
    walk<P>(n, [&](std::size_t i, auto pack) {
      store_codes(m.codes + at + i, C::code_of_first(pack.load(values + i), P::set(scale), P::load(draws + i)), pack);
    });
  }
  static void encode_second(const Moment8& v, std::size_t at, std::size_t n, const float* values, P top,
                            const float* draws) {
    const float scale = P::tree_max(top);
    P::store_part(v.scales + at / kCodeBlock, P::set(scale), 1);
    walk<P>(n, [&](std::size_t i, auto pack) {
      store_codes(v.codes + at + i, C::code_of_second(pack.load(values + i), P::set(scale), P::load(draws + i)), pack);
    });
  }

  static void adamw(const AdamW& op, const AdamWFactors& k, Range elements) {
    const AdamWStep<P> step(op, k);
    walk<P>(elements.end - elements.begin, [&](std::size_t offset, auto pack) {
      const std::size_t i = elements.begin + offset;
      P m = pack.load(op.m + i), v = pack.load(op.v + i);
      const P next = step.take(pack.load(op.gradient + i), pack.load(op.weights + i), m, v);
      pack.store(op.m + i, m);
      pack.store(op.v + i, v);
      pack.store(op.weights + i, next);
      if (op.copy != nullptr) pack.store(op.copy + i, next);
    });
  }
  static void adamw8(const AdamW8& op, const AdamWFactors& k, Range elements) {
    const AdamW& s = op.step;
    const AdamWStep<P> step(s, k);
    blocks(elements, op.rounding, [&](std::size_t at, std::size_t n, const Draws& draws, std::size_t draw) {
      float first[kCodeBlock], second[kCodeBlock];
      const P scale_m = P::set(op.m.scales[at / kCodeBlock]), scale_v = P::set(op.v.scales[at / kCodeBlock]);
      P top_m = P::set(0.0f), top_v = P::set(0.0f);
      walk<P>(n, [&](std::size_t j, auto pack) {
        const std::size_t i = at + j;
        P m = C::first(load_codes<P>(op.m.codes + i, pack), scale_m);
        P v = C::second(load_codes<P>(op.v.codes + i, pack), scale_v);
        const P next = step.take(pack.load(s.gradient + i), pack.load(s.weights + i), m, v);
        pack.store(s.weights + i, next);
        if (s.copy != nullptr) pack.store(s.copy + i, next);
        P::store(first + j, m);
        P::store(second + j, v);
        top_m = P::max(pack.head(C::magnitude(m), P::set(0.0f)), top_m);
        top_v = P::max(pack.head(v, P::set(0.0f)), top_v);
      });
      encode_first(op.m, at, n, first, top_m, draws.first + draw);
      encode_second(op.v, at, n, second, top_v, draws.second + draw);
    });
  }

  static void momentum(const Momentum& op, Range elements) {
    const MomentumStep<P> step(op);
    walk<P>(elements.end - elements.begin, [&](std::size_t offset, auto pack) {
      const std::size_t i = elements.begin + offset;
      P m = pack.load(op.m + i);
      const P direction = step.take(pack.load(op.gradient + i), m);
      pack.store(op.m + i, m);
      pack.store(op.direction + i, direction);
    });
  }
  static void momentum8(const Momentum8& op, Range elements) {
    const Momentum& s = op.step;
    const MomentumStep<P> step(s);
    blocks(elements, op.rounding, [&](std::size_t at, std::size_t n, const Draws& draws, std::size_t draw) {
      float first[kCodeBlock];
      const P scale = P::set(op.m.scales[at / kCodeBlock]);
      P top = P::set(0.0f);
      walk<P>(n, [&](std::size_t j, auto pack) {
        const std::size_t i = at + j;
        P m = C::first(load_codes<P>(op.m.codes + i, pack), scale);
        pack.store(s.direction + i, step.take(pack.load(s.gradient + i), m));
        P::store(first + j, m);
        top = P::max(pack.head(C::magnitude(m), P::set(0.0f)), top);
      });
      encode_first(op.m, at, n, first, top, draws.first + draw);
    });
  }

  static void descend(const Descend& op, Range elements) {
    const P rate = P::set(-op.rate), scale = P::set(op.scale), decay = P::set(op.weight_decay);
    walk<P>(elements.end - elements.begin, [&](std::size_t offset, auto pack) {
      const std::size_t i = elements.begin + offset;
      const P w = pack.load(op.weights + i);
      const P next = P::fma(rate, P::fma(decay, w, P::mul(scale, pack.load(op.direction + i))), w);
      pack.store(op.weights + i, next);
      if (op.copy != nullptr) pack.store(op.copy + i, next);
    });
  }

  static void decode_first(const Moment8& m, float* out, Range elements) {
    decode(elements, m, out, [](P code, P scale) { return C::first(code, scale); });
  }
  static void decode_second(const Moment8& v, float* out, Range elements) {
    decode(elements, v, out, [](P code, P scale) { return C::second(code, scale); });
  }
  template <class F>
  static void decode(Range elements, const Moment8& m, float* out, F value) {
    for (std::size_t at = elements.begin; at < elements.end; at += kCodeBlock) {
      const std::size_t n = elements.end - at < kCodeBlock ? elements.end - at : kCodeBlock;
      const P scale = P::set(m.scales[at / kCodeBlock]);
      walk<P>(n, [&](std::size_t j, auto pack) {
        pack.store(out + at + j, value(load_codes<P>(m.codes + at + j, pack), scale));
      });
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
