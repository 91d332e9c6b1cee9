#include "model/layout.h"

#include <initializer_list>
#include <utility>

namespace cairn::model {
namespace {

// Lays tensors one behind the other, and writes down their names where they are wanted.
class Walk {
 public:
  explicit Walk(std::vector<Parameter>* names) : names_(names) {}

  void begin_layer(std::uint32_t layer) {
    if (names_) prefix_ = "model.layers." + std::to_string(layer) + ".";
  }
  void end_layers() { prefix_.clear(); }

  std::size_t add(std::string_view name, std::initializer_list<std::uint64_t> shape, Role role) {
    std::size_t count = 1;
    for (const std::uint64_t n : shape) count *= n;
    const std::size_t offset = std::exchange(next_, next_ + count);
    if (names_) names_->push_back({prefix_ + std::string(name), shape, offset, count, role});
    return offset;
  }
  std::size_t add_if(bool present, std::string_view name, std::initializer_list<std::uint64_t> shape, Role role) {
    return present ? add(name, shape, role) : kAbsent;
  }
  std::size_t end() const { return next_; }

 private:
  std::vector<Parameter>* names_;
  std::string prefix_;
  std::size_t next_ = 0;
};

Place add_norm(Walk& walk, const ModelConfig& c, std::string_view weight, std::string_view bias) {
  Place out;
  out.weight = walk.add(weight, {c.width}, Role::gain);
  out.bias = walk.add_if(c.norm_bias, bias, {c.width}, Role::bias);
  return out;
}

void add_attention(Walk& walk, const ModelConfig& c, LayerLayout& at) {
  const std::uint64_t width = c.width, queries = c.attention_width(), kv = c.kv_width();
  at.qkv.weight = walk.add("self_attn.q_proj.weight", {queries, width}, Role::matrix);
  walk.add("self_attn.k_proj.weight", {kv, width}, Role::matrix);
  walk.add("self_attn.v_proj.weight", {kv, width}, Role::matrix);
  at.qkv.bias = walk.add_if(c.qkv_bias, "self_attn.q_proj.bias", {queries}, Role::bias);
  walk.add_if(c.qkv_bias, "self_attn.k_proj.bias", {kv}, Role::bias);
  walk.add_if(c.qkv_bias, "self_attn.v_proj.bias", {kv}, Role::bias);
  at.q_norm = walk.add_if(c.qk_norm, "self_attn.q_norm.weight", {c.head_width()}, Role::gain);
  at.k_norm = walk.add_if(c.qk_norm, "self_attn.k_norm.weight", {c.head_width()}, Role::gain);
  at.output.weight = walk.add("self_attn.o_proj.weight", {width, queries}, Role::matrix);
  at.output.bias = walk.add_if(c.output_bias, "self_attn.o_proj.bias", {width}, Role::bias);
}

void add_feed_forward(Walk& walk, const ModelConfig& c, LayerLayout& at) {
  const std::uint64_t width = c.width, hidden = c.hidden;
  if (c.activation == Activation::swiglu) {
    at.up.weight = walk.add("mlp.gate_proj.weight", {hidden, width}, Role::matrix);
    walk.add("mlp.up_proj.weight", {hidden, width}, Role::matrix);
    at.up.bias = walk.add_if(c.feed_forward_bias, "mlp.gate_proj.bias", {hidden}, Role::bias);
    walk.add_if(c.feed_forward_bias, "mlp.up_proj.bias", {hidden}, Role::bias);
  } else {
    at.up.weight = walk.add("mlp.up_proj.weight", {hidden, width}, Role::matrix);
    at.up.bias = walk.add_if(c.feed_forward_bias, "mlp.up_proj.bias", {hidden}, Role::bias);
  }
  at.down.weight = walk.add("mlp.down_proj.weight", {width, hidden}, Role::matrix);
  at.down.bias = walk.add_if(c.feed_forward_bias, "mlp.down_proj.bias", {width}, Role::bias);
}

Layout lay_out(const ModelConfig& c, std::vector<Parameter>* names) {
  Walk walk(names);
  Layout out;
  const std::uint64_t width = c.width;
  out.embedding = walk.add(kEmbedding, {c.vocabulary, width}, Role::embedding);
  out.positions = walk.add_if(c.positions == Positions::learned, "model.embed_positions.weight", {c.context, width},
                              Role::positions);
  out.layers.resize(c.layers);
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    LayerLayout& at = out.layers[layer];
    walk.begin_layer(layer);
    at.attention_norm = add_norm(walk, c, "input_layernorm.weight", "input_layernorm.bias");
    add_attention(walk, c, at);
    if (c.residual != Residual::parallel_shared_norm)
      at.feed_forward_norm = add_norm(walk, c, "post_attention_layernorm.weight", "post_attention_layernorm.bias");
    add_feed_forward(walk, c, at);
  }
  walk.end_layers();
  if (c.final_norm) out.final_norm = add_norm(walk, c, "model.norm.weight", "model.norm.bias");
  out.head.weight = c.tied_embeddings ? out.embedding : walk.add("lm_head.weight", {c.vocabulary, width}, Role::head);
  out.head.bias = walk.add_if(c.head_bias, "lm_head.bias", {c.vocabulary}, Role::bias);
  out.parameters = walk.end();
  return out;
}

}  // namespace

std::vector<Parameter> parameters_of(const ModelConfig& config) {
  std::vector<Parameter> out;
  lay_out(config, &out);
  return out;
}

Layout layout_of(const ModelConfig& config) {
  return lay_out(config, nullptr);
}

}  // namespace cairn::model
