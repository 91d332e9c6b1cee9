// AdamW over a flat buffer of named tensors: gradient clipping, decay on matrices but not on gains, the bf16 copies.
// Not the schedule: the rate is given with each step. Owns the moments; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::train {

struct OptimiserSettings {
  float beta1 = 0.9F, beta2 = 0.99F, epsilon = 1e-8F;
  float weight_decay = 0.0F;
  float embedding_rate = 1.0F;  // times the step's rate, for the embedding
  float clip = 1.0F;            // of the gradient's norm over all tensors
};

struct OptimiserStep {
  float rate = 0;
  std::span<float> weights;         // [P], updated
  std::span<const float> gradient;  // [P]
  std::span<tensor::Bf16> copies;   // [P], the new weights rounded
};

// A part of what an optimiser carries from step to step.
struct StateTensor {
  std::string name;
  std::span<float> values;
};

class Optimiser {
 public:
  Optimiser(std::span<const model::Parameter> parameters, const OptimiserSettings& settings);

  // Goes on after `steps` steps of others with their second moments, one for each block of weights
  // (train/checkpoint.h).
  void resume(std::span<const float> moments, std::uint64_t steps);
  std::span<const float> second_moments() const { return v_.span(); }  // [P]

  // All that it carries, and the steps it has taken: what a run's file holds. Views, good while it lives.
  std::vector<StateTensor> state();
  // Once state() has been filled from a file. malformed: a second moment that is negative.
  Status restore(std::uint64_t steps);
  std::size_t parameters() const { return segments_.back().offset + segments_.back().count; }  // P

  // Returns the gradient's norm before clipping. failed: it is not finite; nothing was changed.
  Result<float> step(tensor::Context& context, const OptimiserStep& step);

 private:
  struct Segment {
    std::size_t offset, count;
    bool decays, embeds;
  };
  std::vector<Segment> segments_;
  OptimiserSettings settings_;
  std::uint64_t steps_ = 0;
  model::FloatBuffer m_, v_;
};

}  // namespace cairn::train
