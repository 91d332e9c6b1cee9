#include "eval/intervals.h"

#include <gtest/gtest.h>

#include <vector>

namespace cairn::eval {
namespace {

// Worked by hand from the formula; the second is the textbook case of no success in ten trials.
TEST(Intervals, WilsonIsItsFormula) {
  const Interval half = wilson(50, 100);
  EXPECT_DOUBLE_EQ(half.value, 0.5);
  EXPECT_NEAR(half.low, 0.403832, 1e-6);
  EXPECT_NEAR(half.high, 0.596168, 1e-6);
  const Interval none = wilson(0, 10);
  EXPECT_DOUBLE_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.277533, 1e-6);
  const Interval nothing = wilson(0, 0);
  EXPECT_EQ(nothing.low, 0);
  EXPECT_EQ(nothing.high, 1);
}

TEST(Intervals, WilsonContainsItsValueAndNarrows) {
  double width = 1;
  for (const std::uint64_t n : {4U, 16U, 64U, 256U, 1024U}) {
    const Interval i = wilson(static_cast<double>(n) / 4, n);
    EXPECT_LT(i.low, i.value);
    EXPECT_GT(i.high, i.value);
    EXPECT_LT(i.high - i.low, width);
    width = i.high - i.low;
  }
}

TEST(Intervals, BootstrapHoldsTheMeanAndDependsOnItsSeedAlone) {
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(i % 10);
  const Interval a = bootstrap_mean(values, 7), again = bootstrap_mean(values, 7), other = bootstrap_mean(values, 8);
  EXPECT_DOUBLE_EQ(a.value, 4.5);
  // The mean's standard error is sqrt(8.25 / 200) = 0.203.
  EXPECT_NEAR(a.low, 4.5 - 1.96 * 0.203, 0.06);
  EXPECT_NEAR(a.high, 4.5 + 1.96 * 0.203, 0.06);
  EXPECT_EQ(a.low, again.low);
  EXPECT_EQ(a.high, again.high);
  EXPECT_TRUE(a.low != other.low || a.high != other.high);
  EXPECT_EQ(bootstrap_mean({}, 1).value, 0);
}

}  // namespace
}  // namespace cairn::eval
