#include "tensor/math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/bf16.h"
#include "tensor/lane.h"
#include "tensor/random.h"

namespace cairn::tensor {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Distance from the true value in units of the last place of the binary32 nearest to it.
double units_off(float got, double expected) {
  const float nearest = static_cast<float>(expected);
  const double unit = std::fabs(static_cast<double>(std::nextafter(nearest, kInfinity)) - nearest);
  return std::fabs(got - expected) / unit;
}

struct Claim {
  const char* name;
  float (*ours)(float);
  double (*truth)(double);
  float low, high;
  double units = 2.0;
};

TEST(Math, IsWithinItsUnitsOfTheTruth) {
  const Claim claims[] = {
      {"exp", math::exp, std::exp, -86.9f, 87.9f},
      {"log", math::log, std::log, 1e-30f, 3.0f},
      {"log", math::log, std::log, 3.0f, 1e30f},
      {"tanh", math::tanh, std::tanh, -9.0f, 9.0f},
      {"erf", math::erf, std::erf, -4.5f, 4.5f},
      {"sigmoid", math::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -80.0f, 80.0f, 3.0}};
  for (const Claim& claim : claims) {
    double worst = 0;
    float at = 0;
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const float x = claim.low + (claim.high - claim.low) * random_uniform({1, 1}, i);
      const double off = units_off(claim.ours(x), claim.truth(x));
      if (off > worst) worst = off, at = x;
    }
    EXPECT_LE(worst, claim.units) << claim.name << " at " << at;
  }
}

// Near their zeros sin and cos keep an absolute error, that of the argument's reduction.
TEST(Math, SineAndCosineAreNearTheTruth) {
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const float x = 32768.0f * (2 * random_uniform({2, 1}, i) - 1);
    EXPECT_NEAR(math::sin(x), std::sin(static_cast<double>(x)), 1.2e-7) << x;
    EXPECT_NEAR(math::cos(x), std::cos(static_cast<double>(x)), 1.2e-7) << x;
  }
}

TEST(Math, SpecialValues) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto f : {math::exp, math::log, math::tanh, math::sigmoid, math::erf, math::sin, math::cos, math::sqrt})
    EXPECT_EQ(std::bit_cast<std::uint32_t>(f(nan)), 0x7FC00000u);
  EXPECT_EQ(math::exp(-87.5f), 0.0f);
  EXPECT_EQ(math::exp(88.5f), kInfinity);
  EXPECT_EQ(math::exp(0.0f), 1.0f);
  EXPECT_EQ(math::log(0.0f), -kInfinity);
  EXPECT_EQ(math::log(1e-40f), -kInfinity);  // a subnormal counts as zero
  EXPECT_EQ(math::log(1.0f), 0.0f);
  EXPECT_TRUE(std::isnan(math::log(-1.0f)));
  EXPECT_EQ(math::tanh(50.0f), 1.0f);
  EXPECT_EQ(math::tanh(-50.0f), -1.0f);
  EXPECT_EQ(math::sigmoid(-100.0f), 0.0f);
  EXPECT_EQ(math::erf(kInfinity), 1.0f);
  EXPECT_EQ(math::erf(-5.0f), -1.0f);
  EXPECT_TRUE(std::signbit(math::erf(-0.0f)));
  EXPECT_TRUE(std::isnan(math::sin(0x1p21f)));
  EXPECT_EQ(math::power(0.5f, 3), 0.125f);
  EXPECT_EQ(math::power(7.0f, 0), 1.0f);
}

// The known answers that accompany the paper's implementation (Random123, kat_vectors).
TEST(Random, PhiloxKnownAnswers) {
  using Four = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, NormalsHaveTheirMomentsAndDoNotDependOnWhereOneBegins) {
  std::vector<float> all(100000), part(999);
  fill_normal({5, 6}, 0, 2.0f, all);
  fill_normal({5, 6}, 1237, 2.0f, part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + 1237));
  double mean = 0, square = 0;
  for (const float x : all) mean += x, square += static_cast<double>(x) * x;
  mean /= 1e5, square /= 1e5;
  EXPECT_NEAR(mean, 0.0, 4 * 2 / std::sqrt(1e5));  // four standard errors
  EXPECT_NEAR(square, 4.0, 4 * 4 * std::sqrt(2.0) / std::sqrt(1e5));
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(to_bf16(1.0f).bits, 0x3F80);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F808000u)).bits, 0x3F80);  // a tie, down to even
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F818000u)).bits, 0x3F82);  // a tie, up to even
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F808001u)).bits, 0x3F81);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x7F7FFFFFu)).bits, 0x7F80);  // up to infinity
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0xFF800001u)).bits, 0x7FC0);
  EXPECT_EQ(to_bf16(-1e-40f).bits, 0x8000);
  for (std::uint32_t u = 0; u < 65536; ++u) {
    const Bf16 x{static_cast<std::uint16_t>(u)};
    if ((u & 0x7F80) != 0 && (u & 0x7FFF) <= 0x7F80) {
      EXPECT_EQ(to_bf16(to_float(x)), x);
    }
  }
}

// Where the plain operation and "tiny after rounding" part: results that round to the smallest normal.
TEST(Lane, FlushesWhatIsTinyAfterRounding) {
  const float smallest = 0x1p-126f, below_one = 0x1.fffffep-1f;  // 1 - 2^-24
  // smallest * (1 - 2^-24): representable with 24 bits of precision below the normals, so tiny.
  EXPECT_EQ((Lane{smallest} * Lane{below_one}).value, 0.0f);
  EXPECT_TRUE(std::signbit((Lane{-smallest} * Lane{below_one}).value));
  // smallest - 2^-151 is halfway between that value and the smallest normal: to even, so normal.
  EXPECT_EQ(fma(Lane{-0x1p-75f}, Lane{0x1p-76f}, Lane{smallest}).value, smallest);
  // A little less than halfway is tiny.
  EXPECT_EQ(fma(Lane{-0x1.000002p-75f}, Lane{0x1p-76f}, Lane{smallest}).value, 0.0f);
  EXPECT_EQ((Lane{0x1p-100f} * Lane{0x1p-26f}).value, smallest);
  EXPECT_EQ((Lane{0x1.fffffep-126f} / Lane{2.0f}).value, 0.0f);
  EXPECT_EQ((Lane{1e-40f} + Lane{1.0f}).value, 1.0f);
}

}  // namespace
}  // namespace cairn::tensor
