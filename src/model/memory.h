// What memory training needs, and how a batch is cut so that it fits. Nothing here changes a bit: a batch's gradient is
// a fold over its grains, however they are spread over micro-batches, and a block computed again is the same block.
// Pure functions of a configuration that has passed check().
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/activations.h"
#include "model/config.h"

namespace cairn::model {

struct BatchSize {
  std::size_t sequences = 1, time = 1;  // B, T of the whole batch
  std::size_t grain = 1;                // sequences of a grain
};

// What a pass may use where nothing else is said: enough that products are large, little beside the weights.
inline constexpr std::uint64_t kUsualPassBytes = std::uint64_t{512} << 20;

// Room for as many grains at a time as keep workspace_bytes() within `bytes`, spread evenly; with one grain that needs
// more, only the blocks' inputs are kept. One grain is the least: then `bytes` may be exceeded.
Room room_within(const ModelConfig& config, const BatchSize& batch, std::uint64_t bytes = kUsualPassBytes,
                 std::size_t rank = 0);

// Bytes of a training run that holds one model, as train's steps do.
struct TrainingMemory {
  std::uint64_t weights = 0;    // 4 P, the masters
  std::uint64_t copies = 0;     // 2 P, what products read, and the tables of positions
  std::uint64_t gradient = 0;   // 4 P
  std::uint64_t optimiser = 0;  // its state
  std::uint64_t pass = 0;       // activations and scratch
  std::uint64_t tied = 0;       // a tied embedding's own gradient, for the batch's tokens
  std::uint64_t total() const { return weights + copies + gradient + optimiser + pass + tied; }
};
// state_bytes: of the optimiser, for one weight: 8 for AdamW in f32.
TrainingMemory training_memory(const ModelConfig& config, const BatchSize& batch, const Room& room, double state_bytes);

}  // namespace cairn::model
