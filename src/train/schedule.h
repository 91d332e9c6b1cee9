// The learning rate at each step of a run. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cairn::train {

// After a linear warm-up to the peak, down to final_fraction of it at `total`, which later steps keep.
enum class Descent : std::uint8_t {
  cosine,    // half a cosine (arXiv 1608.03983, equation 5)
  linear,    // a straight line
  wsd,       // the peak, then a straight line over the last `decay` steps (WSD: arXiv 2404.06395, section 4)
  wsd_sqrt,  // the same with 1 - sqrt(along) for the line (arXiv 2405.18392)
};
std::span<const std::string_view> names_of(Descent);  // found by argument

struct Schedule {
  float peak = 0, final_fraction = 0;
  std::uint64_t warmup = 0, total = 0;  // warmup below total
  Descent descent = Descent::cosine;
  std::uint64_t decay = 0;  // of wsd and wsd_sqrt: 1 to total - warmup
};
float rate_at(const Schedule& schedule, std::uint64_t step);

}  // namespace cairn::train
