#include "train/optimiser.h"

#include <cmath>

#include "tensor/elementwise.h"
#include "tensor/math.h"
#include "train/checkpoint.h"

namespace cairn::train {

Optimiser::Optimiser(std::span<const model::Parameter> parameters, const OptimiserSettings& settings)
    : settings_(settings) {
  for (const model::Parameter& p : parameters) {
    const bool decays = !p.is_gain(), embeds = p.name == model::kEmbedding;
    if (!segments_.empty() && segments_.back().decays == decays && segments_.back().embeds == embeds) {
      segments_.back().count += p.count;
    } else {
      segments_.push_back({p.offset, p.count, decays, embeds});
    }
  }
  m_ = model::FloatBuffer(this->parameters());
  v_ = model::FloatBuffer(this->parameters());
}

void Optimiser::resume(std::span<const float> moments, std::uint64_t steps) {
  spread(moments, v_.span());
  steps_ = steps;
}

std::vector<StateTensor> Optimiser::state() {
  return {{"optimiser.m", m_.span()}, {"optimiser.v", v_.span()}};
}

Status Optimiser::restore(std::uint64_t steps) {
  const std::span<const float> v = v_.span();
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!(v[i] >= 0.0F))
      return fail(ErrorCode::malformed, "optimiser: second moment {} is {}, expected 0 or more", i, v[i]);
  steps_ = steps;
  return {};
}

Result<float> Optimiser::step(tensor::Context& context, const OptimiserStep& step) {
  const float norm = tensor::math::sqrt(tensor::sum_of_squares(context, step.gradient.size(), step.gradient.data()));
  if (!std::isfinite(norm)) return fail(ErrorCode::failed, "the gradient is not finite");
  ++steps_;
  for (const Segment& s : segments_) {
    tensor::adamw(context, {.n = s.count,
                            .rate = s.embeds ? settings_.embedding_rate * step.rate : step.rate,
                            .beta1 = settings_.beta1,
                            .beta2 = settings_.beta2,
                            .epsilon = settings_.epsilon,
                            .weight_decay = s.decays ? settings_.weight_decay : 0.0F,
                            .grad_scale = norm > settings_.clip ? settings_.clip / norm : 1.0F,
                            .step = steps_,
                            .gradient = step.gradient.data() + s.offset,
                            .weights = step.weights.data() + s.offset,
                            .m = m_.span().data() + s.offset,
                            .v = v_.span().data() + s.offset,
                            .copy = step.copies.data() + s.offset});
  }
  return norm;
}

}  // namespace cairn::train
