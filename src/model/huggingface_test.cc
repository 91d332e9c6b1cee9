#include "model/huggingface.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "model/forward.h"
#include "model/huggingface_tensors.h"
#include "model/testing_huggingface.h"
#include "model/testing_interchange.h"
#include "tensor/bf16.h"

namespace cairn::model {
namespace {

struct Written {
  std::vector<PlannedFile> plan;
  std::vector<Bytes> bytes;
  std::string config() const { return std::string(as_text(bytes[0])); }
  Result<std::vector<FileTensor>> tensors() const {
    if (plan.size() == 2) return read_tensor_file(bytes[1]);
    const TensorIndex index = read_tensor_index(as_text(bytes[1])).value();
    std::vector<NamedFile> files;
    for (std::size_t i = 2; i < plan.size(); ++i) files.push_back({plan[i].name, bytes[i]});
    return read_tensor_files(index, files);
  }
};

Written written(const Model& model, const HuggingFaceExtras& extras = {}, std::uint64_t shard = kShardBytes) {
  Written out{.plan = plan_huggingface(model.config(), extras, shard).value(), .bytes = {}};
  for (const PlannedFile& file : out.plan) {
    out.bytes.push_back(bytes_of_planned(model, file));
    EXPECT_EQ(out.bytes.back().size(), file.bytes) << file.name;
  }
  return out;
}

TEST(HuggingFace, EveryFamilyComesBackToTheBit) {
  for (const Family& family : small_families()) {
    const Model model = lively_model(family.config, 7);
    const Written files = written(model);
    const Model again = model_from_huggingface(files.config(), files.tensors().value()).value();
    EXPECT_TRUE(std::ranges::equal(again.weights(), model.weights())) << family.name;
    ModelConfig config = again.config();
    if (family.config.family == "decoder") config.family = "decoder";
    EXPECT_EQ(config, family.config) << family.name << "\n" << files.config();
  }
}

TEST(HuggingFace, Bf16IsTheRoundingOfTheTensorPart) {
  for (const Family& family : small_families()) {
    const Model model = lively_model(family.config, 8);
    const Written files = written(model, {.type = ElementType::bf16});
    EXPECT_EQ(parse_json(files.config()).value()["torch_dtype"], "bfloat16");
    const Model again = model_from_huggingface(files.config(), files.tensors().value()).value();
    for (std::size_t i = 0; i < model.weights().size(); ++i) {
      ASSERT_EQ(again.weights()[i], tensor::to_float(tensor::to_bf16(model.weights()[i]))) << family.name;
    }
  }
}

TEST(HuggingFace, ManyFilesUnderOneIndex) {
  const Model model = lively_model(small_llama(), 9);
  const Written files = written(model, {}, 40000);
  ASSERT_GT(files.plan.size(), 4U);
  EXPECT_EQ(files.plan[1].name, "model.safetensors.index.json");
  EXPECT_EQ(files.plan[2].name, fmt::format("model-00001-of-{:05}.safetensors", files.plan.size() - 2));
  for (std::size_t i = 2; i < files.plan.size(); ++i) {
    EXPECT_TRUE(files.plan[i].tensors.size() == 1 || files.bytes[i].size() < 42000) << i;
  }
  const Model again = model_from_huggingface(files.config(), files.tensors().value()).value();
  EXPECT_TRUE(std::ranges::equal(again.weights(), model.weights()));
}

// The written files, walked as their own classes would, give the same logits to the precision of bfloat16.
TEST(HuggingFace, AnotherProgramsLogitsAreTheEnginesToBf16) {
  for (const Family& family : small_families()) {
    Model model = lively_model(family.config, 11);
    for (float& w : model.weights()) w = tensor::to_float(tensor::to_bf16(w));
    const Written files = written(model);
    const std::size_t time = family.config.context;
    std::vector<std::int32_t> ids(time);
    for (std::size_t t = 0; t < time; ++t) {
      ids[t] = static_cast<std::int32_t>(tensor::random_below({.key = 4, .stream = 4}, t, family.config.vocabulary));
    }
    tensor::Context context = tensor::Context::make({.threads = 1}).value();
    Activations a(family.config, {.rows = time, .logit_rows = time});
    forward(context, ComputeWeights(context, model), {.batch = 1, .time = time, .ids = ids}, a);
    const auto expected = HuggingFaceReference(files.config(), files.tensors().value()).logits(ids);
    double error = 0, size = 0, largest = 0;
    for (std::size_t t = 0; t < time; ++t)
      for (std::size_t v = 0; v < family.config.vocabulary; ++v) {
        const double difference = static_cast<double>(a.logits[t * family.config.vocabulary + v]) - expected[t][v];
        error += difference * difference;
        size += expected[t][v] * expected[t][v];
        largest = std::max(largest, std::fabs(difference));
      }
    // Each product reads activations rounded to 8 bits: 2^-9 each time, adding up like noise over two layers.
    EXPECT_LT(std::sqrt(error / size), 0.01) << family.name;
    EXPECT_LT(largest, 0.08 * std::sqrt(size / static_cast<double>(time * family.config.vocabulary))) << family.name;
  }
}

const FileTensor& named(const std::vector<FileTensor>& tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &FileTensor::name);
  EXPECT_NE(found, tensors.end()) << name;
  return *found;
}
float value_of(const FileTensor& tensor, std::size_t i) {
  float out;
  std::memcpy(&out, tensor.bytes.data() + 4 * i, 4);
  return out;
}

// Where single elements of each arrangement must lie, worked out by hand.
TEST(HuggingFace, ElementsLieWhereTheirFamiliesPutThem) {
  const auto parameter = [](const Model& model, std::string_view name, std::size_t row, std::size_t column) {
    const Parameter& p = *model.find(name);
    return model.tensor(p)[p.shape.size() == 1 ? row : row * p.shape[1] + column];
  };
  const Model gpt2 = lively_model(small_gpt2(), 3);
  const Written gpt2_files = written(gpt2);
  const auto gpt2_tensors = gpt2_files.tensors().value();
  // Conv1D: [inputs, outputs]; c_attn: q of all heads, then k, then v.
  const FileTensor& c_attn = named(gpt2_tensors, "transformer.h.1.attn.c_attn.weight");
  EXPECT_EQ(c_attn.shape, (std::vector<std::uint64_t>{64, 192}));
  EXPECT_EQ(value_of(c_attn, 5 * 192 + 7), parameter(gpt2, "model.layers.1.self_attn.q_proj.weight", 7, 5));
  EXPECT_EQ(value_of(c_attn, 5 * 192 + 64 + 9), parameter(gpt2, "model.layers.1.self_attn.k_proj.weight", 9, 5));
  EXPECT_EQ(value_of(named(gpt2_tensors, "transformer.h.0.attn.c_attn.bias"), 128 + 3),
            parameter(gpt2, "model.layers.0.self_attn.v_proj.bias", 3, 0));
  const FileTensor& c_fc = named(gpt2_tensors, "transformer.h.0.mlp.c_fc.weight");
  EXPECT_EQ(c_fc.shape, (std::vector<std::uint64_t>{64, 96}));
  EXPECT_EQ(value_of(c_fc, 2 * 96 + 90), parameter(gpt2, "model.layers.0.mlp.up_proj.weight", 90, 2));

  const Model neox = lively_model(small_neox(), 4);
  const Written neox_files = written(neox);
  const auto neox_tensors = neox_files.tensors().value();
  // Head 2: 16 rows of q, 16 of k, 16 of v from row 2 * 48 on.
  const FileTensor& qkv = named(neox_tensors, "gpt_neox.layers.1.attention.query_key_value.weight");
  EXPECT_EQ(value_of(qkv, (96 + 3) * 64 + 11), parameter(neox, "model.layers.1.self_attn.q_proj.weight", 35, 11));
  EXPECT_EQ(value_of(qkv, (112 + 3) * 64 + 11), parameter(neox, "model.layers.1.self_attn.k_proj.weight", 35, 11));
  EXPECT_EQ(value_of(qkv, (128 + 3) * 64 + 11), parameter(neox, "model.layers.1.self_attn.v_proj.weight", 35, 11));
  EXPECT_EQ(value_of(named(neox_tensors, "gpt_neox.layers.0.attention.query_key_value.bias"), 144 + 16 + 15),
            parameter(neox, "model.layers.0.self_attn.k_proj.bias", 63, 0));
}

// A model that pairs channels (2i, 2i + 1) is the same function with its query and key rows in halves.
TEST(HuggingFace, PairsAreTurnedIntoHalves) {
  ModelConfig config = small_llama();
  config.rotary_interleaved = true;
  const Model model = lively_model(config, 5);
  const Written files = written(model);
  const auto tensors = files.tensors().value();
  const FileTensor& q = named(tensors, "model.layers.0.self_attn.q_proj.weight");
  const std::span<const float> own = model.tensor(*model.find("model.layers.0.self_attn.q_proj.weight"));
  // Head 1, 16 channels: the file's channel 3 is the model's 6, its 8 + 3 is 7.
  EXPECT_EQ(value_of(q, (16 + 3) * 64), own[(16 + 6) * 64]);
  EXPECT_EQ(value_of(q, (16 + 11) * 64), own[(16 + 7) * 64]);
  const FileTensor& v = named(tensors, "model.layers.0.self_attn.v_proj.weight");
  EXPECT_EQ(value_of(v, 3 * 64), model.tensor(*model.find("model.layers.0.self_attn.v_proj.weight"))[3 * 64]);
}

std::string refused(std::string_view config, std::span<const FileTensor> tensors) {
  const auto model = model_from_huggingface(config, tensors);
  return model ? std::string("accepted") : model.error().message;
}

TEST(HuggingFace, AMissingOrForeignTensorIsNamed) {
  const Model model = lively_model(small_llama(), 6);
  const Written files = written(model);
  auto tensors = files.tensors().value();
  const FileTensor last = tensors.back();
  tensors.pop_back();
  EXPECT_EQ(refused(files.config(), tensors), "safetensors: tensor 'lm_head.weight' is missing");
  tensors.push_back(last);
  tensors.push_back({.name = "model.layers.0.self_attn.q_proj.bias", .type = "F32", .shape = {64}, .bytes = {}});
  EXPECT_EQ(refused(files.config(), tensors),
            "safetensors: tensor 'model.layers.0.self_attn.q_proj.bias' is not one that the configuration has");
  tensors.back() = {.name = "model.layers.1.self_attn.rotary_emb.inv_freq", .type = "I64", .shape = {8}, .bytes = {}};
  EXPECT_EQ(refused(files.config(), tensors), "accepted");
  tensors[0].shape = {66, 64};
  EXPECT_EQ(refused(files.config(), tensors),
            "safetensors: tensor 'model.embed_tokens.weight' has shape [66, 64], expected [67, 64]");
  tensors[0].shape = {67, 64};
  tensors[1].type = "I8";
  EXPECT_EQ(refused(files.config(), tensors),
            "safetensors: tensor 'model.layers.0.input_layernorm.weight' has elements of type I8, expected F32, F16 or "
            "BF16");
}

TEST(HuggingFace, ATiedHeadMayBeThereIfItIsTheEmbedding) {
  const Model model = lively_model(small_gpt2(), 6);
  const Written files = written(model);
  auto tensors = files.tensors().value();
  FileTensor head = tensors[0];
  ASSERT_EQ(head.name, "transformer.wte.weight");
  head.name = "lm_head.weight";
  tensors.push_back(head);
  tensors.push_back({.name = "transformer.h.0.attn.bias", .type = "BOOL", .shape = {1, 1, 24, 24}, .bytes = {}});
  EXPECT_EQ(refused(files.config(), tensors), "accepted");
  Bytes other(head.bytes.begin(), head.bytes.end());
  other[0] ^= 1;
  tensors[tensors.size() - 2].bytes = other;
  EXPECT_EQ(refused(files.config(), tensors),
            "safetensors: config.json ties the head to the embedding, but tensor 'lm_head.weight' differs from "
            "'transformer.wte.weight'");
}

// As the original GPT-2 files are: names without the prefix, weights in F16 here.
TEST(HuggingFace, NamesOfTheBaseModelAndHalvesAreRead) {
  const Model model = lively_model(small_gpt2(), 6);
  const Written files = written(model);
  auto tensors = files.tensors().value();
  std::vector<Bytes> halves;
  for (FileTensor& tensor : tensors) {
    tensor.name = tensor.name.substr(std::string_view("transformer.").size());
    std::vector<float> values(tensor.bytes.size() / 4);
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    ASSERT_TRUE(encode_elements(ElementType::f16, values, halves.emplace_back()));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].type = "F16";
    tensors[i].bytes = halves[i];
  }
  const Model again = model_from_huggingface(files.config(), tensors).value();
  for (std::size_t i = 0; i < model.weights().size(); ++i) {
    ASSERT_EQ(again.weights()[i], half_to_float(to_half(model.weights()[i]))) << i;
  }
}

