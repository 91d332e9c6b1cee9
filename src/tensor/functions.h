// exp, tanh, sigmoid and erf over packs: fixed polynomials with fused multiply-adds (coefficients: truncated
// Chebyshev series of the functions named, rounded to binary32). The single definition that math.h and all kernels
// share.
#pragma once

#include <cstddef>

namespace cairn::tensor::functions {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why). Always inline: a pack that is
// passed to a call goes through memory.
namespace {

// Horner's scheme, highest coefficient first.
template <class P, std::size_t N>
[[gnu::always_inline]] inline P horner(P x, const float (&c)[N]) {
  P r = P::set(c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) r = P::fma(r, x, P::set(c[i]));
  return r;
}

// The nearest integer, ties to even, for |x| <= 2^21: adding 1.5 * 2^23 leaves no bits for fractions.
template <class P>
[[gnu::always_inline]] inline P nearest(P x) {
  const P shift = P::set(12582912.0f);
  return P::sub(P::add(x, shift), shift);
}

// e^x = 2^n e^r, n = nearest(x / ln 2), |r| <= ln 2 / 2. +0 below -87, infinity above 88.
template <class P>
[[gnu::always_inline]] inline P exp(P x) {
  static constexpr float kC[] = {0x1p-1f,        0x1.555556p-3f,  0x1.5554e4p-5f,
                                 0x1.1110c4p-7f, 0x1.6d4926p-10f, 0x1.a157b2p-13f};
  const P low = P::set(-87.0f), high = P::set(88.0f);
  const P y = P::min(high, P::max(low, x));  // in this order a NaN stays
  const P n = nearest(P::mul(y, P::set(0x1.715476p+0f)));
  const P r = P::fma(n, P::set(-0x1.7f7d1cp-20f), P::fma(n, P::set(-0x1.62e4p-1f), y));
  const P e = P::fma(horner(r, kC), P::mul(r, r), P::add(r, P::set(1.0f)));
  const P scaled = P::mul(e, P::power_of_two(n));
  return P::select_less(x, low, P::set(0.0f), P::select_less(high, x, P::set(__builtin_inff()), scaled));
}

template <class P>
[[gnu::always_inline]] inline P sigmoid(P x) {
  const P one = P::set(1.0f);
  return P::div(one, P::add(one, exp(P::neg(x))));
}

// For |x| < 0.625 x + x^3 p(x^2), else sign(x) (1 - 2 / (e^(2|x|) + 1)).
template <class P>
[[gnu::always_inline]] inline P tanh(P x) {
  static constexpr float kC[] = {-0x1.555556p-2f, 0x1.1110ep-3f,   -0x1.ba05a8p-5f,
                                 0x1.64772ap-6f,  -0x1.10243cp-7f, 0x1.26d28ap-9f};
  const P zero = P::set(0.0f), one = P::set(1.0f);
  const P size = P::select_less(x, zero, P::neg(x), x);
  const P square = P::mul(x, x);
  const P inner = P::fma(horner(square, kC), P::mul(square, x), x);
  const P outer = P::sub(one, P::div(P::set(2.0f), P::add(exp(P::add(size, size)), one)));
  return P::select_less(size, P::set(0.625f), inner, P::select_less(x, zero, P::neg(outer), outer));
}

// For |x| < 0.875 x + x p(x^2), else sign(x) (1 - e^q(|x|)), q the logarithm of 1 - erf; 1 - e^q(4) rounds to 1.
template <class P>
[[gnu::always_inline]] inline P erf(P x) {
  static constexpr float kP[] = {0x1.06eba6p-3f,  -0x1.81270ep-2f, 0x1.ce21b2p-4f,
                                 -0x1.b6fbe2p-6f, 0x1.49fb56p-8f,  -0x1.460756p-11f};
  static constexpr float kQ[] = {0x1.37136ap-12f, -0x1.2150eap+0f, -0x1.4392dep-1f, -0x1.c24f92p-4f, 0x1.af9b4ep-6f,
                                 -0x1.362c52p-8f, 0x1.35fb9cp-11f, -0x1.7cf81p-15f, 0x1.aef474p-20f};
  const P zero = P::set(0.0f);
  const P size = P::select_less(x, zero, P::neg(x), x);
  const P inner = P::fma(horner(P::mul(x, x), kP), x, x);
  const P outer = P::sub(P::set(1.0f), exp(horner(P::min(P::set(4.0f), size), kQ)));
  return P::select_less(size, P::set(0.875f), inner, P::select_less(x, zero, P::neg(outer), outer));
}

}  // namespace

}  // namespace cairn::tensor::functions
