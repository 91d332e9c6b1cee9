// The weights as a forward or backward pass reads them: matrices in bf16, gains in f32, the rotary tables.
// Not the masters: training keeps those and writes new copies here after each step (model/model.h).
// Movable values that own their memory; const access from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/layout.h"
#include "model/low_rank.h"
#include "model/model.h"
#include "tensor/bf16.h"
#include "tensor/context.h"
#include "tensor/pages.h"

namespace cairn::model {

class ComputeWeights {
 public:
  ComputeWeights(tensor::Context& context, const Model& model);

  const ModelConfig& config() const { return config_; }
  const Layout& layout() const { return layout_; }
  const tensor::Bf16* matrix(std::size_t offset) const { return copies_.data() + offset; }
  // A gain or a bias in f32, by its offset in the flat buffer; null where it is kAbsent.
  const float* vector(std::size_t offset) const;
  const float* cosine() const { return cosine_.data(); }  // [T, half of the channels that turn]
  const float* sine() const { return sine_.data(); }

  // For an optimiser that writes the bf16 copies itself: [P], of which the gains' and biases' part is not read.
  std::span<tensor::Bf16> copies() { return copies_; }
  void copy_gains(std::span<const float> masters);  // and biases; masters: [P]

 private:
  ModelConfig config_;
  Layout layout_;
  tensor::Array<tensor::Bf16> copies_;  // [P]
  struct Vector {
    std::size_t offset, count, at;
  };
  std::vector<Vector> spots_;     // of the gains and biases, by ascending offset
  tensor::Array<float> vectors_;  // theirs, one behind the other
  tensor::Array<float> cosine_, sine_;
};

// The same for a low-rank change.
class ComputeLowRank {
 public:
  ComputeLowRank(tensor::Context& context, const LowRank& delta);

  const ModelConfig& config() const { return config_; }
  std::size_t rank() const { return rank_; }
  float scale() const { return scale_; }
  const tensor::Bf16* a(std::size_t layer, Site site) const { return copies_.data() + offset_a(layer, site); }
  const tensor::Bf16* b(std::size_t layer, Site site) const { return copies_.data() + offset_b(layer, site); }
  std::size_t offset_a(std::size_t layer, Site site) const { return offsets_[index(layer, site)]; }
  std::size_t offset_b(std::size_t layer, Site site) const { return offsets_[index(layer, site) + 1]; }
  std::span<tensor::Bf16> copies() { return copies_; }

 private:
  static std::size_t index(std::size_t layer, Site site) {
    return 2 * (layer * kSites + static_cast<std::size_t>(site));
  }
  ModelConfig config_;
  std::size_t rank_;
  float scale_;
  std::vector<std::size_t> offsets_;  // [L, sites, 2]
  tensor::Array<tensor::Bf16> copies_;
};

}  // namespace cairn::model
