#include "model/low_rank.h"

#include <new>

#include "tensor/math.h"
#include "tensor/random.h"

namespace cairn::model {
namespace {

struct SiteShape {
  const char* name;
  std::uint64_t in, out;
};

std::array<SiteShape, kSites> sites_of(const ModelConfig& c) {
  return {{{"qkv", c.width, c.qkv_width()},
           {"output", c.attention_width(), c.width},
           {"gate_up", c.width, c.up_width()},
           {"down", c.hidden, c.width}}};
}

std::vector<Parameter> low_rank_parameters(const ModelConfig& config, std::uint64_t rank) {
  std::vector<Parameter> out;
  std::size_t offset = 0;
  const auto add = [&](std::string name, std::uint64_t rows, std::uint64_t columns) {
    out.push_back({std::move(name), {rows, columns}, offset, rows * columns});
    offset += rows * columns;
  };
  for (std::uint32_t layer = 0; layer < config.layers; ++layer) {
    for (const SiteShape& site : sites_of(config)) {
      const std::string at = "layers." + std::to_string(layer) + "." + site.name;
      add(at + ".a", rank, site.in);
      add(at + ".b", site.out, rank);
    }
  }
  return out;
}

}  // namespace

LowRank::LowRank(ModelConfig config, std::uint32_t rank, float scale)
    : config_(std::move(config)),
      rank_(rank),
      scale_(scale),
      parameters_(low_rank_parameters(config_, rank)),
      weights_(parameters_.back().offset + parameters_.back().count) {}

Result<LowRank> LowRank::make(const ModelConfig& config, std::uint32_t rank, float scale, std::uint64_t seed) {
  CAIRN_TRY(check(config));
  if (rank < 2 || rank > 256 || rank % 2 != 0) {
    return fail(ErrorCode::invalid, "low-rank change: rank is {}, expected 2 to 256 in steps of 2", rank);
  }
  if (!(scale > 0.0F && scale <= 64.0F)) {
    return fail(ErrorCode::invalid, "low-rank change: scale is {}, expected above 0 and at most 64", scale);
  }
  try {
    LowRank out(config, rank, scale);
    for (std::size_t i = 0; i < out.parameters_.size(); i += 2) {
      const Parameter& a = out.parameters_[i];
      const float deviation = 1.0F / tensor::math::sqrt(static_cast<float>(a.shape[1]));
      tensor::fill_normal({.key = seed, .stream = i}, 0, deviation, out.weights().subspan(a.offset, a.count));
    }
    return out;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "not enough memory for a low-rank change of rank {}", rank);
  }
}

const Parameter& LowRank::a(std::uint32_t layer, Site site) const {
  return parameters_[2 * (layer * kSites + static_cast<std::size_t>(site))];
}

const Parameter& LowRank::b(std::uint32_t layer, Site site) const {
  return parameters_[2 * (layer * kSites + static_cast<std::size_t>(site)) + 1];
}

}  // namespace cairn::model
