#include "tensor/measure.h"

#include <algorithm>
#include <vector>

#include "tensor/kernels.h"
#include "tensor/measuring.h"

namespace cairn::tensor {
double measure_peak(Context& context, bool narrow) {
  const auto threads = static_cast<std::size_t>(context.threads());
  const auto spin = narrow ? context.kernels().spin : context.kernels().float_spin;
  double start = now();
  const double probe = spin(1000);
  const double rate = probe / std::max(now() - start, 1e-9);
  const auto rounds = static_cast<std::size_t>(std::max(1000.0, 5e-3 * rate / (probe / 1000)));  // about 5 ms
  std::vector<double> done(threads);
  const double time =
      shortest(0.05, [&] { context.parallel_for(threads, [&](std::size_t i) { done[i] = spin(rounds); }); });
  return done[0] * static_cast<double>(threads) / time;
}

double measure_bandwidth(Context& context) {
  std::vector<float> x(std::size_t{1} << 25, 1.0f);
  const double time = shortest(0.1, [&] { scale(context, x.size(), 1.0f, x.data()); });
  return 2.0 * sizeof(float) * static_cast<double>(x.size()) / time;
}

namespace {

template <class E>
double product_rate(Context& context, const MeasuredProduct& p, double seconds) {
  const std::vector<E> a = noise<E>(p.m * p.k), b = noise<E>(p.n * p.k);
  std::vector<float> c(p.m * p.n);
  const bool a_columns = p.transpose == Transpose::dw, b_columns = p.transpose != Transpose::y;
  const ProductOf<E> op{.m = p.m,
                        .n = p.n,
                        .k = p.k,
                        .a = a_columns ? by_columns(a.data(), p.m) : by_rows(a.data(), p.k),
                        .b = b_columns ? by_columns(b.data(), p.n) : by_rows(b.data(), p.k),
                        .c = c.data(),
                        .c_stride = p.n};
  const double time = shortest(seconds, [&] { multiply(context, op); });
  return 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k) / std::max(time, 1e-9);
}

}  // namespace

double measure_product(Context& context, const MeasuredProduct& product, double seconds) {
  return product.narrow ? product_rate<Bf16>(context, product, seconds)
                        : product_rate<float>(context, product, seconds);
}

}  // namespace cairn::tensor
