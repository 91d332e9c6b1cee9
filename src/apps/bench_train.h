// `cairn bench train`: how fast this machine trains a model of a given shape, forward, backward and AdamW, on random
// tokens. Not how well it learns. Blocking; uses all threads of a Context of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "model/memory.h"

namespace cairn::apps {

struct TrainingBench {
  std::uint32_t layers = 6, width = 384, heads = 6, hidden = 0, vocab = 8192, context = 256, batch = 8, steps = 5;
  std::string optimiser = "adamw";  // or muon
  std::uint32_t state_bits = 32;    // of the optimiser's moments: 32 or 8
  std::uint32_t pass_mib =
      model::kUsualPassBytes >> 20;  // for activations and scratch: more grains at a time, the same bits
};

// tokens_per_second: of the median step after a first one that warms up; gflops: 6 a weight and token; peak_rss_bytes:
// of the process. Errors: those of the configuration and the run.
Result<Json> measure_training(const TrainingBench& bench);

}  // namespace cairn::apps
