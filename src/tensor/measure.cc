#include "tensor/measure.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "tensor/kernels.h"

namespace cairn::tensor {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The shortest run's time, over at least `seconds` and three runs.
template <class F>
double shortest(double seconds, F run) {
  double best = 1e30, total = 0;
  for (int i = 0; i < 3 || total < seconds; ++i) {
    const double start = now();
    run();
    const double spent = now() - start;
    best = std::min(best, spent);
    total += spent;
  }
  return best;
}

}  // namespace

double measure_peak(Context& context) {
  const auto threads = static_cast<std::size_t>(context.threads());
  const auto& kernels = context.kernels();
  double start = now();
  const double probe = kernels.spin(1000);
  const double rate = probe / std::max(now() - start, 1e-9);
  const auto rounds = static_cast<std::size_t>(std::max(1000.0, 5e-3 * rate / (probe / 1000)));  // about 5 ms
  std::vector<double> done(threads);
  const double time =
      shortest(0.05, [&] { context.parallel_for(threads, [&](std::size_t i) { done[i] = kernels.spin(rounds); }); });
  return done[0] * static_cast<double>(threads) / time;
}

double measure_product(Context& context, const Shape& shape, double seconds) {
  const std::vector<Bf16> a(shape.m * shape.k, Bf16{0x3F80}), b(shape.n * shape.k, Bf16{0x3F80});
  std::vector<float> c(shape.m * shape.n);
  const Product op{.m = shape.m,
                   .n = shape.n,
                   .k = shape.k,
                   .a = by_rows(a.data(), shape.k),
                   .b = by_rows(b.data(), shape.k),
                   .c = c.data(),
                   .c_stride = shape.n};
  const double time = shortest(seconds, [&] { multiply(context, op); });
  return 2.0 * static_cast<double>(shape.m) * static_cast<double>(shape.n) * static_cast<double>(shape.k) /
         std::max(time, 1e-9);
}

}  // namespace cairn::tensor
