// A model: its configuration and its master weights, one flat buffer of f32 with named views.
// Not the bf16 copies that products read (model/compute.h) and not a file (model/checkpoint.h).
// A movable value that owns its buffer; const access from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/layout.h"
#include "tensor/pages.h"

namespace cairn::model {

class Model {
 public:
  // All weights zero. The errors of check().
  static Result<Model> make(const ModelConfig& config);
  // Gains 1, biases 0; matrices normal with deviation 1 / sqrt(columns), those that write to the residual stream 1 /
  // sqrt(2 L) of that, each from its own Philox stream (seed, tensor index): the same on every machine. A fixed
  // deviation of 0.02, usual for models of a thousand channels, is far too small for a few hundred: it costs such
  // models most of a short run.
  static Result<Model> initialise(const ModelConfig& config, std::uint64_t seed);

  const ModelConfig& config() const { return config_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::span<float> weights() { return weights_; }              // [P]
  std::span<const float> weights() const { return weights_; }  // [P]
  std::span<const float> tensor(const Parameter& parameter) const {
    return weights().subspan(parameter.offset, parameter.count);
  }
  // Null where there is none of that name.
  const Parameter* find(std::string_view name) const;

 private:
  Model(ModelConfig config, std::vector<Parameter> parameters);
  ModelConfig config_;
  std::vector<Parameter> parameters_;
  tensor::Array<float> weights_;
};

}  // namespace cairn::model
