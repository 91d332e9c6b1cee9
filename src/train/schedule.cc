#include "train/schedule.h"

#include <array>

#include "tensor/math.h"

namespace cairn::train {
namespace {

// How much of the way down to the final rate is still to go, 1 to 0.
float height(const Schedule& s, std::uint64_t step) {
  constexpr float kPi = 3.14159265F;
  const bool stable = s.descent == Descent::wsd || s.descent == Descent::wsd_sqrt;
  const std::uint64_t from = stable ? s.total - s.decay : s.warmup;
  if (step < from) return 1.0F;
  const float along = static_cast<float>(step - from) / static_cast<float>(s.total - from);
  switch (s.descent) {
    case Descent::cosine:
      return 0.5F * (1.0F + tensor::math::cos(kPi * along));
    case Descent::linear:
    case Descent::wsd:
      return 1.0F - along;
    case Descent::wsd_sqrt:
      return 1.0F - tensor::math::sqrt(along);
  }
  return 0.0F;
}

}  // namespace

std::span<const std::string_view> names_of(Descent) {
  static constexpr std::array<std::string_view, 4> kNames{"cosine", "linear", "wsd", "wsd-sqrt"};
  return kNames;
}

float rate_at(const Schedule& s, std::uint64_t step) {
  if (step < s.warmup) return s.peak * (static_cast<float>(step + 1) / static_cast<float>(s.warmup));
  if (step >= s.total) return s.peak * s.final_fraction;
  return s.peak * (s.final_fraction + (1.0F - s.final_fraction) * height(s, step));
}

}  // namespace cairn::train
