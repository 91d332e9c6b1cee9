// Scaled rotary positions against their definition in double precision: as transformers computes "linear" and "llama3".
#include "tensor/rope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace cairn::tensor {
namespace {

constexpr std::size_t kTime = 40, kWidth = 64, kHalf = kWidth / 2;
constexpr double kBase = 500000.0, kTwoPi = 6.283185307179586;

double frequency(std::size_t i, const RopeScaling& s) {
  const double f = std::pow(kBase, -2.0 * static_cast<double>(i) / kWidth);
  const double factor = static_cast<double>(s.factor), original = static_cast<double>(s.original);
  if (original == 0) return f / factor;
  const double length = kTwoPi / f, low = static_cast<double>(s.low), high = static_cast<double>(s.high);
  if (length < original / high) return f;
  if (length > original / low) return f / factor;
  const double smooth = (original / length - low) / (high - low);
  return (1 - smooth) * f / factor + smooth * f;
}

TEST(Rope, ScaledFrequenciesAreThoseOfTheDefinition) {
  for (const RopeScaling& scaling : {RopeScaling{.factor = 4.0f}, RopeScaling{.factor = 8.0f, .original = 8192.0f},
                                     RopeScaling{.factor = 32.0f, .original = 100.0f, .low = 0.5f, .high = 9.0f}}) {
    std::vector<float> cosine(kTime * kHalf), sine(kTime * kHalf);
    rope_tables(kTime, kWidth, static_cast<float>(kBase), cosine, sine, scaling);
    for (std::size_t t = 0; t < kTime; ++t)
      for (std::size_t i = 0; i < kHalf; ++i) {
        const double angle = static_cast<double>(t) * frequency(i, scaling);
        EXPECT_NEAR(static_cast<double>(cosine[t * kHalf + i]), std::cos(angle), 2e-5) << t << " " << i;
        EXPECT_NEAR(static_cast<double>(sine[t * kHalf + i]), std::sin(angle), 2e-5) << t << " " << i;
      }
  }
}

TEST(Rope, AFactorOfOneChangesNoBit) {
  std::vector<float> plain(kTime * kHalf), sine(plain.size()), scaled(plain.size());
  rope_tables(kTime, kWidth, 10000.0f, plain, sine);
  rope_tables(kTime, kWidth, 10000.0f, scaled, sine, {.factor = 1.0f, .original = 512.0f});
  EXPECT_EQ(plain, scaled);
}

}  // namespace
}  // namespace cairn::tensor
