// What sessions compute with: a model's weights as products read them and, while one is switched on, a module's. One
// for any number of sessions and batches over the same model, so that its memory is there once. The seam for quantised
// weights: another form of the matrices is made here and read by the model's linear maps, and nothing above changes.
// Immutable; shared by pointer, read from any thread.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "model/compute.h"
#include "model/low_rank.h"
#include "model/model.h"
#include "tensor/context.h"

namespace cairn::infer {

class Weights {
 public:
  // The model and the module are read here and need not outlive the call. invalid: the module is for another
  // configuration. unsupported: an encoder. failed: not enough memory.
  static Result<std::shared_ptr<const Weights>> make(tensor::Context& context, const model::Model& model,
                                                     const model::LowRank* module = nullptr);

  const model::ModelConfig& config() const { return base_.config(); }
  std::size_t rank() const { return delta_ ? delta_->rank() : 0; }  // 0: no module
  // For a forward pass.
  const model::ComputeWeights& base() const { return base_; }
  const model::ComputeLowRank* delta() const { return delta_ ? &*delta_ : nullptr; }

 private:
  Weights(tensor::Context& context, const model::Model& model, const model::LowRank* module) : base_(context, model) {
    if (module) delta_.emplace(context, *module);
  }
  model::ComputeWeights base_;
  std::optional<model::ComputeLowRank> delta_;
};

}  // namespace cairn::infer
