// Llama 3.1's scaling of rotary positions as GGUF has it: no keys, but a tensor of what each frequency is divided by,
// which readers take as it is. Pure functions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/config.h"

namespace cairn::model {

inline constexpr std::string_view kGgufRopeFactors = "rope_freqs.weight";

// [R/2]: what the configuration's scaling divides the frequency of each pair by.
std::vector<float> rope_factors_of(const ModelConfig& config);

// Sets the configuration's scaling to the one that has these factors: that of Llama 3.1, which leaves what turns four
// times within 8,192 positions and divides what turns less than once. All ones: none. unsupported: no such scaling has
// them, to a ten-thousandth; the configuration is as it was.
Status take_rope_factors(std::span<const float> factors, ModelConfig& config);

// Whether take_rope_factors() would find the configuration's scaling again.
bool has_rope_factors(const ModelConfig& config);

}  // namespace cairn::model
