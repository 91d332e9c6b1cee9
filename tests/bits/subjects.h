// What the bits test trains: one small model for each family, so that every kind of block, both kinds of heads and all
// that training has beside them stand in some of them. Values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "train/optimiser.h"

namespace cairn::bits {

// tiny: for the scalar reference and emulated processors. small: large enough that threads share most operations.
enum class Size : std::uint8_t { tiny, small };

struct Subject {
  std::string name;
  model::ModelConfig config;
  std::uint32_t sequences = 0, time = 0, grain = 0;  // B, T, sequences of a grain
  float dropout = 0.0F, z_loss = 0.0F;
  train::OptimiserSettings optimiser;
};
std::vector<Subject> subjects(Size size);

}  // namespace cairn::bits
