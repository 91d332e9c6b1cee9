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
  EXPECT_EQ(refusal("\"decoder\"", "\"encoder\""),
            "model configuration: family 'encoder' is not known; this version knows 'decoder'");
  EXPECT_EQ(refusal("\"width\":192", "\"width\":200"),
            "model configuration: width is 200, expected 16 to 16384 in steps of 16");
  EXPECT_EQ(refusal("\"heads\":6", "\"heads\":5"),
            "model configuration: width 192 over 5 heads is no head size of 16 to 256 in steps of 16");
  EXPECT_EQ(refusal("\"kv_heads\":6", "\"kv_heads\":4"),
            "model configuration: heads (6) is no multiple of kv_heads (4)");
  EXPECT_EQ(refusal("\"vocabulary\":4096", "\"vocabulary\":65537"),
            "model configuration: vocabulary is 65537, expected 2 to 65536");
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
