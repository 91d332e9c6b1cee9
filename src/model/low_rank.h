// A low-rank change of a model's matrices (LoRA, arXiv 2106.09685), as a forward pass takes it: y = W x + scale B (A
// x). The base's weights are never touched; without one the forward pass runs the very same code, so its bits are the
// base's. Not how it is trained or stored (adapt/). A movable value.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/model.h"
#include "tensor/pages.h"

namespace cairn::model {

// The matrices of a layer that a low-rank change reaches; q, k and v count as one matrix, as do gate and up.
enum class Site : std::uint8_t { qkv, output, gate_up, down };
inline constexpr std::size_t kSites = 4;

// A [r, in] and B [out, r] of each site of each layer, in one flat buffer: layer by layer, site by site, A before B.
class LowRank {
 public:
  // A normal with deviation 1 / sqrt(in) from Philox (seed), B zero: at first it changes nothing.
  // invalid: rank not a multiple of 2 in 2..256, scale not in (0, 64], or a configuration that fails check().
  static Result<LowRank> make(const ModelConfig& config, std::uint32_t rank, float scale, std::uint64_t seed);

  std::uint32_t rank() const { return rank_; }
  float scale() const { return scale_; }
  const ModelConfig& config() const { return config_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::span<float> weights() { return weights_; }
  std::span<const float> weights() const { return weights_; }
  const Parameter& a(std::uint32_t layer, Site site) const;  // [r, in]
  const Parameter& b(std::uint32_t layer, Site site) const;  // [out, r]

 private:
  LowRank(ModelConfig config, std::uint32_t rank, float scale);
  ModelConfig config_;
  std::uint32_t rank_ = 0;
  float scale_ = 0;
  std::vector<Parameter> parameters_;
  tensor::Array<float> weights_;
};

}  // namespace cairn::model
