#include "model/compute.h"

#include <algorithm>

#include "tensor/elementwise.h"
#include "tensor/rope.h"

namespace cairn::model {

Layout layout_of(const ModelConfig& config) {
  const std::vector<Parameter> parameters = parameters_of(config);
  Layout out;
  std::size_t next = 1;  // after the embedding
  for (std::uint32_t layer = 0; layer < config.layers; ++layer) {
    out.layers.push_back({.attention_norm = parameters[next].offset,
                          .qkv = parameters[next + 1].offset,
                          .output = parameters[next + 4].offset,
                          .feed_forward_norm = parameters[next + 5].offset,
                          .gate_up = parameters[next + 6].offset,
                          .down = parameters[next + 8].offset});
    next += 9;
  }
  out.final_norm = parameters[next].offset;
  out.head = config.tied_embeddings ? out.embedding : parameters[next + 1].offset;
  return out;
}

ComputeWeights::ComputeWeights(tensor::Context& context, const Model& model)
    : config_(model.config()), layout_(layout_of(model.config())), copies_(model.weights().size()) {
  tensor::to_bf16(context, copies_.size(), model.weights().data(), copies_.data());
  gains_.resize((2 * layout_.layers.size() + 1) * config_.width);
  copy_gains(model.weights());
  const std::size_t angles = std::size_t{config_.context} * config_.head_size() / 2;
  cosine_.resize(angles);
  sine_.resize(angles);
  tensor::rope_tables(config_.context, config_.head_size(), config_.rope_base, cosine_, sine_);
}

void ComputeWeights::copy_gains(std::span<const float> masters) {
  float* out = gains_.data();
  const auto copy = [&](std::size_t offset) {
    const auto from = masters.subspan(offset, config_.width);
    out = std::copy(from.begin(), from.end(), out);
  };
  for (const LayerLayout& layer : layout_.layers) {
    copy(layer.attention_norm);
    copy(layer.feed_forward_norm);
  }
  copy(layout_.final_norm);
}

const float* ComputeWeights::gain(std::size_t offset) const {
  std::size_t row = 2 * layout_.layers.size();
  for (std::size_t i = 0; i < layout_.layers.size(); ++i) {
    if (layout_.layers[i].attention_norm == offset) row = 2 * i;
    if (layout_.layers[i].feed_forward_norm == offset) row = 2 * i + 1;
  }
  return gains_.data() + row * config_.width;
}

ComputeLowRank::ComputeLowRank(tensor::Context& context, const LowRank& delta)
    : config_(delta.config()), rank_(delta.rank()), scale_(delta.scale()), copies_(delta.weights().size()) {
  for (const Parameter& p : delta.parameters()) offsets_.push_back(p.offset);
  tensor::to_bf16(context, copies_.size(), delta.weights().data(), copies_.data());
}

}  // namespace cairn::model
