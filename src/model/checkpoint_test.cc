#include "model/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "model/safetensors.h"
#include "tensor/random.h"

namespace cairn::model {
namespace {

ModelConfig tiny() {
  ModelConfig config;
  config.vocabulary = 40;
  config.width = 32;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = 1;
  config.hidden = 48;
  config.context = 16;
  return config;
}

Bytes replaced(Bytes file, std::string_view from, std::string_view to) {
  EXPECT_EQ(from.size(), to.size());
  const auto at = std::search(file.begin(), file.end(), from.begin(), from.end());
  EXPECT_NE(at, file.end()) << from;
  std::copy(to.begin(), to.end(), at);
  return file;
}

TEST(Checkpoint, ComesBackAsItWas) {
  ModelConfig config = tiny();
  for (const bool tied : {true, false}) {
    config.tied_embeddings = tied;
    const Model model = Model::initialise(config, 5).value();
    const Bytes file = encode(model);
    const Model again = decode(file).value();
    EXPECT_EQ(again.config(), config);
    EXPECT_TRUE(std::ranges::equal(again.weights(), model.weights()));
    EXPECT_EQ(encode(again), file);
    EXPECT_EQ(digest_of(model), sha256(file));
  }
}

TEST(Checkpoint, InitialWeightsAreTheSeeds) {
  const Model a = Model::initialise(tiny(), 5).value(), b = Model::initialise(tiny(), 5).value();
  EXPECT_EQ(digest_of(a), digest_of(b));
  EXPECT_NE(digest_of(a), digest_of(Model::initialise(tiny(), 6).value()));
  EXPECT_EQ(a.tensor(*a.find("model.norm.weight"))[3], 1.0F);
  EXPECT_EQ(a.find("model.layers.2.mlp.up_proj.weight"), nullptr);
  EXPECT_EQ(a.weights().size(), parameter_count(tiny()));
}

TEST(Checkpoint, SaysWhatDiffers) {
  const Bytes file = encode(Model::initialise(tiny(), 5).value());
  const auto message = [](const Bytes& bytes) {
    const auto result = decode(bytes);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_EQ(message(replaced(file, "model.norm.weight", "model.gnome.weigh")),
            "safetensors: unknown tensor 'model.gnome.weigh'");
  EXPECT_EQ(message(replaced(file, "F32", "I32")),
            "safetensors: tensor 'model.embed_tokens.weight' has elements \"I32\", expected \"F32\"");
  EXPECT_EQ(message(replaced(file, "\"shape\":[40,32]", "\"shape\":[32,40]")).substr(0, 43),
            "safetensors: 'model.embed_tokens.weight': e");
  EXPECT_EQ(message(replaced(file, "decoder", "dekoder")),
            "model configuration: family 'dekoder' is not known; this version knows decoder, llama, gpt2, gpt-neox, "
            "gptj, encoder");
  EXPECT_EQ(message(replaced(file, "cairn.checkpoint.1", "cairn.checkpoint.9")),
            "checkpoint: format 'cairn.checkpoint.9', expected 'cairn.checkpoint.1'");
  // Another architecture in the metadata than in the tensors: as many weights would fit, the names do not.
  EXPECT_EQ(message(replaced(file, "\\\"layers\\\":2", "\\\"layers\\\":1")).substr(0, 33),
            "safetensors: unknown tensor 'mode");
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_EQ(message(longer), fmt::format("safetensors: expected {} bytes of tensors, got {}",
                                         parameter_count(tiny()) * 4, parameter_count(tiny()) * 4 + 1));
  Bytes infinite = file;
  const float infinity = std::numeric_limits<float>::infinity();
  std::memcpy(infinite.data() + infinite.size() - 4, &infinity, 4);
  EXPECT_EQ(message(infinite), "safetensors: tensor 'model.norm.weight' has a value that is not finite");
}

TEST(Checkpoint, RefusesAbsurdHeaders) {
  const auto with_length = [](std::uint64_t length, std::string_view rest) {
    Bytes out;
    append(out, length);
    out.insert(out.end(), rest.begin(), rest.end());
    return decode(out).error().message;
  };
  EXPECT_EQ(decode({}).error().message, "safetensors: 0 bytes, too short for the header's length");
  EXPECT_EQ(with_length(~std::uint64_t{0}, "{}"),
            "safetensors: a header of 18446744073709551615 bytes, at most 16777216 are allowed");
  EXPECT_EQ(with_length(3, "{}"), "safetensors: the header says 3 bytes, the file has 2 after its length");
  EXPECT_EQ(with_length(2, "{}"), "safetensors header: no \"__metadata__\"");
  EXPECT_EQ(with_length(2, "[]"), "safetensors header: expected an object");
  EXPECT_EQ(with_length(20, R"({"__metadata__":[1]})"), "safetensors header: no \"__metadata__\"");
  EXPECT_EQ(with_length(24, R"({"__metadata__":{"a":1}})"), "safetensors metadata: 'a' is no string");
}

// A small file may claim a large model: it is refused before anything of that size is allocated.
TEST(Checkpoint, AllocatesNoMoreThanTheFileHolds) {
  ModelConfig config = tiny();
  config.vocabulary = 65536;
  config.width = 16384;
  config.heads = config.kv_heads = 64;
  const Bytes header = write_safetensors({{"format", "cairn.checkpoint.1"}, {"config", to_json(config)}}, {});
  EXPECT_EQ(decode(header).error().code, ErrorCode::malformed);
}

TEST(Checkpoint, AcceptsNoDamagedHeaderAndNoTruncatedFile) {
  const Bytes file = encode(Model::initialise(tiny(), 5).value());
  const std::size_t header = file.size() - parameter_count(tiny()) * 4;
  for (std::size_t size = 0; size < file.size(); size += size < header + 8 ? 1 : 997) {
    EXPECT_FALSE(decode(ByteView(file).first(size))) << size;
  }
  for (std::size_t at = 0; at < header; ++at) {
    Bytes flipped = file;
    flipped[at] ^= static_cast<std::uint8_t>(1U << (tensor::random_word({.key = 11, .stream = 0}, at) % 8));
    // A digit of the configuration may become another digit: then the file is that other model's own, to the byte.
    const auto result = decode(flipped);
    EXPECT_TRUE(!result || encode(*result) == flipped) << "byte " << at;
  }
}

}  // namespace
}  // namespace cairn::model
