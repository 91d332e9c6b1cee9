#include "model/huggingface_config.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "model/testing_interchange.h"

namespace cairn::model {
namespace {

Json llama() {
  return {{"model_type", "llama"},           {"vocab_size", 32000},    {"hidden_size", 64},
          {"intermediate_size", 176},        {"num_hidden_layers", 2}, {"num_attention_heads", 4},
          {"max_position_embeddings", 2048}, {"rms_norm_eps", 1e-05},  {"hidden_act", "silu"}};
}

std::string refused(const Json& json) {
  const auto config = config_from_huggingface(json.dump());
  return config ? std::string("accepted") : fmt::format("{}: {}", name_of(config.error().code), config.error().message);
}

Json with(Json json, const char* key, Json value) {
  json[key] = std::move(value);
  return json;
}

TEST(HuggingFaceConfig, WhatAFileLeavesOutIsAsItsClassHasIt) {
  const ModelConfig c = config_from_huggingface(llama().dump()).value();
  EXPECT_EQ(c.kv_heads, 4U);
  EXPECT_EQ(c.head_size, 0U);
  EXPECT_EQ(c.rope_base, 10000.0F);
  EXPECT_EQ(c.norm_epsilon, 1e-5F);
  EXPECT_FALSE(c.tied_embeddings);
  EXPECT_FALSE(c.qkv_bias);
  const Json gpt2 = {{"model_type", "gpt2"}, {"vocab_size", 50257}, {"n_embd", 64},
                     {"n_layer", 2},         {"n_head", 4},         {"n_positions", 1024}};
  const ModelConfig g = config_from_huggingface(gpt2.dump()).value();
  EXPECT_EQ(g.hidden, 256U);
  EXPECT_EQ(g.activation, Activation::gelu_tanh);
  EXPECT_TRUE(g.tied_embeddings);
  EXPECT_EQ(g.norm_epsilon, 1e-5F);
}

TEST(HuggingFaceConfig, BothPlacesOfTheRotaryBaseAreRead) {
  EXPECT_EQ(config_from_huggingface(with(llama(), "rope_theta", 500000.0).dump()).value().rope_base, 500000.0F);
  const Json later = {{"rope_type", "default"}, {"rope_theta", 1000000.0}};
  EXPECT_EQ(config_from_huggingface(with(llama(), "rope_parameters", later).dump()).value().rope_base, 1000000.0F);
  EXPECT_EQ(config_from_huggingface(with(llama(), "rope_scaling", nullptr).dump()).value().rope_base, 10000.0F);
}

TEST(HuggingFaceConfig, ScaledRotaryPositionsComeBack) {
  const Json three = {{"rope_type", "llama3"},
                      {"factor", 32.0},
                      {"low_freq_factor", 1.0},
                      {"high_freq_factor", 4.0},
                      {"original_max_position_embeddings", 8192}};
  for (const Json& scaling : {three, Json{{"type", "linear"}, {"factor", 2.5}}}) {
    const ModelConfig c = config_from_huggingface(with(llama(), "rope_scaling", scaling).dump()).value();
    EXPECT_EQ(c.rope_factor, scaling["factor"].get<float>());
    EXPECT_EQ(c.rope_original, scaling.contains("type") ? 0U : 8192U);
    EXPECT_EQ(config_from_huggingface(config_to_huggingface(c, {}).value()).value(), c);
    EXPECT_EQ(config_from_json(to_json(c)).value(), c);
  }
  const Json later = with(with(three, "rope_theta", 500000.0), "factor", 8.0);
  const ModelConfig c = config_from_huggingface(with(llama(), "rope_parameters", later).dump()).value();
  EXPECT_EQ(c.rope_base, 500000.0F);
  EXPECT_EQ(c.rope_factor, 8.0F);
  Json both = with(with(llama(), "rope_parameters", later), "rope_scaling", later);
  EXPECT_EQ(config_from_huggingface(both.dump()).value(), c);
  both["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}};
  EXPECT_EQ(
      refused(both),
      "unsupported: config.json: 'rope_scaling' is {\"factor\":2.0,\"type\":\"linear\"}: \"rope_parameters\" says "
      "something else");
}

TEST(HuggingFaceConfig, AContextMayBeShortened) {
  const Json long_one = with(llama(), "max_position_embeddings", 131072);
  const Error error = config_from_huggingface(long_one.dump()).error();
  EXPECT_EQ(error.message, "config.json: 'max_position_embeddings' is 131072: at most 65536 positions");
  EXPECT_NE(error.hint.find("--context 65536"), std::string::npos) << error.hint;
  EXPECT_EQ(config_from_huggingface(long_one.dump(), 8192).value().context, 8192U);
  EXPECT_EQ(config_from_huggingface(long_one.dump(), 1 << 16).value().context, 65536U);
  const Json gpt2 = {{"model_type", "gpt2"}, {"vocab_size", 50257}, {"n_embd", 64},
                     {"n_layer", 2},         {"n_head", 4},         {"n_positions", 1024}};
  EXPECT_EQ(config_from_huggingface(gpt2.dump(), 512).error().message,
            "config.json: 'n_positions' is 1024: the positions are weights, so 512 of them are another model");
  EXPECT_EQ(config_from_huggingface(gpt2.dump(), 2048).value().context, 1024U);
}

TEST(HuggingFaceConfig, MistralAndQwenAreLlamasWithParts) {
  Json mistral = with(with(llama(), "model_type", "mistral"), "num_key_value_heads", 2);
  mistral["sliding_window"] = 4096;
  EXPECT_EQ(config_from_huggingface(mistral.dump()).value().kv_heads, 2U);
  mistral["sliding_window"] = nullptr;
  mistral["max_position_embeddings"] = 32768;
  EXPECT_EQ(refused(mistral), "accepted");
  mistral.erase("sliding_window");  // then it is 4096
  EXPECT_EQ(refused(mistral),
            "unsupported: config.json: 'sliding_window' is left out: attention sees the whole context of 32768 here");
  EXPECT_EQ(config_from_huggingface(mistral.dump(), 4096).value().context, 4096U);
  Json qwen = with(with(llama(), "model_type", "qwen2"), "num_key_value_heads", 2);
  qwen["sliding_window"] = 1024;
  qwen["use_sliding_window"] = false;
  EXPECT_TRUE(config_from_huggingface(qwen.dump()).value().qkv_bias);
  EXPECT_FALSE(config_from_huggingface(qwen.dump()).value().output_bias);
  qwen["model_type"] = "qwen3";
  const ModelConfig c = config_from_huggingface(qwen.dump()).value();
  EXPECT_TRUE(c.qk_norm);
  EXPECT_EQ(c.head_width(), 128U);  // the class's default
}

TEST(HuggingFaceConfig, SaysWhatItCannotRepresent) {
  EXPECT_EQ(refused(with(llama(), "model_type", "mixtral")),
            "unsupported: config.json: model type 'mixtral', expected llama, mistral, qwen2, qwen3, gpt2, gpt_neox or "
            "gptj");
  EXPECT_EQ(refused(with(llama(), "rope_scaling", Json{{"rope_type", "yarn"}, {"factor", 8.0}})),
            "unsupported: config.json: 'rope_scaling' is {\"factor\":8.0,\"rope_type\":\"yarn\"}: rotary positions are "
            "scaled by 'linear' and 'llama3' alone here");
  EXPECT_EQ(refused(with(llama(), "rope_scaling", Json{{"rope_type", "llama3"}, {"factor", 8.0}})),
            "unsupported: config.json: 'rope_scaling' is {\"factor\":8.0,\"rope_type\":\"llama3\"}: low_freq_factor or "
            "high_freq_factor is missing");
  EXPECT_EQ(refused(with(llama(), "rope_scaling", Json{{"type", "linear"}})),
            "unsupported: config.json: 'rope_scaling' is {\"type\":\"linear\"}: a factor is missing");
  EXPECT_EQ(refused(with(llama(), "rope_scaling", 3)),
            "unsupported: config.json: 'rope_scaling' is 3: expected an object");
  EXPECT_EQ(refused(with(llama(), "hidden_act", "relu")),
            "unsupported: config.json: 'hidden_act' is \"relu\": expected silu");
  EXPECT_EQ(refused(with(llama(), "quantization_config", Json{{"bits", 4}})),
            "unsupported: config.json: 'quantization_config' is {\"bits\":4}: the weights are quantised; read GGUF");
  EXPECT_EQ(refused(with(llama(), "num_local_experts", 8)),
            "unsupported: config.json: 'num_local_experts' is 8: mixtures of experts are not computed");
  EXPECT_EQ(refused(with(llama(), "auto_map", Json{{"AutoModel", "m.py"}})),
            "unsupported: config.json: 'auto_map' is {\"AutoModel\":\"m.py\"}: the model brings code of its own, which "
            "is not run");
}

TEST(HuggingFaceConfig, SaysWhatIsWrong) {
  Json missing = llama();
  missing.erase("hidden_size");
  EXPECT_EQ(refused(missing), "malformed: config.json: 'hidden_size' is missing");
  EXPECT_EQ(refused(with(llama(), "vocab_size", -1)),
            "malformed: config.json: 'vocab_size' is -1, expected a whole number from 1 on that fits 32 bits");
  EXPECT_EQ(refused(with(llama(), "vocab_size", 1e30)),
            "malformed: config.json: 'vocab_size' is 1e+30, expected a whole number from 1 on that fits 32 bits");
  EXPECT_EQ(refused(with(llama(), "tie_word_embeddings", "no")),
            "malformed: config.json: 'tie_word_embeddings' is \"no\", expected true or false");
  EXPECT_EQ(refused(with(llama(), "num_attention_heads", 0)),
            "malformed: config.json: 'num_attention_heads' is 0, expected a whole number from 1 on that fits 32 bits");
  EXPECT_EQ(refused(with(llama(), "num_key_value_heads", 3)),
            "invalid: model configuration: heads (4) is no multiple of kv_heads (3)");
  EXPECT_EQ(refused(Json::array()), "malformed: config.json: expected an object, got array");
  EXPECT_EQ(config_from_huggingface("{").error().code, ErrorCode::malformed);
}

TEST(HuggingFaceConfig, ARotaryShareGivesTheSameWidthWhenItIsReadAgain) {
  ModelConfig c = small_neox();
  c.width = 4 * 112;
  for (std::uint32_t turned = 2; turned <= 112; turned += 2) {
    c.rotary_width = turned == 112 ? 0 : turned;
    const std::string json = config_to_huggingface(c, {}).value();
    EXPECT_EQ(config_from_huggingface(json).value().rotary_width, c.rotary_width) << json;
  }
}

TEST(HuggingFaceConfig, WhatNoModelTypeHasIsNotWritten) {
  const auto message = [](const ModelConfig& c) { return config_to_huggingface(c, {}).error().message; };
  ModelConfig c = small_llama();
  c.causal = false;
  EXPECT_EQ(message(c), "no model type of other programs has these parts: all have causal attention and a final norm");
  c = small_llama();
  c.residual = Residual::parallel;
  EXPECT_EQ(message(c),
            "no model type of other programs has these parts: the nearest, llama, has sequential residuals");
  c = small_gpt2();
  c.feed_forward_bias = false;
  EXPECT_EQ(message(c),
            "no model type of other programs has these parts: the nearest, gpt2, has biases on every map of a block");
}

}  // namespace
}  // namespace cairn::model
