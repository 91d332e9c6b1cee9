#include "model/config.h"

#include <gtest/gtest.h>

namespace cairn::model {
namespace {

TEST(Config, ReadsWhatItWrites) {
  ModelConfig config;
  config.rope_base = 12345.5F;
  config.norm_epsilon = 1e-6F;
  config.tied_embeddings = false;
  EXPECT_EQ(config_from_json(to_json(config)).value(), config);
  EXPECT_EQ(to_json(ModelConfig{}),
            R"({"context":128,"family":"decoder","heads":6,"hidden":512,"kv_heads":6,"layers":5,"norm_epsilon":1e-05,)"
            R"("rope_base":10000.0,"tied_embeddings":true,"vocabulary":4096,"width":192})");
}

std::string refusal(std::string_view from, std::string_view to) {
  std::string text = to_json(ModelConfig{});
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const auto result = config_from_json(text);
  return result ? "accepted" : result.error().message;
}

TEST(Config, RefusesWhatItCannotBe) {
  EXPECT_EQ(refusal("\"decoder\"", "\"diffusion\""),
            "model configuration: family 'diffusion' is not known; this version knows decoder, llama, gpt2, gpt-neox, "
            "gptj, encoder");
  EXPECT_EQ(refusal("\"width\":192", "\"width\":0"), "model configuration: width is 0, expected 1 to 16384");
  EXPECT_EQ(refusal("\"heads\":6", "\"heads\":5"),
            "model configuration: width 192 over 5 heads is no head size of 1 to 256");
  EXPECT_EQ(refusal("\"kv_heads\":6", "\"kv_heads\":4"),
            "model configuration: heads (6) is no multiple of kv_heads (4)");
  EXPECT_EQ(refusal("\"vocabulary\":4096", "\"vocabulary\":1048577"),
            "model configuration: vocabulary is 1048577, expected 2 to 1048576");
  EXPECT_EQ(refusal("\"layers\":5", "\"layers\":-1"),
            "model configuration: 'layers': expected a whole number that is not negative, got number");
  EXPECT_EQ(refusal("\"layers\":5", "\"layers\":4294967301"),
            "model configuration: 'layers' is 4294967301, above 4294967295");
  EXPECT_EQ(refusal("\"layers\":5,", ""), "model configuration: 'layers' is missing");
  EXPECT_EQ(refusal("\"layers\":5", "\"layers\":5,\"depth\":5"), "model configuration: unknown key 'depth'");
  EXPECT_EQ(refusal("10000.0", "1e300"), "model configuration: 'rope_base' is out of the range of a 32-bit float");
  EXPECT_EQ(refusal("10000.0", "1e999"), "model configuration: not JSON: a number beyond the range of a double");
  EXPECT_EQ(config_from_json("[1]").error().message, "model configuration: expected an object, got array");
  EXPECT_EQ(config_from_json("{").error().code, ErrorCode::malformed);
}

ModelConfig gpt2() {
  ModelConfig config;
  config.family = "gpt2";
  config.norm = Norm::layer;
  config.activation = Activation::gelu_tanh;
  config.positions = Positions::learned;
  config.qkv_bias = config.output_bias = config.feed_forward_bias = config.norm_bias = true;
  return config;
}

TEST(Config, StatesEveryPartOfOtherFamilies) {
  EXPECT_EQ(to_json(gpt2()),
            R"({"activation":"gelu_tanh","causal":true,"context":128,"family":"gpt2","feed_forward_bias":true,)"
            R"("final_norm":true,"head_bias":false,"head_size":0,"heads":6,"hidden":512,"kv_heads":6,"layers":5,)"
            R"("norm":"layer","norm_bias":true,"norm_epsilon":1e-05,"output_bias":true,"positions":"learned",)"
            R"("qk_norm":false,"qkv_bias":true,"residual":"sequential","rope_base":10000.0,"rotary_interleaved":false,)"
            R"("rotary_width":0,"tied_embeddings":true,"vocabulary":4096,"width":192})");
  EXPECT_EQ(config_from_json(to_json(gpt2())).value(), gpt2());
  const auto refusal_of = [](std::string_view from, std::string_view to) {
    std::string text = to_json(gpt2());
    text.replace(text.find(from), from.size(), to);
    const auto result = config_from_json(text);
    return result ? "accepted" : result.error().message;
  };
  EXPECT_EQ(refusal_of("\"layer\"", "\"batch\""), "model configuration: 'norm' is 'batch', expected one of rms, layer");
  EXPECT_EQ(refusal_of("\"layer\"", "1"), "model configuration: 'norm': expected a string, got number");
  EXPECT_EQ(refusal_of("\"layer\"", "\"rms\""),
            "model configuration: norm_bias is true, but the norm is 'rms', which has none");
  EXPECT_EQ(refusal_of("\"norm\":\"layer\",", ""), "model configuration: 'norm' is missing");
  EXPECT_EQ(refusal_of("\"head_size\":0", "\"head_size\":257"),
            "model configuration: head_size is 257, expected 1 to 256");
  EXPECT_EQ(refusal_of("\"rotary_width\":0", "\"rotary_width\":34"),
            "model configuration: 34 channels of a head turn, expected an even number, at most its 32");
}

TEST(Config, HeadsThatTurnAreOfEvenWidth) {
  ModelConfig config;
  config.width = 90;
  EXPECT_EQ(check(config).error().message,
            "model configuration: 15 channels of a head turn, expected an even number, at most its 15");
  config.rotary_width = 4;
  EXPECT_TRUE(check(config).has_value());
}

// A decoder with a part of its own is written in full, and its first eleven keys alone are not enough to read it.
TEST(Config, TheFirstVersionsKeysMeanTheFirstVersionsDecoder) {
  ModelConfig config;
  config.qk_norm = true;
  const std::string text = to_json(config);
  EXPECT_NE(text.find("\"qk_norm\":true"), std::string::npos);
  EXPECT_EQ(config_from_json(text).value(), config);
  EXPECT_EQ(refusal("\"decoder\"", "\"llama\""), "model configuration: 'head_size' is missing");
}

TEST(Config, RefusesMoreWeightsThanIsSane) {
  ModelConfig config;
  config.width = 16384;
  config.heads = config.kv_heads = 128;
  config.hidden = 65536;
  config.layers = 256;
  EXPECT_EQ(check(config).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace cairn::model
