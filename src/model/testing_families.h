// For tests: a tiny model of each family, and of the parts that no family has.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/model.h"
#include "tensor/random.h"

namespace cairn::model {

struct NamedConfig {
  std::string name;
  ModelConfig config;
};

inline std::vector<NamedConfig> tiny_families() {
  ModelConfig base;
  base.vocabulary = 50;
  base.width = 64;
  base.layers = 2;
  base.heads = base.kv_heads = 4;
  base.hidden = 96;
  base.context = 12;
  std::vector<NamedConfig> out;
  const auto add = [&](const char* name, const char* family, auto change) {
    ModelConfig c = base;
    c.family = family;
    change(c);
    out.push_back({name, c});
  };
  const auto biased_layer_norm = [](ModelConfig& c) {
    c.norm = Norm::layer;
    c.norm_bias = c.qkv_bias = c.output_bias = c.feed_forward_bias = true;
  };
  add("decoder", "decoder", [](ModelConfig&) {});
  add("llama", "llama", [](ModelConfig& c) {
    c.kv_heads = 2;
    c.tied_embeddings = false;
  });
  add("qwen", "llama", [](ModelConfig& c) {
    c.kv_heads = 2;
    c.head_size = 32;
    c.qkv_bias = c.qk_norm = true;
  });
  add("gpt2", "gpt2", [&](ModelConfig& c) {
    biased_layer_norm(c);
    c.activation = Activation::gelu_tanh;
    c.positions = Positions::learned;
  });
  add("neox", "gpt-neox", [&](ModelConfig& c) {
    biased_layer_norm(c);
    c.activation = Activation::gelu;
    c.residual = Residual::parallel;
    c.rotary_width = 4;
    c.tied_embeddings = false;
  });
  add("gptj", "gptj", [&](ModelConfig& c) {
    biased_layer_norm(c);
    c.qkv_bias = c.output_bias = false;
    c.activation = Activation::gelu_tanh;
    c.residual = Residual::parallel_shared_norm;
    c.rotary_width = 8;
    c.rotary_interleaved = c.head_bias = true;
    c.tied_embeddings = false;
  });
  add("encoder", "encoder", [&](ModelConfig& c) {
    biased_layer_norm(c);
    c.activation = Activation::gelu;
    c.positions = Positions::learned;
    c.causal = false;
    c.head_bias = true;
  });
  add("linear", "llama", [](ModelConfig& c) { c.rope_factor = 3; });
  // Of its eight frequencies the first two stay, the last two are divided.
  add("llama3", "llama", [](ModelConfig& c) {
    c.rope_factor = 4;
    c.rope_original = 64;
    c.rope_low = 0.5F;
    c.rope_base = 100;
  });
  // Sizes that fill no vector.
  add("odd", "llama", [](ModelConfig& c) {
    c.vocabulary = 37;
    c.width = 35;
    c.heads = 3;
    c.kv_heads = 1;
    c.head_size = 10;
    c.hidden = 29;
    c.rotary_width = 6;
    c.qkv_bias = c.qk_norm = true;
    c.tied_embeddings = false;
  });
  add("plain", "llama", [](ModelConfig& c) {
    c.norm = Norm::layer;
    c.positions = Positions::none;
    c.qk_norm = c.feed_forward_bias = true;
    c.final_norm = false;
  });
  return out;
}

// Gains are not all one and biases not zero.
inline Model lively(const ModelConfig& config) {
  Model model = Model::initialise(config, 3).value();
  std::vector<float> noise(model.weights().size());
  tensor::fill_normal({.key = 6, .stream = 6}, 0, 0.2F, noise);
  for (const Parameter& p : model.parameters())
    for (std::size_t i = p.offset; i < p.offset + p.count && p.is_vector(); ++i) model.weights()[i] += noise[i];
  return model;
}

struct Tokens {
  std::vector<std::int32_t> ids, targets;
  Tokens(const ModelConfig& c, std::size_t rows) : ids(rows), targets(rows) {
    for (std::size_t i = 0; i < rows; ++i) {
      ids[i] = static_cast<std::int32_t>(tensor::random_below({.key = 1, .stream = 1}, i, c.vocabulary));
      targets[i] = static_cast<std::int32_t>(tensor::random_below({.key = 1, .stream = 2}, i, c.vocabulary));
    }
    targets[rows / 3] = -1;
    if (c.vocabulary > 65536 && rows > 1) ids[0] = targets[1] = static_cast<std::int32_t>(c.vocabulary - 1);
  }
};

}  // namespace cairn::model
