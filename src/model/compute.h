// The weights as a forward or backward pass reads them: matrices in bf16, gains in f32, the rotary tables.
// Not the masters: training keeps those and writes new copies here after each step (model/model.h).
// Movable values that own their memory; const access from any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/config.h"
#include "model/low_rank.h"
#include "model/model.h"
#include "tensor/bf16.h"
#include "tensor/context.h"

namespace cairn::model {

// Offsets into the flat buffer [P] of the matrices and gains of a block, in the order of parameters_of().
struct LayerLayout {
  std::size_t attention_norm;     // [C]
  std::size_t qkv;                // [C + 2 G D, C]
  std::size_t output;             // [C, C]
  std::size_t feed_forward_norm;  // [C]
  std::size_t gate_up;            // [2 F, C]
  std::size_t down;               // [C, F]
};
struct Layout {
  std::size_t embedding = 0;        // [V, C]
  std::vector<LayerLayout> layers;  // [L]
  std::size_t final_norm = 0;       // [C]
  std::size_t head = 0;             // [V, C]; the embedding where tied
};
Layout layout_of(const ModelConfig& config);

class ComputeWeights {
 public:
  ComputeWeights(tensor::Context& context, const Model& model);

  const ModelConfig& config() const { return config_; }
  const Layout& layout() const { return layout_; }
  const tensor::Bf16* matrix(std::size_t offset) const { return copies_.data() + offset; }
  const float* gain(std::size_t offset) const;
  const float* cosine() const { return cosine_.data(); }  // [T, D / 2]
  const float* sine() const { return sine_.data(); }      // [T, D / 2]

  // For an optimiser that writes the bf16 copies itself: [P], of which the gains' part is not read.
  std::span<tensor::Bf16> copies() { return copies_; }
  void copy_gains(std::span<const float> masters);  // masters: [P]

 private:
  ModelConfig config_;
  Layout layout_;
  std::vector<tensor::Bf16> copies_;  // [P]
  std::vector<float> gains_;          // [2 L + 1, C]: in the order of the flat buffer
  std::vector<float> cosine_, sine_;
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
  std::vector<tensor::Bf16> copies_;
};

}  // namespace cairn::model
