#include "model/compute.h"

#include <algorithm>

#include "tensor/elementwise.h"
#include "tensor/rope.h"

namespace cairn::model {

ComputeWeights::ComputeWeights(tensor::Context& context, const Model& model)
    : config_(model.config()), layout_(layout_of(model.config())), copies_(model.weights().size()) {
  tensor::to_bf16(context, copies_.size(), model.weights().data(), copies_.data());
  std::size_t end = 0;
  for (const Parameter& p : model.parameters()) {
    if (!p.is_vector()) continue;
    spots_.push_back({p.offset, p.count, end});
    end += p.count;
  }
  vectors_.resize(end);
  copy_gains(model.weights());
  if (config_.positions != Positions::rotary) return;
  const std::size_t angles = std::size_t{config_.context} * config_.turned_width() / 2;
  cosine_.resize(angles);
  sine_.resize(angles);
  tensor::rope_tables(config_.context, config_.turned_width(), config_.rope_base, cosine_, sine_,
                      {.factor = config_.rope_factor,
                       .original = static_cast<float>(config_.rope_original),
                       .low = config_.rope_low,
                       .high = config_.rope_high});
}

void ComputeWeights::copy_gains(std::span<const float> masters) {
  for (const Vector& v : spots_)
    std::ranges::copy(masters.subspan(v.offset, v.count), vectors_.begin() + static_cast<std::ptrdiff_t>(v.at));
}

const float* ComputeWeights::vector(std::size_t offset) const {
  if (offset == kAbsent) return nullptr;
  // The biases of q, k and v are one vector, as are those of gate and up: the first one's place is asked for.
  const auto spot = std::ranges::lower_bound(spots_, offset, {}, &Vector::offset);
  return vectors_.data() + spot->at;
}

ComputeLowRank::ComputeLowRank(tensor::Context& context, const LowRank& delta)
    : config_(delta.config()), rank_(delta.rank()), scale_(delta.scale()), copies_(delta.weights().size()) {
  for (const Parameter& p : delta.parameters()) offsets_.push_back(p.offset);
  tensor::to_bf16(context, copies_.size(), delta.weights().data(), copies_.data());
}

}  // namespace cairn::model
