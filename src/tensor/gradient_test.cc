// Each operation against a plain double-precision model, and each backward against central differences of that model.
// The bounds follow from the roundings to bfloat16 (2^-9 relative each), not from what happens to come out.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tensor/attention.h"
#include "tensor/dropout_factors.h"
#include "tensor/elementwise.h"
#include "tensor/finite_differences.h"
#include "tensor/product.h"

namespace cairn::tensor {
namespace {

TEST(Product, IsNearTheTruth) {
  Context context = make();
  constexpr std::size_t kM = 37, kN = 45, kK = 333;
  const Floats a = normals(1, kM * kK), b = normals(2, kN * kK);
  const auto narrow_a = narrow(a), narrow_b = narrow(b);
  Floats c(kM * kN);
  multiply(context, {.m = kM,
                     .n = kN,
                     .k = kK,
                     .a = by_rows(narrow_a.data(), kK),
                     .b = by_rows(narrow_b.data(), kK),
                     .c = c.data(),
                     .c_stride = kN});
  for (std::size_t i = 0; i < kM; ++i)
    for (std::size_t j = 0; j < kN; ++j) {
      double truth = 0, size = 0;
      for (std::size_t k = 0; k < kK; ++k) {
        const double term = static_cast<double>(a[i * kK + k]) * b[j * kK + k];
        truth += term;
        size += std::fabs(term);
      }
      // A chain of K fused additions: error at most K 2^-24 times the sum of the terms' sizes (Higham 2002,
      // section 3.1).
      EXPECT_NEAR(c[i * kN + j], truth, kK * 0x1p-24 * size);
    }
}

TEST(Product, FoldIsOneProductForEachGrain) {
  Context context = make();
  constexpr std::size_t kM = 30, kN = 50, kGrain = 70, kGrains = 3, kK = kGrain * kGrains;
  const auto a = narrow(normals(1, kM * kK)), b = narrow(normals(2, kN * kK));
  Floats folded = normals(3, kM * kN), apart = folded;
  Product op{.m = kM,
             .n = kN,
             .k = kK,
             .a = by_columns(a.data(), kM),
             .b = by_columns(b.data(), kN),
             .addend = folded.data(),
             .c = folded.data(),
             .c_stride = kN,
             .fold = kGrain};
  multiply(context, op);
  op.k = kGrain;
  op.fold = 0;
  op.addend = op.c = apart.data();
  for (std::size_t g = 0; g < kGrains; ++g, op.a.data += kGrain * kM, op.b.data += kGrain * kN) multiply(context, op);
  EXPECT_EQ(folded, apart);
}

TEST(Product, OfFloatsIsNearTheTruth) {
  Context context = make();
  constexpr std::size_t kM = 37, kN = 45, kK = 333;
  const Floats a = normals(1, kM * kK), b = normals(2, kN * kK);
  Floats c(kM * kN);
  multiply(context, FloatProduct{.m = kM,
                                 .n = kN,
                                 .k = kK,
                                 .a = by_rows(a.data(), kK),
                                 .b = by_columns(b.data(), kN),
                                 .c = c.data(),
                                 .c_stride = kN});
  for (std::size_t i = 0; i < kM; ++i)
    for (std::size_t j = 0; j < kN; ++j) {
      double truth = 0, size = 0;
      for (std::size_t k = 0; k < kK; ++k) {
        const double term = static_cast<double>(a[i * kK + k]) * static_cast<double>(b[k * kN + j]);
        truth += term;
        size += std::fabs(term);
      }
      EXPECT_NEAR(c[i * kN + j], truth, kK * 0x1p-24 * size);
    }
}

// q, k, v side by side: [B, T, (H + 2 G) D].
struct Heads {
  std::size_t batch, time, heads, kv_heads, width;
  bool causal = true;
  Dropout dropout = {};
  std::size_t line() const { return (heads + 2 * kv_heads) * width; }
  Doubles operator()(const Doubles& x) const {
    Doubles y(batch * time * heads * width);
    for (std::size_t b = 0; b < batch; ++b)
      for (std::size_t h = 0; h < heads; ++h)
        for (std::size_t t = 0; t < time; ++t) {
          const std::size_t g = h / (heads / kv_heads), q = (b * time + t) * line() + h * width;
          const auto key = [&](std::size_t s, std::size_t d) {
            return x[(b * time + s) * line() + (heads + g) * width + d];
          };
          const auto value = [&](std::size_t s, std::size_t d) {
            return x[(b * time + s) * line() + (heads + kv_heads + g) * width + d];
          };
          const std::size_t seen = causal ? t + 1 : time;
          Doubles weights(seen);
          Floats factors(seen, 1.0f);
          if (dropout.rate > 0) dropout_factors(dropout, ((b * heads + h) * time + t) * time, seen, factors.data());
          double total = 0;
          for (std::size_t s = 0; s < seen; ++s) {
            double score = 0;
            for (std::size_t d = 0; d < width; ++d) score += x[q + d] * key(s, d);
            total += weights[s] = std::exp(0.25 * score);
          }
          for (std::size_t s = 0; s < seen; ++s)
            for (std::size_t d = 0; d < width; ++d)
              y[((b * time + t) * heads + h) * width + d] +=
                  static_cast<double>(factors[s]) * weights[s] / total * value(s, d);
        }
    return y;
  }
};

void expect_attention(const Heads& model) {
  Context context = make();
  const std::size_t inner = model.heads * model.width;
  const Floats x = normals(1, model.batch * model.time * model.line()),
               dy = normals(2, model.batch * model.time * inner);
  const auto narrow_x = narrow(x), narrow_dy = narrow(dy);
  const AttentionShape shape{.batch = model.batch,
                             .time = model.time,
                             .heads = model.heads,
                             .kv_heads = model.kv_heads,
                             .head_width = model.width,
                             .q_stride = model.line(),
                             .kv_stride = model.line(),
                             .scale = 0.25f,
                             .causal = model.causal,
                             .dropout = model.dropout,
                             .q = narrow_x.data(),
                             .k = narrow_x.data() + inner,
                             .v = narrow_x.data() + inner + model.kv_heads * model.width};
  std::vector<Bf16> y(dy.size());
  Floats stats(model.batch * model.heads * model.time * 2), dx(x.size());
  attention_forward(context, {.in = shape, .out = y.data(), .out_stride = inner, .stats = stats.data()});
  attention_backward(context, {.in = shape,
                               .stats = stats.data(),
                               .dout = narrow_dy.data(),
                               .dout_stride = inner,
                               .dq = dx.data(),
                               .dk = dx.data() + inner,
                               .dv = dx.data() + inner + model.kv_heads * model.width,
                               .dq_stride = model.line(),
                               .dkv_stride = model.line()});
  expect_near(wide(y), model(doubles(x)), 2 * kBf16, "y");
  expect_near(dx, differences(model, doubles(x), dy), 4 * kBf16, "dx");
}

TEST(Attention, ForwardAndGradients) {
  expect_attention({.batch = 2, .time = 35, .heads = 4, .kv_heads = 2, .width = 6});
}
TEST(Attention, ForwardAndGradientsOverAllKeys) {
  expect_attention({.batch = 2, .time = 35, .heads = 4, .kv_heads = 2, .width = 6, .causal = false});
}
TEST(Attention, ForwardAndGradientsWithDropout) {
  const Dropout dropout{.rate = 0.3f, .stream = {5, 6}, .first = 77};
  expect_attention({.batch = 2, .time = 35, .heads = 4, .kv_heads = 2, .width = 6, .dropout = dropout});
}
// Longer than what the backward pass holds of the weights at once.
TEST(Attention, ForwardAndGradientsOfALongSequence) {
  expect_attention({.batch = 1, .time = 150, .heads = 1, .kv_heads = 1, .width = 3});
}

// The last queries over a cache give the bits that the whole sequence gave.
TEST(Attention, OverACacheEqualsTheWholeSequence) {
  Context context = make();
  constexpr std::size_t kTime = 70, kHeads = 2, kWidth = 16, kLine = 3 * kHeads * kWidth, kInner = kHeads * kWidth;
  const auto x = narrow(normals(9, kTime * kLine));
  AttentionShape shape{.batch = 1,
                       .time = kTime,
                       .heads = kHeads,
                       .kv_heads = kHeads,
                       .head_width = kWidth,
                       .q_stride = kLine,
                       .kv_stride = kLine,
                       .scale = 0.25f,
                       .q = x.data(),
                       .k = x.data() + kInner,
                       .v = x.data() + 2 * kInner};
  std::vector<Bf16> whole(kTime * kInner), one(kInner);
  attention_forward(context, {.in = shape, .out = whole.data(), .out_stride = kInner});
  shape.time = 1;
  for (std::size_t t = 0; t < kTime; ++t) {
    shape.past = t;
    shape.q = x.data() + t * kLine;
    attention_forward(context, {.in = shape, .out = one.data(), .out_stride = kInner});
    EXPECT_TRUE(std::equal(one.begin(), one.end(), whole.begin() + static_cast<std::ptrdiff_t>(t * kInner)))
        << "position " << t;
  }
}

TEST(AdamW, FollowsThePaper) {
  Context context = make();
  constexpr std::size_t kN = 33;
  const Floats gradient = normals(1, kN);
  Floats weights = normals(2, kN), m(kN), v(kN);
  Doubles w = doubles(weights), first(kN), second(kN);
  std::vector<Bf16> copy(kN);
  for (std::size_t step = 1; step <= 20; ++step) {
    adamw(context, {.n = kN,
                    .rate = 0.01f,
                    .weight_decay = 0.1f,
                    .grad_scale = 0.5f,
                    .step = step,
                    .gradient = gradient.data(),
                    .weights = weights.data(),
                    .m = m.data(),
                    .v = v.data(),
                    .copy = copy.data()});
    for (std::size_t i = 0; i < kN; ++i) {
      const double g = 0.5 * gradient[i], t = static_cast<double>(step);
      first[i] = 0.9 * first[i] + 0.1 * g;
      second[i] = 0.95 * second[i] + 0.05 * g * g;
      w[i] -= 0.01 * (first[i] / (1 - std::pow(0.9, t)) / (std::sqrt(second[i] / (1 - std::pow(0.95, t))) + 1e-8) +
                      0.1 * w[i]);
    }
  }
  expect_near(weights, w, 1e-5, "weights");
  EXPECT_EQ(copy, narrow(weights));
}

TEST(Sums, AreNearTheTruth) {
  Context context = make();
  const Floats x = normals(1, 100001);
  double total = 0, squares = 0;
  for (const float v : x) total += v, squares += static_cast<double>(v) * v;
  EXPECT_NEAR(sum(context, x.size(), x.data()), total, 0.05);
  EXPECT_NEAR(sum_of_squares(context, x.size(), x.data()) / squares, 1.0, 1e-5);
  EXPECT_EQ(sum(context, 0, nullptr), 0.0f);
}

}  // namespace
}  // namespace cairn::tensor
