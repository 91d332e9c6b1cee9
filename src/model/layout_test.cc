#include "model/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/compute.h"
#include "model/model.h"

namespace cairn::model {
namespace {

// Every combination of the parts that decide which tensors there are.
std::vector<ModelConfig> combinations() {
  std::vector<ModelConfig> out;
  for (std::uint32_t bits = 0; bits < (1U << 12); ++bits) {
    const auto on = [bits](std::uint32_t i) { return ((bits >> i) & 1U) != 0; };
    ModelConfig c;
    c.family = "llama";
    c.vocabulary = 21;
    c.width = 64;
    c.layers = 2;
    c.heads = 4;
    c.kv_heads = 2;
    c.head_size = on(0) ? 32 : 0;
    c.hidden = 48;
    c.context = 7;
    c.norm = on(1) ? Norm::layer : Norm::rms;
    c.norm_bias = on(1) && on(2);
    c.activation = on(3) ? Activation::gelu : Activation::swiglu;
    c.positions = on(4) ? Positions::learned : Positions::none;
    c.residual = on(5) ? Residual::parallel_shared_norm : Residual::sequential;
    c.qkv_bias = on(6);
    c.output_bias = on(7);
    c.feed_forward_bias = on(8);
    c.head_bias = on(9);
    c.qk_norm = on(10);
    c.tied_embeddings = on(11);
    c.final_norm = !on(2);
    out.push_back(c);
  }
  return out;
}

const Parameter& find(const std::vector<Parameter>& all, std::string_view name) {
  return *std::ranges::find(all, name, &Parameter::name);
}

TEST(Layout, TensorsFollowEachOtherWithoutHolesAndHaveNamesOfTheirOwn) {
  for (const ModelConfig& c : combinations()) {
    ASSERT_TRUE(check(c).has_value()) << to_json(c);
    const std::vector<Parameter> all = parameters_of(c);
    std::size_t end = 0;
    std::set<std::string> names;
    for (const Parameter& p : all) {
      ASSERT_EQ(p.offset, end) << p.name;
      end += p.count;
      names.insert(p.name);
      EXPECT_EQ(p.is_vector(), p.role == Role::gain || p.role == Role::bias) << p.name;
    }
    ASSERT_EQ(end, parameter_count(c));
    ASSERT_EQ(names.size(), all.size());
  }
}

TEST(Layout, PlacesAreThoseOfTheNamedTensors) {
  for (const ModelConfig& c : combinations()) {
    const std::vector<Parameter> all = parameters_of(c);
    const Layout layout = layout_of(c);
    const LayerLayout& at = layout.layers[1];
    const std::string layer = "model.layers.1.";
    EXPECT_EQ(at.qkv.weight, find(all, layer + "self_attn.q_proj.weight").offset);
    EXPECT_EQ(at.qkv.weight + std::size_t{c.attention_width() + c.kv_width()} * c.width,
              find(all, layer + "self_attn.v_proj.weight").offset);
    EXPECT_EQ(at.down.weight, find(all, layer + "mlp.down_proj.weight").offset);
    const auto there = [&](std::size_t place, bool expected, const std::string& name) {
      const auto found = std::ranges::find(all, name, &Parameter::name);
      ASSERT_EQ(place != kAbsent, expected) << name << " " << to_json(c);
      ASSERT_EQ(found != all.end(), expected) << name;
      if (expected) {
        EXPECT_EQ(place, found->offset) << name;
      }
    };
    there(layout.positions, c.positions == Positions::learned, "model.embed_positions.weight");
    there(at.qkv.bias, c.qkv_bias, layer + "self_attn.q_proj.bias");
    there(at.k_norm, c.qk_norm, layer + "self_attn.k_norm.weight");
    there(at.output.bias, c.output_bias, layer + "self_attn.o_proj.bias");
    there(at.attention_norm.bias, c.norm_bias, layer + "input_layernorm.bias");
    there(at.feed_forward_norm.weight, c.residual == Residual::sequential, layer + "post_attention_layernorm.weight");
    there(at.down.bias, c.feed_forward_bias, layer + "mlp.down_proj.bias");
    there(layout.final_norm.weight, c.final_norm, "model.norm.weight");
    there(layout.head.bias, c.head_bias, "lm_head.bias");
    EXPECT_EQ(layout.head.weight == layout.embedding, c.tied_embeddings);
  }
}

TEST(Layout, ANewModelsGainsAreOneAndItsBiasesZero) {
  ModelConfig c = combinations()[(1U << 12) - 1];
  const Model model = Model::initialise(c, 3).value();
  for (const Parameter& p : model.parameters()) {
    if (!p.is_vector()) continue;
    const float expected = p.role == Role::gain ? 1.0F : 0.0F;
    EXPECT_TRUE(std::ranges::all_of(model.tensor(p), [&](float x) { return x == expected; })) << p.name;
  }
}

}  // namespace
}  // namespace cairn::model
