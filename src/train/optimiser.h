// AdamW and Muon over a flat buffer of named tensors: gradient clipping, decay on matrices but not on gains, the bf16
// copies, moments in binary32 or in 8 bits. Not the schedule: the rate is given with each step (train/schedule.h).
// Owns the moments; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/optimiser.h"
#include "tensor/pages.h"
#include "train/orthogonal.h"

namespace cairn::train {

// muon moves the matrices of blocks along the nearest orthogonal matrix to their momentum; embeddings, positions, an
// untied head, gains and biases go by AdamW.
enum class Algorithm : std::uint8_t { adamw, muon };
std::span<const std::string_view> names_of(Algorithm);  // found by argument

struct OptimiserSettings {
  Algorithm algorithm = Algorithm::adamw;
  std::uint32_t state_bits = 32;  // of each element of a moment: 32, or 8 (tensor/optimiser.h)
  float beta1 = 0.9F, beta2 = 0.99F, epsilon = 1e-8F;
  float momentum = 0.95F;  // of muon
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

// A part of what an optimiser carries from step to step: values, or codes.
struct StateTensor {
  std::string name;
  std::span<float> values;
  std::span<std::uint8_t> codes = {};
};

// A moment of some tensors, one behind the other, in 32 or 8 bits an element.
class Moment {
 public:
  Moment() = default;
  Moment(std::uint32_t bits, std::size_t count, std::size_t blocks);

  // From element `at`, which is the first of block `block`.
  float* values(std::size_t at) { return values_.data() + at; }
  tensor::Moment8 codes(std::size_t at, std::size_t block) { return {codes_.data() + at, scales_.data() + block}; }
  std::span<float> all() { return values_; }
  std::span<const float> all() const { return values_; }
  void list(const std::string& name, std::vector<StateTensor>& out);
  Status check_not_negative() const;

 private:
  tensor::Array<float> values_, scales_;
  tensor::Array<std::uint8_t> codes_;
};

class Optimiser {
 public:
  // settings: checked (train/steps.h).
  Optimiser(std::span<const model::Parameter> parameters, const OptimiserSettings& settings);

  // Goes on after `steps` steps of others with their second moments, one for each block of weights
  // (train/checkpoint.h). AdamW in 32 bits alone, as the next.
  void resume(std::span<const float> moments, std::uint64_t steps);
  std::span<const float> second_moments() const;  // [P]

  // All that it carries, and the steps it has taken: what a run's file holds. Views, good while it lives.
  std::vector<StateTensor> state();
  // Once state() has been filled from a file. malformed: a second moment or a scale that is negative.
  Status restore(std::uint64_t steps);
  std::size_t parameters() const { return segments_.back().offset + segments_.back().count; }  // P

  // Returns the gradient's norm before clipping. failed: it is not finite; nothing was changed.
  Result<float> step(tensor::Context& context, const OptimiserStep& step);

 private:
  // Tensors that are treated alike, side by side; or one matrix for muon. Places in the moments: elements and blocks.
  struct Segment {
    std::size_t offset, count;
    bool decays, embeds;
    std::size_t rows = 0, columns = 0;  // 0: AdamW
    std::size_t second = 0;             // of the second moment; the first moment's is `offset`
    std::size_t block = 0, second_block = 0;
  };
  void add(const model::Parameter& parameter);
  void place_moments();
  tensor::Stream rounding(const Segment& segment) const;
  void step_adamw(tensor::Context& context, const OptimiserStep& step, const Segment& segment, float grad_scale);
  void step_muon(tensor::Context& context, const OptimiserStep& step, const Segment& segment, float grad_scale);

  std::vector<Segment> segments_;
  OptimiserSettings settings_;
  std::uint64_t steps_ = 0;
  Moment m_, v_;
  tensor::Array<float> direction_;  // of the largest matrix
  Orthogonaliser orthogonalise_;
};

}  // namespace cairn::train
