#include "model/gguf_rope.h"

#include <algorithm>
#include <cmath>

namespace cairn::model {
namespace {

constexpr std::uint32_t kOriginal = 8192;
constexpr float kLow = 1, kHigh = 4;
constexpr double kPrecision = 1e-4;

bool agree(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(a, b, [](double x, double y) { return std::fabs(x - y) <= kPrecision * y; });
}

}  // namespace

std::vector<float> rope_factors_of(const ModelConfig& c) {
  const std::size_t half = c.turned_width() / 2;
  std::vector<float> out(half);
  const auto low = static_cast<double>(c.rope_low), high = static_cast<double>(c.rope_high);
  for (std::size_t i = 0; i < half; ++i) {
    const double frequency =
        std::pow(static_cast<double>(c.rope_base), -static_cast<double>(i) / static_cast<double>(half));
    const double turns = c.rope_original * frequency / (2 * std::acos(-1.0));
    const double kept = c.rope_original == 0 ? 0.0 : std::clamp((turns - low) / (high - low), 0.0, 1.0);
    out[i] = static_cast<float>(1 / (kept + (1 - kept) / static_cast<double>(c.rope_factor)));
  }
  return out;
}

Status take_rope_factors(std::span<const float> factors, ModelConfig& config) {
  ModelConfig found = config;
  found.rope_factor = factors.empty() ? 1.0F : std::ranges::max(factors);
  if (agree(factors, std::vector<float>(factors.size(), 1.0F))) {
    found.rope_factor = 1;
  } else {
    found.rope_original = kOriginal;
    found.rope_low = kLow;
    found.rope_high = kHigh;
    if (!agree(factors, rope_factors_of(found)))
      return fail(ErrorCode::unsupported, "frequencies are divided otherwise than Llama 3.1's");
  }
  config = found;
  return {};
}

bool has_rope_factors(const ModelConfig& config) {
  ModelConfig again = config;
  return take_rope_factors(rope_factors_of(config), again) && again == config;
}

}  // namespace cairn::model
