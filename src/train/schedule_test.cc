#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cairn::train {
namespace {

Schedule schedule(Descent descent, std::uint64_t decay = 0) {
  return {.peak = 2.0F, .final_fraction = 0.1F, .warmup = 4, .total = 104, .descent = descent, .decay = decay};
}

double expected(const Schedule& s, std::uint64_t step) {
  if (step < s.warmup) return s.peak * static_cast<double>(step + 1) / static_cast<double>(s.warmup);
  const bool stable = s.descent == Descent::wsd || s.descent == Descent::wsd_sqrt;
  const double from = static_cast<double>(stable ? s.total - s.decay : s.warmup);
  const double x =
      std::fmin(1, std::fmax(0, (static_cast<double>(step) - from) / (static_cast<double>(s.total) - from)));
  double height = 1 - x;
  if (s.descent == Descent::cosine) height = 0.5 + 0.5 * std::cos(std::acos(-1.0) * x);
  if (s.descent == Descent::wsd_sqrt) height = 1 - std::sqrt(x);
  return s.peak * (s.final_fraction + (1 - s.final_fraction) * height);
}

TEST(Schedule, RisesThenFallsToItsFloor) {
  for (const Schedule& s : {schedule(Descent::cosine), schedule(Descent::linear), schedule(Descent::wsd, 20),
                            schedule(Descent::wsd_sqrt, 20), schedule(Descent::wsd, 100)}) {
    for (std::uint64_t step = 0; step < 120; ++step)
      EXPECT_NEAR(rate_at(s, step), expected(s, step), 2e-6) << static_cast<int>(s.descent) << " at step " << step;
    EXPECT_FLOAT_EQ(rate_at(s, 0), 0.5F);
    EXPECT_FLOAT_EQ(rate_at(s, 3), 2.0F);
    EXPECT_FLOAT_EQ(rate_at(s, 1000000), 0.2F);
  }
}

TEST(Schedule, StaysAtThePeakUntilTheDecay) {
  for (const Descent descent : {Descent::wsd, Descent::wsd_sqrt}) {
    EXPECT_FLOAT_EQ(rate_at(schedule(descent, 20), 84), 2.0F);
    EXPECT_LT(rate_at(schedule(descent, 20), 85), 2.0F);
  }
}

}  // namespace
}  // namespace cairn::train
