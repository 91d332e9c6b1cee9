// Intervals that say how far a measured figure can be trusted. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>

namespace cairn::eval {

struct Interval {
  double value = 0, low = 0, high = 0;  // 95 %
};

// A share of successes in n independent trials, with Wilson's score interval (Wilson 1927, "Probable inference, the law
// of succession, and statistical inference", J. Am. Stat. Assoc. 22; z = 1.96). n = 0: the whole of 0 to 1, value 0.5.
// Successes may be fractional (a tie counts as half).
Interval wilson(double successes, std::uint64_t n);

// The mean of the values, with the percentile bootstrap's interval (Efron 1979) over 2000 resamples drawn by a
// SplitMix64 generator from `seed`: the same on every machine. No value: all zero.
Interval bootstrap_mean(std::span<const double> values, std::uint64_t seed);

}  // namespace cairn::eval
