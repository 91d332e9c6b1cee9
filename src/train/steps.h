// The step of every training loop: draw a batch, fold the gradients of its grains in order, move the weights. Not the
// loop, which says what is trained, at which rate, and who watches. Owns the optimiser and the gradient; the tokens
// must outlive it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tokens.h"
#include "model/backward.h"
#include "model/memory.h"
#include "tensor/context.h"
#include "tensor/pages.h"
#include "train/optimiser.h"
#include "train/schedule.h"
#include "train/unit.h"
#include "train/windows.h"

namespace cairn::train {

// Of a batch; all counts as in UnitSettings.
struct BatchShape {
  std::uint32_t sequences = 1, context = 1, grain = 1;
  // Sequences that are computed at once, whole grains: a matter of memory (model/memory.h), it changes no bit. 0: one
  // grain.
  std::uint32_t at_once = 0;
};
// The batch as room is made for it.
inline model::BatchSize size_of(const BatchShape& s) {
  return {.sequences = s.sequences, .time = s.context, .grain = s.grain};
}

// The parts of UnitSettings, and of the settings of whatever else trains, that have to do with a step.
template <class Settings>
BatchShape batch_of(const Settings& s) {
  return {.sequences = s.sequences, .context = s.context, .grain = s.grain};
}
// As many sequences at once as there is room for.
inline BatchShape at_once(BatchShape shape, const model::Room& room) {
  shape.at_once = static_cast<std::uint32_t>(room.rows / shape.context);
  return shape;
}
template <class Settings>
OptimiserSettings optimiser_of(const Settings& s) {
  OptimiserSettings out{
      .beta1 = s.beta1, .beta2 = s.beta2, .epsilon = s.epsilon, .weight_decay = s.weight_decay, .clip = s.clip};
  if constexpr (requires { s.embedding_rate; }) out.embedding_rate = s.embedding_rate;
  if constexpr (requires { s.algorithm; }) {
    out.algorithm = s.algorithm;
    out.state_bits = s.state_bits;
    out.momentum = s.momentum;
  }
  return out;
}

// invalid, beginning with `what`: the first field out of range.
Status check(std::string_view what, const BatchShape& shape);
Status check(std::string_view what, const OptimiserSettings& settings, float learning_rate);
// invalid, beginning with `what`: fewer than context + 1 tokens, more than can be numbered, or one that is not in the
// vocabulary.
Status check_tokens(std::string_view what, Tokens tokens, std::uint32_t context, std::uint32_t vocabulary,
                    Draw draw = Draw::shuffled);

template <class T>
Status out_of_range(std::string_view what, std::string_view name, const T& value, std::string_view expected) {
  return fail(ErrorCode::invalid, "{}: {} is {}, expected {}", what, name, value, expected);
}

class Steps {
 public:
  // tokens: checked with check_tokens().
  Steps(const BatchShape& shape, Tokens tokens, tensor::Stream stream, Optimiser optimiser, Draw draw = Draw::shuffled);
  // Goes on after `done` steps: draws no batch of theirs again. The optimiser's state is its own affair.
  void resume(std::uint32_t done);

  // Returns model::loss_and_gradient() of the micro-batch, whose gradient it adds to `gradient` [P].
  using PassLoss = std::function<float(const model::MicroBatch& batch, float* gradient)>;
  struct Target {
    float rate = 0;
    std::span<float> weights;        // [P], moved
    std::span<tensor::Bf16> copies;  // [P], the new weights rounded
  };
  // failed: the loss or the gradient is not finite; nothing was moved. The report leaves out how many steps there are.
  Result<StepReport> take(tensor::Context& context, const Target& target, const PassLoss& loss);

  std::uint32_t done() const { return done_; }
  Optimiser& optimiser() { return optimiser_; }
  const Optimiser& optimiser() const { return optimiser_; }

 private:
  float batch_gradient(const PassLoss& loss);

  BatchShape shape_;
  Windows windows_;
  Optimiser optimiser_;
  tensor::Array<float> gradient_;            // [P]
  std::vector<std::int32_t> ids_, targets_;  // [B, T]
  std::uint32_t done_ = 0;
};

}  // namespace cairn::train
