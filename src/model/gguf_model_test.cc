#include "model/gguf_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/dialect.h"
#include "model/testing_interchange.h"
#include "tensor/bf16.h"
#include "tensor/random.h"

namespace cairn::model {
namespace {

// GGUF's readers do not compute GPT-J, and this llama3's positions are scaled otherwise than Llama 3.1's.
std::vector<Family> gguf_families() {
  std::vector<Family> out = small_families();
  std::erase_if(out, [](const Family& family) { return family.name == "gptj" || family.name == "llama3"; });
  return out;
}

Bytes written(const Model& model, const GgufExtras& extras) {
  const PlannedFile plan = plan_gguf(model.config(), extras).value();
  Bytes out = bytes_of_planned(model, plan);
  EXPECT_EQ(out.size(), plan.bytes);
  return out;
}

TEST(GgufModel, EveryFamilyComesBackToTheBit) {
  for (const Family& family : gguf_families()) {
    const Model model = lively_model(family.config, 7);
    const Bytes file = written(model, {.name = "m", .type = ElementType::f32});
    const Model again = model_from_gguf(read_gguf(file).value()).value();
    EXPECT_TRUE(std::ranges::equal(again.weights(), model.weights())) << family.name;
    ModelConfig config = again.config();
    if (family.config.family == "decoder") config.family = "decoder";
    EXPECT_EQ(config, family.config) << family.name;
  }
}

TEST(GgufModel, NarrowTypesAreWithinTheirPrecisionAndVectorsExact) {
  for (const Family& family : gguf_families()) {
    const Model model = lively_model(family.config, 8);
    const auto narrow = model_from_gguf(read_gguf(written(model, {.type = ElementType::bf16})).value()).value();
    const auto blocks = model_from_gguf(read_gguf(written(model, {.type = ElementType::q8_0})).value()).value();
    for (const Parameter& p : model.parameters()) {
      const auto exact = model.tensor(p), a = narrow.tensor(p), b = blocks.tensor(p);
      if (p.is_vector() || p.role == Role::positions) {
        EXPECT_TRUE(std::ranges::equal(exact, a) && std::ranges::equal(exact, b)) << p.name;
        continue;
      }
      const float largest = std::fabs(std::ranges::max(exact, {}, [](float x) { return std::fabs(x); }));
      for (std::size_t i = 0; i < exact.size(); ++i) {
        ASSERT_EQ(a[i], tensor::to_float(tensor::to_bf16(exact[i]))) << family.name << " " << p.name;
        ASSERT_NEAR(b[i], exact[i], largest / 127 * 0.57) << family.name << " " << p.name;
      }
    }
  }
}

TEST(GgufModel, RowsThatAreNoWholeBlocksStayBf16) {
  ModelConfig config = small_llama();
  config.hidden = 80;
  const PlannedFile plan = plan_gguf(config, {.type = ElementType::q8_0}).value();
  const auto type = [&](std::string_view name) {
    const auto found = std::ranges::find(plan.tensors, name, [](const PlannedTensor& t) { return t.tensor.name; });
    return found->type;
  };
  EXPECT_EQ(type("blk.0.ffn_up.weight"), ElementType::q8_0);
  EXPECT_EQ(type("blk.0.ffn_down.weight"), ElementType::bf16);
  EXPECT_EQ(type("blk.0.ffn_norm.weight"), ElementType::f32);
}

// llama pairs channels (2i, 2i + 1); qwen2 and gptneox have halves, as the model.
TEST(GgufModel, LlamasQueryAndKeyRowsAreTurned) {
  const auto row = [](const Model& model, std::string_view tensor, std::size_t at) {
    const Bytes file = written(model, {.type = ElementType::f32});
    const GgufFile read = read_gguf(file).value();
    const auto found = std::ranges::find(read.tensors, tensor, &StoredTensor::name);
    std::vector<float> out(found->shape.size() == 1 ? 1 : 64);
    std::memcpy(out.data(), found->bytes.data() + at * out.size() * 4, out.size() * 4);
    return out;
  };
  const auto own = [](const Model& model, std::string_view name, std::size_t at) {
    const Parameter& p = *model.find(name);
    const std::size_t columns = p.shape.size() == 1 ? 1 : 64;
    const auto values = model.tensor(p).subspan(at * columns, columns);
    return std::vector<float>(values.begin(), values.end());
  };
  ModelConfig config = small_llama();
  config.qkv_bias = config.output_bias = true;
  const Model model = lively_model(config, 5);
  // Head 1 of 16 channels: the file's channel 6 is the model's 3, its 7 the model's 8 + 3.
  EXPECT_EQ(row(model, "blk.1.attn_q.weight", 16 + 6), own(model, "model.layers.1.self_attn.q_proj.weight", 16 + 3));
  EXPECT_EQ(row(model, "blk.1.attn_k.weight", 16 + 7), own(model, "model.layers.1.self_attn.k_proj.weight", 16 + 11));
  EXPECT_EQ(row(model, "blk.1.attn_q.bias", 16 + 6), own(model, "model.layers.1.self_attn.q_proj.bias", 16 + 3));
  EXPECT_EQ(row(model, "blk.1.attn_v.weight", 7), own(model, "model.layers.1.self_attn.v_proj.weight", 7));
  config.output_bias = false;
  const Model qwen = lively_model(config, 5);
  EXPECT_EQ(row(qwen, "blk.1.attn_q.weight", 16 + 6), own(qwen, "model.layers.1.self_attn.q_proj.weight", 16 + 6));
}

// Biases on q, k and v alone are qwen2's, whose rows are not turned, whatever the file says that it is.
TEST(GgufModel, AnArchitectureWithTheBiasesOfAnotherIsRefused) {
  ModelConfig config = small_llama();
  config.qkv_bias = true;
  std::string file(as_text(written(lively_model(config, 1), {.type = ElementType::f32})));
  for (std::size_t at = 0; (at = file.find("qwen2", at)) != std::string::npos;) file.replace(at, 5, "llama");
  EXPECT_EQ(model_from_gguf(read_gguf(as_bytes(file)).value()).error().message,
            "GGUF: architecture 'llama' with the parts of qwen2");
}

TEST(GgufModel, ATiedHeadIsThereTwiceWhereReadersKnowNone) {
  ModelConfig config = small_neox();
  config.tied_embeddings = true;
  const Model model = lively_model(config, 3);
  const Model again = model_from_gguf(read_gguf(written(model, {.type = ElementType::f32})).value()).value();
  EXPECT_FALSE(again.config().tied_embeddings);
  EXPECT_TRUE(std::ranges::equal(again.tensor(*again.find(kEmbedding)), again.tensor(*again.find("lm_head.weight"))));
  EXPECT_TRUE(std::ranges::equal(again.tensor(*again.find(kEmbedding)), model.tensor(*model.find(kEmbedding))));
}

TEST(GgufModel, WhatItsReadersTakeForGrantedIsRefused) {
  const auto why = [](const ModelConfig& config) {
    return plan_gguf(config, {.type = ElementType::f32}).error().message;
  };
  ModelConfig neox = small_neox(), qwen2 = small_llama(), qwen3 = small_llama();
  neox.qkv_bias = neox.output_bias = false;
  EXPECT_EQ(why(neox), "GGUF: readers of the architecture gptneox expect biases on attention's maps");
  qwen2.qkv_bias = true;
  qwen2.head_size = 32;
  EXPECT_EQ(why(qwen2), "GGUF: readers of the architecture qwen2 expect heads of width / heads channels");
  qwen3.qk_norm = qwen3.qkv_bias = qwen3.output_bias = true;
  EXPECT_EQ(why(qwen3), "GGUF: readers of the architecture qwen3 expect no biases on attention's maps");
}

TEST(GgufModel, KeysAreThoseOfTheArchitecture) {
  ModelConfig config = small_neox();
  const Bytes file = written(lively_model(config, 1), {.name = "a name", .type = ElementType::bf16});
  const GgufFile read = read_gguf(file).value();
  EXPECT_EQ(read.text("general.architecture").value(), "gptneox");
  EXPECT_EQ(read.text("general.name").value(), "a name");
  EXPECT_EQ(read.natural("general.file_type").value(), 32U);
  EXPECT_EQ(read.natural("gptneox.rope.dimension_count").value(), 4U);
  EXPECT_EQ(read.boolean("gptneox.use_parallel_residual").value(), true);
  EXPECT_EQ(static_cast<float>(read.real("gptneox.attention.layer_norm_epsilon").value()), 1e-5F);
  EXPECT_EQ(read.text(kGgufActivation).value(), "gelu");
  EXPECT_EQ(read.text("tokenizer.ggml.model").value(), "no_vocab");
  EXPECT_FALSE(vocabulary_from_gguf(read).value().has_value());
  config = small_llama();
  config.head_size = 32;
  const GgufFile wide = read_gguf(written(lively_model(config, 1), {.type = ElementType::f32})).value();
  EXPECT_EQ(wide.natural("llama.attention.key_length").value(), 32U);
  EXPECT_EQ(wide.natural("llama.attention.head_count_kv").value(), 2U);
}

GgufVocabulary some_words(std::size_t count) {
  GgufVocabulary out{.merges = {"a b"}, .words = "gpt-2", .own_words = "w", .begin = 1, .end = 2};
  for (std::size_t i = 0; i < count; ++i) {
    out.tokens.push_back(fmt::format("w{}", i));
    out.types.push_back(i == 1 ? GgufVocabulary::control : GgufVocabulary::normal);
  }
  return out;
}

TEST(GgufModel, TheVocabularyIsFilledUpToTheModelsRows) {
  const Model model = lively_model(small_llama(), 1);
  const Bytes file = written(model, {.type = ElementType::f32, .vocabulary = some_words(60)});
  const GgufFile read = read_gguf(file).value();
  EXPECT_EQ(model_from_gguf(read).value().config().vocabulary, 67U);
  const GgufVocabulary words = vocabulary_from_gguf(read).value().value();
  ASSERT_EQ(words.tokens.size(), 67U);
  EXPECT_EQ(words.tokens[59], "w59");
  EXPECT_EQ(words.tokens[60], "[PAD60]");
  EXPECT_EQ(words.types[60], GgufVocabulary::unused);
  EXPECT_EQ(words.types[1], GgufVocabulary::control);
  EXPECT_EQ(words.merges, std::vector<std::string>{"a b"});
  EXPECT_EQ(words.words, "gpt-2");
  EXPECT_EQ(words.own_words, "w");
  EXPECT_EQ(words.end, 2);
  EXPECT_EQ(plan_gguf(small_llama(), {.vocabulary = some_words(68)}).error().message,
            "GGUF: 68 tokens with 68 types, the model's vocabulary is 67");
}

TEST(GgufModel, AVocabularyWithScores) {
  GgufVocabulary given = some_words(60);
  given.pieces = true;
  given.space_prefix = false;
  given.merges.clear();
  for (std::size_t i = 0; i < 60; ++i) given.scores.push_back(-static_cast<float>(i));
  const Model model = lively_model(small_llama(), 1);
  const GgufFile read = read_gguf(written(model, {.type = ElementType::f32, .vocabulary = given})).value();
  EXPECT_EQ(read.text("tokenizer.ggml.model").value(), "llama");
  EXPECT_EQ(read.find("tokenizer.ggml.merges"), nullptr);
  const GgufVocabulary words = vocabulary_from_gguf(read).value().value();
  EXPECT_TRUE(words.pieces);
  EXPECT_FALSE(words.space_prefix);
  ASSERT_EQ(words.scores.size(), 67U);
  EXPECT_EQ(words.scores[59], -59.0F);
  EXPECT_EQ(words.scores[60], -10000.0F);
  given.scores.pop_back();
  EXPECT_EQ(plan_gguf(small_llama(), {.vocabulary = given}).error().message, "GGUF: 60 tokens with 59 scores");
}

// A file of a llama with one key or tensor changed.
struct Changed {
  GgufMetadata metadata;
  std::vector<StoredTensor> tensors;
  Bytes file;

