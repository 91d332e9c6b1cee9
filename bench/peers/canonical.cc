// What canonical order costs: each operation whose order of additions is fixed (docs/arithmetic.md), beside the same
// sum in whatever order this processor does fastest: plain loops that the compiler may reorder at will, built for this
// processor (-Ofast -march=native) and run on one thread, in turn with Cairn's. The better of several passes each.
// For matrix products the peers are oneDNN and OpenBLAS: bench/gemm.sh.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <vector>

#include "tensor/elementwise.h"
#include "tensor/embedding.h"
#include "tensor/norm.h"

namespace {

using namespace cairn::tensor;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double once(const std::function<void()>& run) {
  int times = 1;
  for (;; times *= 2) {
    const double begun = now();
    for (int i = 0; i < times; ++i) run();
    const double spent = now() - begun;
    if (spent > 0.01) return spent / times;
  }
}
void compare(const char* name, const std::function<void()>& canonical, const std::function<void()>& free_order) {
  double ours = 1e30, theirs = 1e30;
  for (int i = 0; i < 9; ++i) {
    ours = std::min(ours, once(canonical));
    theirs = std::min(theirs, once(free_order));
  }
  fmt::print("{:<44} {:8.2f} us  free order {:8.2f} us  relative speed {:.2f}\n", name, ours * 1e6, theirs * 1e6,
             theirs / ours);
}

volatile float sink;

// As many partial sums as registers allow.
float squares(const float* x, std::size_t n) {
  constexpr std::size_t kParts = 128;
  float parts[kParts] = {};
  std::size_t i = 0;
  for (; i + kParts <= n; i += kParts)
    for (std::size_t j = 0; j < kParts; ++j) parts[j] += x[i + j] * x[i + j];
  float total = 0;
  for (; i < n; ++i) total += x[i] * x[i];
  for (const float part : parts) total += part;
  return total;
}

void sums(Context& context, std::size_t n, const char* name) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i % 17) - 8.0F;
  compare(
      name, [&] { sink = sum_of_squares(context, n, x.data()); }, [&] { sink = squares(x.data(), n); });
}

void norms(Context& context, std::size_t rows, std::size_t width) {
  std::vector<float> x(rows * width, 0.5F), weight(width, 1.0F), rstd(rows), dweight(width);
  std::vector<Bf16> y(x.size());
  compare(
      "RMSNorm, rows of 768",
      [&] {
        rms_norm_forward(
            context,
            {.rows = rows, .width = width, .x = x.data(), .weight = weight.data(), .y = y.data(), .rstd = rstd.data()});
      },
      [&] {
        for (std::size_t r = 0; r < rows; ++r) {
          float total = 0;
          for (std::size_t i = 0; i < width; ++i) total += x[r * width + i] * x[r * width + i];
          const float k = rstd[r] = 1.0F / std::sqrt(total / static_cast<float>(width) + 1e-5F);
          for (std::size_t i = 0; i < width; ++i) y[r * width + i] = to_bf16(x[r * width + i] * k * weight[i]);
        }
      });
}

// Chains over rows: the free order may add several rows at once and keep partial sums.
void embeddings(Context& context, std::size_t rows, std::size_t width) {
  std::vector<std::int32_t> ids(rows);
  for (std::size_t i = 0; i < rows; ++i) ids[i] = static_cast<std::int32_t>(i * 7919 % 512);
  std::vector<float> dout(rows * width, 0.25F), table(512 * width);
  compare(
      "embedding gradient, 2048 tokens of 768",
      [&] {
        embedding_backward(context, {.rows = rows,
                                     .width = width,
                                     .vocabulary = 512,
                                     .ids = ids.data(),
                                     .dout = dout.data(),
                                     .dtable = table.data()});
      },
      [&] {
        for (std::size_t r = 0; r < rows; ++r) {
          float* to = table.data() + static_cast<std::size_t>(ids[r]) * width;
          for (std::size_t i = 0; i < width; ++i) to[i] += dout[r * width + i];
        }
      });
}

}  // namespace

int main() {
  auto context = Context::make({.threads = 1});
  if (!context) {
    fmt::print(stderr, "{}\n", context.error().message);
    return 1;
  }
  sums(*context, 4096, "sum of squares, 4,096 (first-level cache)");
  sums(*context, std::size_t{1} << 24, "sum of squares, 16,777,216 (memory)");
  norms(*context, 256, 768);
  embeddings(*context, 2048, 768);
}
