// Where each tensor of a model lies in the flat buffer of its weights: by name, and by its place in the network.
// Not the weights themselves (model/model.h). Values and pure functions of a configuration that has passed check().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"

namespace cairn::model {

// What a tensor is to an optimiser. `matrix`: of a block; `head` only where it is not the embedding.
enum class Role : std::uint8_t { matrix, embedding, positions, head, gain, bias };

// The names of the Llama family in safetensors files, kept for the same places in other families.
struct Parameter {
  std::string name;
  std::vector<std::uint64_t> shape;  // {rows, columns}, or {length} for a gain or a bias
  std::size_t offset = 0;            // in floats
  std::size_t count = 0;
  Role role = Role::matrix;
  bool is_vector() const { return shape.size() == 1; }  // a gain or a bias
};

inline constexpr std::string_view kEmbedding = "model.embed_tokens.weight";

// Every tensor of such a model in the order of the flat buffer. q, k and v of a layer lie together, as do their biases,
// and gate and up with theirs, so that each group is one matrix of a product.
std::vector<Parameter> parameters_of(const ModelConfig& config);

inline constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

// A norm's gain and bias, or a linear map's matrix and bias: offsets in floats, kAbsent where there is none.
struct Place {
  std::size_t weight = kAbsent, bias = kAbsent;
};

struct LayerLayout {
  Place attention_norm;                            // [C], [C]
  Place qkv;                                       // [(H + 2 G) D, C], [(H + 2 G) D]
  std::size_t q_norm = kAbsent, k_norm = kAbsent;  // [D]
  Place output;                                    // [C, H D], [C]
  Place feed_forward_norm;                         // [C], [C]; absent where attention's is shared
  Place up;                                        // [2 F, C], [2 F]: gate, then up; [F, C], [F] without a gate
  Place down;                                      // [C, F], [C]
};
struct Layout {
  std::size_t embedding = 0;        // [V, C]
  std::size_t positions = kAbsent;  // [T, C]
  std::vector<LayerLayout> layers;  // [L]
  Place final_norm;                 // [C], [C]
  Place head;                       // [V, C], [V]; the matrix is the embedding where tied
  std::uint64_t parameters = 0;     // P
};
Layout layout_of(const ModelConfig& config);

}  // namespace cairn::model
