#include "model/model.h"

#include <algorithm>
#include <new>

#include "tensor/math.h"
#include "tensor/random.h"

namespace cairn::model {
Model::Model(ModelConfig config, std::vector<Parameter> parameters)
    : config_(std::move(config)),
      parameters_(std::move(parameters)),
      weights_(parameters_.back().offset + parameters_.back().count) {}

Result<Model> Model::make(const ModelConfig& config) {
  CAIRN_TRY(check(config));
  try {
    return Model(config, parameters_of(config));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "not enough memory for a model of {} weights ({} bytes)", parameter_count(config),
                parameter_count(config) * sizeof(float));
  }
}

Result<Model> Model::initialise(const ModelConfig& config, std::uint64_t seed) {
  CAIRN_ASSIGN(Model model, make(config));
  const float residual_share = 1.0F / tensor::math::sqrt(static_cast<float>(2 * config.layers));
  for (std::size_t i = 0; i < model.parameters_.size(); ++i) {
    const Parameter& p = model.parameters_[i];
    const std::span<float> values = model.weights().subspan(p.offset, p.count);
    if (p.is_vector()) {
      std::fill(values.begin(), values.end(), p.role == Role::gain ? 1.0F : 0.0F);
      continue;
    }
    const bool residual = p.name.ends_with("o_proj.weight") || p.name.ends_with("down_proj.weight");
    const float deviation = 1.0F / tensor::math::sqrt(static_cast<float>(p.shape[1]));
    tensor::fill_normal({.key = seed, .stream = i}, 0, residual ? deviation * residual_share : deviation, values);
  }
  return model;
}

const Parameter* Model::find(std::string_view name) const {
  for (const Parameter& p : parameters_) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

}  // namespace cairn::model