  static Changed of(const Model& model) {
    Changed out;
    out.file = written(model, {.type = ElementType::f32});
    const GgufFile read = read_gguf(out.file).value();
    out.metadata = read.metadata;
    out.tensors = read.tensors;
    return out;
  }
  void set(std::string_view key, GgufValue value) {
    std::erase_if(metadata, [&](const auto& item) { return item.first == key; });
    metadata.emplace_back(key, std::move(value));
  }
  void remove(std::string_view key) {
    std::erase_if(metadata, [&](const auto& item) { return item.first == key; });
  }
  std::string message() const {
    const auto model = model_from_gguf({.metadata = metadata, .tensors = tensors});
    return model ? std::string("accepted") : fmt::format("{}: {}", name_of(model.error().code), model.error().message);
  }
};

TEST(GgufModel, AContextMayBeShortened) {
  const auto hint = [](Changed changed, std::uint32_t most) {
    const auto made = config_from_gguf({.metadata = changed.metadata, .tensors = changed.tensors}, most);
    return made ? fmt::format("{}", made->context) : made.error().hint;
  };
  Changed changed = Changed::of(lively_model(small_llama(), 1));
  EXPECT_EQ(hint(changed, 0), "24");
  changed.set("llama.context_length", gguf_u32(131072));
  EXPECT_EQ(hint(changed, 100), "100");
  EXPECT_TRUE(hint(changed, 0).ends_with("cairn import --context 65536")) << hint(changed, 0);
  changed.set("llama.attention.sliding_window", gguf_u32(50));
  EXPECT_EQ(hint(changed, 50), "50");
  EXPECT_TRUE(hint(changed, 100).ends_with("cairn import --context 50")) << hint(changed, 100);
  const Changed gpt2 = Changed::of(lively_model(small_gpt2(), 1));
  EXPECT_EQ(config_from_gguf({.metadata = gpt2.metadata, .tensors = gpt2.tensors}, 8).error().message,
            "GGUF: 'gpt2.context_length': the positions are weights, so 8 of 24 are another model");
}

TEST(GgufModel, ScaledRotaryPositions) {
  ModelConfig config = small_llama();
  config.rope_factor = 2.5F;
  const GgufFile read = read_gguf(written(lively_model(config, 1), {.type = ElementType::f32})).value();
  EXPECT_EQ(config_from_gguf(read).value().rope_factor, 2.5F);
  EXPECT_EQ(config_from_gguf(read, 9).value().context, 9U);
  Changed old = Changed::of(lively_model(config, 1));
  old.remove("llama.rope.scaling.type");  // linear, where a factor is
  EXPECT_EQ(config_from_gguf({.metadata = old.metadata, .tensors = old.tensors}).value().rope_factor, 2.5F);
  config.rope_original = 512;
  EXPECT_EQ(plan_gguf(config, {}).error().message,
            "GGUF: rotary positions that are scaled apart otherwise than Llama 3.1's are not written");
}

TEST(GgufModel, SaysWhatItCannotRepresent) {
  const Model model = lively_model(small_llama(), 2);
  const Changed plain = Changed::of(model);
  const auto with = [&](std::string_view key, GgufValue value) {
    Changed changed = plain;
    changed.set(key, std::move(value));
    return changed.message();
  };
  EXPECT_EQ(plain.message(), "accepted");
  EXPECT_EQ(with("general.architecture", gguf_string("mamba")),
            "unsupported: GGUF: architecture 'mamba', expected llama, qwen2, qwen3, gpt2 or gptneox");
  EXPECT_EQ(with("llama.rope.scaling.type", gguf_string("yarn")),
            "unsupported: GGUF: 'llama.rope.scaling.type': rotary positions are scaled by 'linear' alone here");
  EXPECT_EQ(with("llama.expert_count", gguf_u32(8)),
            "unsupported: GGUF: 'llama.expert_count': mixtures of experts are not computed");
  EXPECT_EQ(with("llama.expert_count", gguf_u32(0)), "accepted");
  EXPECT_EQ(with("llama.attention.sliding_window", gguf_u32(8)),
            "unsupported: GGUF: 'llama.attention.sliding_window': attention sees the whole context of 24 here");
  EXPECT_EQ(with("llama.attention.value_length", gguf_u32(32)),
            "unsupported: GGUF: 'llama.attention.value_length': differs from the keys' length");
  EXPECT_EQ(with("llama.block_count", gguf_f32(2)),
            "malformed: GGUF: 'llama.block_count' is of kind f32, expected a whole number");
  EXPECT_EQ(with("llama.block_count", gguf_u32(0)),
            "malformed: GGUF: 'llama.block_count' is 0, expected 1 to 2^32 - 1");
  EXPECT_EQ(with("llama.block_count", gguf_u32(3)), "malformed: GGUF: tensor 'blk.2.attn_norm.weight' is missing");
  EXPECT_EQ(with("llama.block_count", gguf_u32(1)),
            "malformed: GGUF: tensor 'blk.1.attn_k.weight' is not one that the configuration has");
  EXPECT_EQ(with("llama.feed_forward_length", gguf_u32(128)),
            "malformed: GGUF: tensor 'blk.0.ffn_gate.weight' has shape [96, 64], expected [128, 64]");
  EXPECT_EQ(
      with("llama.rope.dimension_count", gguf_u32(8)),
      "unsupported: no model type of other programs has these parts: the nearest, llama, has rotary positions over "
      "whole heads");
  Changed missing = plain;
  missing.remove("llama.attention.layer_norm_rms_epsilon");
  EXPECT_EQ(missing.message(), "unsupported: GGUF: the key 'llama.attention.layer_norm_rms_epsilon' is missing");
  Changed scaled = plain;
  scaled.tensors.push_back({.name = "rope_freqs.weight", .shape = {8}, .bytes = {}});
  EXPECT_EQ(scaled.message(), "malformed: GGUF: tensor 'rope_freqs.weight': expected F32 of shape [8]");
  EXPECT_EQ(plan_gguf(small_families().back().config, {}).error().message,
            "GGUF: no program that reads it computes GPT-J's blocks");
}

TEST(GgufModel, AValueThatIsNotFiniteIsNamed) {
  const Model model = lively_model(small_llama(), 2);
  Bytes file = written(model, {.type = ElementType::f32});
  const GgufFile read = read_gguf(file).value();
  const auto found = std::ranges::find(read.tensors, "output_norm.weight", &StoredTensor::name);
  const std::size_t at = static_cast<std::size_t>(found->bytes.data() - file.data());
  const std::uint32_t infinity = 0x7F800000;
  std::memcpy(file.data() + at + 8, &infinity, 4);
  EXPECT_EQ(model_from_gguf(read_gguf(file).value()).error().message,
            "GGUF: tensor 'output_norm.weight' from value 0 on: value 2 is not finite");
}

// Damage anywhere in what is no weight: a model, or an error that says something; never a crash or an absurd
// allocation.
TEST(GgufModel, NoDamageCrashes) {
  const Model model = lively_model(small_gpt2(), 2);
  const Bytes file = written(model, {.type = ElementType::q8_0, .vocabulary = some_words(67)});
  const std::size_t head = plan_gguf(small_gpt2(), {.vocabulary = some_words(67)}).value().head.size();
  const tensor::Stream stream{.key = 3, .stream = 9};
  for (std::uint64_t round = 0; round < 4000; ++round) {
    Bytes damaged = file;
    for (std::uint64_t f = 0; f < 3; ++f) {
      const auto at = tensor::random_below(stream, 8 * round + 2 * f, static_cast<std::uint32_t>(head));
      damaged[at] = static_cast<std::uint8_t>(tensor::random_word(stream, 8 * round + 2 * f + 1) >> 8);
    }
    const auto read = read_gguf(damaged);
    if (!read) continue;
    const auto again = model_from_gguf(*read);
    const auto words = vocabulary_from_gguf(*read);
    EXPECT_TRUE(again || !again.error().message.empty());
    EXPECT_TRUE(words || !words.error().message.empty());
  }
}

}  // namespace
}  // namespace cairn::model
