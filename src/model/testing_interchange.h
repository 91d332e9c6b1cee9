// For tests: a small model of each family that other programs have, with random gains and biases too.
#pragma once

#include <string>
#include <vector>

#include "model/model.h"
#include "tensor/random.h"

namespace cairn::model {

struct Family {
  std::string name;
  ModelConfig config;
};

inline ModelConfig small_llama() {
  ModelConfig c;
  c.family = "llama";
  c.vocabulary = 67;
  c.width = 64;
  c.layers = 2;
  c.heads = 4;
  c.kv_heads = 2;
  c.hidden = 96;
  c.context = 24;
  c.tied_embeddings = false;
  return c;
}

inline ModelConfig small_gpt2() {
  ModelConfig c = small_llama();
  c.family = "gpt2";
  c.kv_heads = 4;
  c.norm = Norm::layer;
  c.activation = Activation::gelu_tanh;
  c.positions = Positions::learned;
  c.qkv_bias = c.output_bias = c.feed_forward_bias = c.norm_bias = true;
  c.tied_embeddings = true;
  return c;
}

inline ModelConfig small_neox() {
  ModelConfig c = small_gpt2();
  c.family = "gpt-neox";
  c.activation = Activation::gelu;
  c.positions = Positions::rotary;
  c.rotary_width = 4;
  c.residual = Residual::parallel;
  c.tied_embeddings = false;
  return c;
}

inline std::vector<Family> small_families() {
  std::vector<Family> out = {{"llama", small_llama()}, {"gpt2", small_gpt2()}, {"gpt_neox", small_neox()}};
  const auto add = [&](const char* name, ModelConfig config, const auto& change) {
    change(config);
    out.push_back({name, config});
  };
  add("llama with wide heads and biases", small_llama(), [](ModelConfig& c) {
    c.head_size = 32;
    c.qkv_bias = c.output_bias = c.feed_forward_bias = true;
    c.rope_base = 500000.0F;
  });
  add("llama of uneven sizes", small_llama(), [](ModelConfig& c) {
    c.width = 36;
    c.heads = 3;
    c.kv_heads = 1;
    c.hidden = 50;
  });
  add("llama one channel wide", small_llama(), [](ModelConfig& c) {
    c.width = 1;
    c.head_size = 2;
    c.qkv_bias = c.output_bias = true;
  });
  add("our own, tied", small_llama(), [](ModelConfig& c) {
    c.family = "decoder";
    c.tied_embeddings = true;
  });
  add("qwen2", small_llama(), [](ModelConfig& c) {
    c.qkv_bias = true;
    c.norm_epsilon = 1e-6F;
  });
  add("qwen3", small_llama(), [](ModelConfig& c) {
    c.head_size = 32;
    c.qk_norm = true;
  });
  add("gpt2 with its own head", small_gpt2(), [](ModelConfig& c) { c.tied_embeddings = false; });
  add("gpt_neox, one after the other", small_neox(), [](ModelConfig& c) {
    c.residual = Residual::sequential;
    c.rotary_width = 0;
  });
  add("llama3", small_llama(), [](ModelConfig& c) {
    c.rope_factor = 4;
    c.rope_original = 64;
    c.rope_low = 0.5F;
    c.rope_base = 100;
  });
  add("gpt_neox, scaled", small_neox(), [](ModelConfig& c) { c.rope_factor = 2; });
  add("gptj", small_neox(), [](ModelConfig& c) {
    c.family = "gptj";
    c.activation = Activation::gelu_tanh;
    c.rotary_interleaved = true;
    c.rotary_width = 8;
    c.residual = Residual::parallel_shared_norm;
    c.qkv_bias = c.output_bias = false;
    c.head_bias = true;
  });
  return out;
}

// Weights large enough that every part of the network tells in the logits.
inline Model lively_model(const ModelConfig& config, std::uint64_t seed) {
  Model model = Model::initialise(config, seed).value();
  for (std::size_t i = 0; i < model.parameters().size(); ++i) {
    const Parameter& p = model.parameters()[i];
    if (!p.is_vector()) continue;
    const std::span<float> values = model.weights().subspan(p.offset, p.count);
    std::vector<float> noise(values.size());
    tensor::fill_normal({.key = seed, .stream = 1000 + i}, 0, 0.3F, noise);
    for (std::size_t k = 0; k < values.size(); ++k) values[k] += noise[k];
  }
  return model;
}

// The bytes of a file as it would be written.
template <class Planned>
Bytes bytes_of_planned(const Model& model, const Planned& file) {
  Bytes out;
  const auto status = write_planned(model, file, [&](ByteView bytes) -> Status {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return {};
  });
  if (!status) return {};
  return out;
}

}  // namespace cairn::model
