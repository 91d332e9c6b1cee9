// What optimiser.h's operations mean, against double; that all kernels agree to the bit is equality_test.cc's.
#include "tensor/optimiser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace cairn::tensor {
namespace {

Context make() {
  return *Context::make({.threads = 1});
}

// Magnitudes over some decades.
std::vector<float> wide(std::uint64_t seed, std::size_t n, float decades = 4.0f) {
  std::vector<float> out(n);
  fill_normal({seed, 0}, 0, 1.0f, out);
  for (std::size_t i = 0; i < n; ++i) out[i] *= std::pow(10.0f, -decades * random_uniform({seed, 1}, i));
  return out;
}

struct Codes {
  explicit Codes(std::size_t n) : codes(n), scales(code_blocks(n)) {}
  Moment8 view() { return {codes.data(), scales.data()}; }
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
};

double value_of_first(std::uint8_t code, double scale) {
  const double c = code - 128.0;
  return c * std::fabs(c) / (127.0 * 127.0) * scale;
}
double value_of_second(std::uint8_t code, double scale) {
  return std::pow(code / 255.0, 4) * scale;
}

// A momentum of 0 keeps (1 - 0) g as the moment: what is stored is g, rounded.
Codes stored(Context& context, const std::vector<float>& g, std::uint64_t draw) {
  Codes out(g.size());
  std::vector<float> direction(g.size());
  momentum8(context, {.step = {.n = g.size(), .momentum = 0, .gradient = g.data(), .direction = direction.data()},
                      .m = out.view(),
                      .rounding = {draw, 7}});
  EXPECT_EQ(direction, g);
  return out;
}

TEST(Moment8, FirstMomentsLieWithinACodeOfTheTruthAndOnAverageOnIt) {
  Context context = make();
  const std::vector<float> g = wide(3, 200);
  constexpr int kDraws = 3000;
  std::vector<double> mean(g.size());
  for (int draw = 0; draw < kDraws; ++draw) {
    Codes m = stored(context, g, static_cast<std::uint64_t>(draw));
    std::vector<float> decoded(g.size());
    decode_first(context, g.size(), m.view(), decoded.data());
    for (std::size_t i = 0; i < g.size(); ++i) {
      const double scale = m.scales[i / 64], value = value_of_first(m.codes[i], scale);
      ASSERT_NEAR(decoded[i], value, 1e-6 * scale);
      // The codes to both sides of it are (2 c + 1) / 127^2 apart.
      const double c = std::sqrt(std::fabs(g[i]) / scale) * 127;
      ASSERT_LE(std::fabs(value - g[i]), 1.0001 * (2 * std::floor(c) + 1) / 16129 * scale + 1e-6 * scale);
      mean[i] += value / kDraws;
    }
  }
  for (std::size_t i = 0; i < g.size(); ++i) {
    const double scale =
        *std::max_element(g.begin() + static_cast<std::ptrdiff_t>(i / 64 * 64),
                          g.begin() + static_cast<std::ptrdiff_t>(std::min(g.size(), i / 64 * 64 + 64)),
                          [](float a, float b) { return std::fabs(a) < std::fabs(b); });
    const double gap = (2 * std::sqrt(std::fabs(g[i] / scale)) * 127 + 1) / 16129 * std::fabs(scale);
    EXPECT_NEAR(mean[i], g[i], 5 * 0.5 * gap / std::sqrt(kDraws)) << i;
  }
}

TEST(Moment8, TheLargestOfABlockIsExactAndZeroStaysZero) {
  Context context = make();
  std::vector<float> g = wide(4, 130);
  g[0] = g[64] = g[129] = 0;
  for (std::size_t i = 64; i < 128; ++i) g[i] = 0;
  Codes m = stored(context, g, 1);
  std::vector<float> decoded(g.size());
  decode_first(context, g.size(), m.view(), decoded.data());
  const auto largest = [](const std::vector<float>& x, std::size_t from, std::size_t to) {
    float top = 0;
    for (std::size_t i = from; i < to; ++i) top = std::fmax(top, std::fabs(x[i]));
    return top;
  };
  EXPECT_EQ(largest(decoded, 0, 64), largest(g, 0, 64));
  EXPECT_EQ(largest(decoded, 64, 128), 0.0f);
  EXPECT_EQ(m.scales[2], std::fabs(g[128]));
  EXPECT_EQ(decoded[128], g[128]);
  EXPECT_EQ(decoded[0], 0.0f);
}

// beta2 = 0 keeps g^2 as the second moment.
TEST(Moment8, SecondMomentsAreNeverRoundedToZeroAndOnAverageTrue) {
  Context context = make();
  std::vector<float> g = wide(5, 64);
  g[9] = 0;
  constexpr int kDraws = 3000;
  std::vector<double> mean(g.size());
  double top = 0;
  for (const float x : g) top = std::fmax(top, static_cast<double>(x) * x);
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<float> weights(g.size());
    Codes m(g.size()), v(g.size());
    adamw8(context, {.step = {.n = g.size(), .beta2 = 0, .gradient = g.data(), .weights = weights.data()},
                     .m = m.view(),
                     .v = v.view(),
                     .rounding = {static_cast<std::uint64_t>(draw), 9}});
    for (std::size_t i = 0; i < g.size(); ++i) {
      EXPECT_EQ(v.codes[i] == 0, g[i] == 0.0f);
      mean[i] += value_of_second(v.codes[i], v.scales[0]) / kDraws;
    }
  }
  for (std::size_t i = 0; i < g.size(); ++i) {
    const double truth = static_cast<double>(g[i]) * g[i], c = std::floor(std::pow(truth / top, 0.25) * 255);
    if (c < 1) continue;  // raised to code 1
    const double gap = (std::pow(c + 1, 4) - std::pow(c, 4)) / std::pow(255, 4) * top;
    EXPECT_NEAR(mean[i], truth, 5 * 0.5 * gap / std::sqrt(kDraws) + 1e-6 * truth) << i;
  }
}

