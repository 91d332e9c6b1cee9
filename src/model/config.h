// What a model is, before it has any weights: its family and sizes, explicit, never inferred from which tensors a file
// holds. Not the weights (model/model.h) and not how they are trained (train/). A value. Shapes everywhere in model,
// train, infer and adapt: B batch, T time, C width, V vocabulary, L layers, H heads, G key-value heads, D head size (C
// / H), F hidden, P parameters, r rank.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::model {

// The one family so far: RMSNorm, rotary positions, causal attention, SwiGLU, residuals (arXiv 1910.07467, 2104.09864,
// 2002.05202).
inline constexpr std::string_view kDecoderFamily = "decoder";

struct ModelConfig {
  std::string family{kDecoderFamily};
  std::uint32_t vocabulary = 4096;  // V, at most 65536: tokens are 16 bits
  std::uint32_t width = 192;        // C
  std::uint32_t layers = 5;         // L
  std::uint32_t heads = 6;          // H, divides width; D = C / H is a multiple of 16
  std::uint32_t kv_heads = 6;       // G, divides heads
  std::uint32_t hidden = 512;       // F
  std::uint32_t context = 128;      // T, the most tokens that attention sees
  float rope_base = 10000.0F;
  float norm_epsilon = 1e-5F;
  bool tied_embeddings = true;  // the head is the embedding

  std::uint32_t head_size() const { return width / heads; }
  std::uint32_t kv_width() const { return kv_heads * head_size(); }
  bool operator==(const ModelConfig&) const = default;
};

// The caps that hostile configurations meet before anything is allocated.
inline constexpr std::uint64_t kMostParameters = std::uint64_t{1} << 32;

// invalid: the first field out of its range, with the range; or more than kMostParameters.
Status check(const ModelConfig& config);

// P: the number of weights. The configuration has passed check().
std::uint64_t parameter_count(const ModelConfig& config);

// Canonical JSON (sorted keys); from_json reads it strictly: a missing, unknown or ill-typed key is malformed, a value
// out of range invalid, another family unsupported.
std::string to_json(const ModelConfig& config);
Result<ModelConfig> config_from_json(std::string_view text);

}  // namespace cairn::model
