#include "model/gguf_rope.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/gguf_model.h"
#include "model/testing_interchange.h"

namespace cairn::model {
namespace {

ModelConfig llama3(std::uint32_t head, float factor) {
  ModelConfig c = small_llama();
  c.head_size = head;
  c.rope_base = 500000;
  c.rope_factor = factor;
  c.rope_original = 8192;
  c.rope_low = 1;
  c.rope_high = 4;
  return c;
}

// In single precision and by wavelengths, as Llama's authors wrote it and converters to GGUF do.
std::vector<float> as_converters_have_it(const ModelConfig& c) {
  std::vector<float> out;
  for (std::uint32_t i = 0; i < c.turned_width(); i += 2) {
    const float frequency = 1.0F / std::pow(c.rope_base, static_cast<float>(i) / static_cast<float>(c.turned_width()));
    const float wavelength = 2 * static_cast<float>(M_PI) / frequency, trained = 8192;
    if (wavelength < trained / 4) {
      out.push_back(1);
    } else if (wavelength > trained) {
      out.push_back(c.rope_factor);
    } else {
      const float smooth = (trained / wavelength - 1) / 3;
      out.push_back(1 / ((1 - smooth) / c.rope_factor + smooth));
    }
  }
  return out;
}

TEST(GgufRope, Llama31sFactorsAreKnown) {
  for (const auto& [head, factor] : {std::pair(128U, 8.0F), {64U, 32.0F}}) {
    const ModelConfig c = llama3(head, factor);
    const std::vector<float> made = rope_factors_of(c), theirs = as_converters_have_it(c);
    ASSERT_EQ(made.size(), head / 2);
    for (std::size_t i = 0; i < made.size(); ++i) EXPECT_NEAR(made[i] / theirs[i], 1, 1e-5) << i;
    EXPECT_EQ(made.front(), 1.0F);
    EXPECT_EQ(made.back(), factor);
    ModelConfig again = c;
    again.rope_factor = 1;
    again.rope_original = 0;
    ASSERT_TRUE(take_rope_factors(theirs, again));
    EXPECT_EQ(again, c);
  }
}

TEST(GgufRope, OtherFactorsAreRefused) {
  const ModelConfig c = llama3(128, 8);
  ModelConfig plain = c;
  plain.rope_factor = 1;
  plain.rope_original = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    std::vector<float> factors = rope_factors_of(c);
    factors[i] *= 1.001F;
    ModelConfig into = plain;
    EXPECT_EQ(take_rope_factors(factors, into).error().code, ErrorCode::unsupported) << i;
    EXPECT_EQ(into, plain);
  }
  for (const float bad : {0.0F, -8.0F, std::nanf(""), INFINITY}) {
    ModelConfig into = plain;
    EXPECT_FALSE(take_rope_factors(std::vector<float>(64, bad), into)) << bad;
  }
  ModelConfig into = plain;
  EXPECT_TRUE(take_rope_factors(std::vector<float>(64, 1.0F), into));
  EXPECT_EQ(into, plain);
}

TEST(GgufRope, AModelGoesOutWithItsFactorsAndComesBack) {
  const ModelConfig c = llama3(64, 32);
  const Model model = lively_model(c, 3);
  const PlannedFile plan = plan_gguf(c, {.type = ElementType::f32}).value();
  Bytes bytes = bytes_of_planned(model, plan);
  EXPECT_EQ(bytes.size(), plan.bytes);
  const GgufFile file = read_gguf(bytes).value();
  EXPECT_EQ(file.find("llama.rope.scaling.type"), nullptr);  // or readers would scale twice
  const Model again = model_from_gguf(file).value();
  EXPECT_EQ(again.config(), c);
  EXPECT_TRUE(std::ranges::equal(again.weights(), model.weights()));
  const auto message = [&](const auto& change) {
    GgufFile changed = file;
    change(changed);
    return config_from_gguf(changed).error().message;
  };
  EXPECT_EQ(message([](GgufFile& f) { f.tensors[0].shape = {16}; }),
            "GGUF: tensor 'rope_freqs.weight': expected F32 of shape [32]");
  EXPECT_EQ(message([](GgufFile& f) { f.tensors[0].type = ElementType::bf16; }),
            "GGUF: tensor 'rope_freqs.weight': expected F32 of shape [32]");
  EXPECT_EQ(message([](GgufFile& f) { f.metadata.emplace_back("llama.rope.scaling.factor", gguf_f32(2)); }),
            "GGUF: tensor 'rope_freqs.weight': frequencies are scaled by a key as well");
  EXPECT_EQ(message([](GgufFile& f) {
              for (auto& [key, value] : f.metadata)
                if (key == "general.architecture")
                  value = gguf_string("qwen2");
                else if (key.starts_with("llama."))
                  key.replace(0, 5, "qwen2");
            }),
            "GGUF: tensor 'rope_freqs.weight': this architecture has none");
  EXPECT_EQ(message([](GgufFile& f) { f.tensors[0].bytes = f.tensors[2].bytes.first(128); }),
            "GGUF: tensor 'rope_freqs.weight': frequencies are divided otherwise than Llama 3.1's");
}

}  // namespace
}  // namespace cairn::model
