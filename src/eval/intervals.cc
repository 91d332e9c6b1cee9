#include "eval/intervals.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cairn::eval {
namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % of the normal distribution lie below
constexpr std::size_t kResamples = 2000;

// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 9.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }

 private:
  std::uint64_t state_;
};

double mean(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

}  // namespace

Interval wilson(double successes, std::uint64_t n) {
  if (n == 0) return {.value = 0.5, .low = 0, .high = 1};
  const double count = static_cast<double>(n), p = successes / count, z2 = kZ * kZ;
  const double centre = (p + z2 / (2 * count)) / (1 + z2 / count);
  const double half = kZ * std::sqrt(p * (1 - p) / count + z2 / (4 * count * count)) / (1 + z2 / count);
  return {.value = p, .low = std::max(0.0, centre - half), .high = std::min(1.0, centre + half)};
}

Interval bootstrap_mean(std::span<const double> values, std::uint64_t seed) {
  if (values.empty()) return {};
  SplitMix64 random(seed);
  std::vector<double> means(kResamples);
  for (double& m : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.next() % values.size()];
    m = sum / static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  const auto quantile = [&](double q) { return means[static_cast<std::size_t>(q * (kResamples - 1))]; };
  return {.value = mean(values), .low = quantile(0.025), .high = quantile(0.975)};
}

}  // namespace cairn::eval