// A moment that decays by a hundredth of its code's step must decay all the same.
TEST(Moment8, DecaysAsTheTrueOneDoes) {
  Context context = make();
  constexpr std::size_t kN = 640;
  std::vector<float> gradient(kN, 1.0f), weights(kN);
  for (std::size_t i = 0; i < kN; i += 64) gradient[i] = 10.0f;  // the blocks' scales
  Codes m(kN), v(kN);
  double first = 0, second = 0;
  for (std::size_t step = 1; step <= 600; ++step) {
    if (step == 201)
      for (std::size_t i = 0; i < kN; ++i) gradient[i] = i % 64 == 0 ? 10.0f : 0.0f;
    adamw8(context, {.step = {.n = kN,
                              .beta1 = 0.99f,
                              .beta2 = 0.995f,
                              .step = step,
                              .gradient = gradient.data(),
                              .weights = weights.data()},
                     .m = m.view(),
                     .v = v.view(),
                     .rounding = {1, step}});
    first = 0.99 * first + 0.01 * static_cast<double>(gradient[1]);
    second = 0.995 * second + 0.005 * static_cast<double>(gradient[1]) * gradient[1];
  }
  double mean_first = 0, mean_second = 0;
  for (std::size_t i = 0; i < kN; ++i) {
    if (i % 64 == 0) continue;
    mean_first += value_of_first(m.codes[i], m.scales[i / 64]) / 630;
    mean_second += value_of_second(v.codes[i], v.scales[i / 64]) / 630;
  }
  EXPECT_NEAR(mean_first, first, 0.1 * first + 1e-3);
  EXPECT_NEAR(mean_second, second, 0.1 * second);
}

// How far weights end from where AdamW in double brings them, as a share of the way, when the sizes of a block's
// gradients lie `decades` apart.
double deviation_after_200_steps(float decades) {
  Context context = make();
  constexpr std::size_t kN = 1000;
  std::vector<float> weights(kN);
  fill_normal({1, 1}, 0, 0.02f, weights);
  const std::vector<double> begun(weights.begin(), weights.end());
  std::vector<double> w = begun, first(kN), second(kN);
  Codes m(kN), v(kN);
  std::vector<Bf16> copy(kN);
  const std::vector<float> size = wide(8, kN, decades);
  for (std::size_t step = 1; step <= 200; ++step) {
    std::vector<float> gradient(kN);
    fill_normal({2, step}, 0, 1.0f, gradient);
    for (std::size_t i = 0; i < kN; ++i) gradient[i] = (gradient[i] + 1.0f) * size[i];
    adamw8(context, {.step = {.n = kN,
                              .rate = 1e-3f,
                              .beta2 = 0.99f,
                              .weight_decay = 0.1f,
                              .grad_scale = 0.5f,
                              .step = step,
                              .gradient = gradient.data(),
                              .weights = weights.data(),
                              .copy = copy.data()},
                     .m = m.view(),
                     .v = v.view(),
                     .rounding = {3, step}});
    for (std::size_t i = 0; i < kN; ++i) {
      const double g = 0.5 * gradient[i], t = static_cast<double>(step);
      first[i] = 0.9 * first[i] + 0.1 * g;
      second[i] = 0.99 * second[i] + 0.01 * g * g;
      w[i] -= 1e-3 * (first[i] / (1 - std::pow(0.9, t)) / (std::sqrt(second[i] / (1 - std::pow(0.99, t))) + 1e-8) +
                      0.1 * w[i]);
    }
  }
  double error = 0, moved = 0;
  for (std::size_t i = 0; i < kN; ++i) {
    error += std::pow(weights[i] - w[i], 2);
    moved += std::pow(w[i] - begun[i], 2);
    EXPECT_EQ(copy[i], to_bf16(weights[i]));
  }
  return std::sqrt(error / moved);
}

TEST(AdamW8, FollowsAdamWInDouble) {
  EXPECT_LT(deviation_after_200_steps(0), 0.04);
  EXPECT_LT(deviation_after_200_steps(1), 0.07);
  EXPECT_LT(deviation_after_200_steps(2), 0.12);
  EXPECT_LT(deviation_after_200_steps(4), 0.5);
}

TEST(Momentum, FollowsNesterovInDouble) {
  Context context = make();
  constexpr std::size_t kN = 37;
  std::vector<float> m(kN), direction(kN), weights(kN, 1.0f);
  std::vector<double> expected(kN), w(kN, 1.0);
  for (std::size_t step = 0; step < 20; ++step) {
    std::vector<float> g(kN);
    fill_normal({4, step}, 0, 1.0f, g);
    momentum(context, {.n = kN,
                       .momentum = 0.95f,
                       .grad_scale = 0.5f,
                       .gradient = g.data(),
                       .m = m.data(),
                       .direction = direction.data()});
    descend(context, {.n = kN,
                      .rate = 0.1f,
                      .scale = 3.0f,
                      .weight_decay = 0.2f,
                      .direction = direction.data(),
                      .weights = weights.data()});
    for (std::size_t i = 0; i < kN; ++i) {
      expected[i] = 0.95 * expected[i] + 0.05 * 0.5 * g[i];
      const double d = 0.95 * expected[i] + 0.05 * 0.5 * g[i];
      EXPECT_NEAR(direction[i], d, 1e-5);
      w[i] -= 0.1 * (3.0 * d + 0.2 * w[i]);
      EXPECT_NEAR(weights[i], w[i], 1e-5);
    }
  }
}

}  // namespace
}  // namespace cairn::tensor