// A small file may claim a large model: the tensors are looked for before anything of that size is made.
TEST(HuggingFace, AllocatesNoMoreThanTheFilesHold) {
  ModelConfig config = small_llama();
  config.vocabulary = 65536;
  config.layers = 1;
  config.width = 16384;
  config.heads = config.kv_heads = 64;
  const std::string json = config_to_huggingface(config, {}).value();
  EXPECT_EQ(refused(json, {}), "safetensors: tensor 'model.embed_tokens.weight' is missing");
}

// Damage in config.json: a model that the files hold, or an error that says something; never a crash or an absurd
// allocation.
TEST(HuggingFace, NoDamageOfTheConfigurationCrashes) {
  for (const ModelConfig& config : {small_llama(), small_gpt2(), small_neox()}) {
    const Model model = lively_model(config, 2);
    const Written files = written(model);
    const auto tensors = files.tensors().value();
    const tensor::Stream stream{.key = 13, .stream = config.layers};
    for (std::uint64_t round = 0; round < 2000; ++round) {
      std::string damaged = files.config();
      for (std::uint64_t f = 0; f < 2; ++f) {
        const auto at = tensor::random_below(stream, 4 * round + 2 * f, static_cast<std::uint32_t>(damaged.size()));
        constexpr std::string_view kTelling = "0123456789.-e\"{}[],: tfnul";
        damaged[at] = kTelling[tensor::random_below(stream, 4 * round + 2 * f + 1, kTelling.size())];
      }
      const auto again = model_from_huggingface(damaged, tensors);
      if (!again) {
        EXPECT_FALSE(again.error().message.empty());
        continue;
      }
      EXPECT_EQ(again->weights().size(), model.weights().size());
    }
  }
}

}  // namespace
}  // namespace cairn::model
