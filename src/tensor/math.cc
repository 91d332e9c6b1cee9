#include "tensor/math.h"

#include <cmath>
#include <cstdint>

#include "tensor/functions.h"
#include "tensor/lane.h"

namespace cairn::tensor::math {
namespace {

// The pack operations that functions.h uses, for one value.
struct One {
  Lane v;
  static One set(float x) { return {{x}}; }
  static One add(One a, One b) { return {a.v + b.v}; }
  static One sub(One a, One b) { return {a.v - b.v}; }
  static One mul(One a, One b) { return {a.v * b.v}; }
  static One div(One a, One b) { return {a.v / b.v}; }
  static One fma(One a, One b, One c) { return {tensor::fma(a.v, b.v, c.v)}; }
  static One neg(One a) { return {-a.v}; }
  static One max(One a, One b) { return {tensor::max(a.v, b.v)}; }
  static One min(One a, One b) { return {tensor::min(a.v, b.v)}; }
  static One select_less(One a, One b, One x, One y) { return lane::flush(a.v.value) < lane::flush(b.v.value) ? x : y; }
  static One power_of_two(One n) {
    const float x = n.v.value;
    return x != x ? n : set(lane::from_bits(static_cast<std::uint32_t>(static_cast<int>(x) + 127) << 23));
  }
};

float canonical(float x) {
  return x != x ? lane::from_bits(0x7FC00000u) : x;
}

// sin and cos on |r| <= pi / 4: r + r^3 p(r^2) and 1 - r^2 / 2 + r^4 p(r^2).
One sine_near(One r) {
  static constexpr float kC[] = {-0x1.555556p-3f, 0x1.11110ep-7f, -0x1.a01366p-13f, 0x1.6da90ep-19f};
  const One square = One::mul(r, r);
  return One::fma(functions::horner(square, kC), One::mul(square, r), r);
}
One cosine_near(One r) {
  static constexpr float kC[] = {0x1.555556p-5f, -0x1.6c16cp-10f, 0x1.a01598p-16f, -0x1.25164ap-22f};
  const One square = One::mul(r, r);
  return One::fma(functions::horner(square, kC), One::mul(square, square),
                  One::fma(square, One::set(-0.5f), One::set(1.0f)));
}

// sin(x + quarter * pi / 2), by the nearest multiple of pi / 2, held in three parts.
float sine(float x, int quarter) {
  if (!(std::fabs(x) <= 0x1p20f)) return canonical(__builtin_nanf(""));
  const One n = functions::nearest(One::mul(One::set(x), One::set(0x1.45f306p-1f)));
  One r = One::fma(n, One::set(-0x1.92p+0f), One::set(lane::flush(x)));
  r = One::fma(n, One::set(-0x1.fb4p-12f), r);
  r = One::fma(n, One::set(-0x1.4442d2p-24f), r);
  const int place = (static_cast<int>(n.v.value) + quarter) & 3;
  const One y = (place & 1) != 0 ? cosine_near(r) : sine_near(r);
  return (place & 2) != 0 ? (-y.v).value : y.v.value;
}

}  // namespace

float exp(float x) {
  return canonical(functions::exp(One::set(x)).v.value);
}
float tanh(float x) {
  return canonical(functions::tanh(One::set(x)).v.value);
}
float sigmoid(float x) {
  return canonical(functions::sigmoid(One::set(x)).v.value);
}
float erf(float x) {
  return canonical(functions::erf(One::set(x)).v.value);
}
float sin(float x) {
  return sine(x, 0);
}
float cos(float x) {
  return sine(x, 1);
}
float sqrt(float x) {
  return canonical(tensor::sqrt(Lane{x}).value);
}

// x = m 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s) = 2 s + s^3 p(s^2), s = (m - 1) / (m + 1).
float log(float x) {
  static constexpr float kC[] = {0x1.555556p-1f, 0x1.9999fp-2f, 0x1.2459ecp-2f, 0x1.de4c24p-3f};
  const float y = lane::flush(x);
  if (y == 0.0f) return -__builtin_inff();
  if (!(y > 0.0f)) return canonical(__builtin_nanf(""));
  if (y == __builtin_inff()) return y;
  const std::uint32_t shifted = lane::bits(y) - 0x3F3504F3u;  // the bits of sqrt(1/2)
  const One e = One::set(static_cast<float>(static_cast<std::int32_t>(shifted) >> 23));
  const One m = One::set(lane::from_bits((shifted & 0x007FFFFFu) + 0x3F3504F3u));
  const One s = One::div(One::sub(m, One::set(1.0f)), One::add(m, One::set(1.0f)));
  const One square = One::mul(s, s);
  const One tail = One::fma(e, One::set(0x1.7f7d1cp-20f), One::mul(One::mul(functions::horner(square, kC), square), s));
  return One::fma(e, One::set(0x1.62e4p-1f), One::add(One::add(s, s), tail)).v.value;
}

float power(float x, unsigned long n) {
  Lane r{1.0f}, base{x};
  for (; n > 0; n >>= 1) {
    if ((n & 1) != 0) r = r * base;
    base = base * base;
  }
  return canonical(r.value);
}

}  // namespace cairn::tensor::math
