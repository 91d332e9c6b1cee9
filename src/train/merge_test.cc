#include "train/merge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/checkpoint.h"
#include "tensor/random.h"

namespace cairn::train {
namespace {

model::Model tiny(std::uint64_t seed = 1) {
  model::ModelConfig config;
  config.vocabulary = 30;
  config.width = 16;
  config.layers = 1;
  config.heads = config.kv_heads = 1;
  config.hidden = 16;
  config.context = 8;
  return model::Model::initialise(config, seed).value();
}

Contribution change(const model::Model& model, float by, std::uint64_t tokens) {
  std::vector<float> after(model.weights().begin(), model.weights().end());
  for (float& w : after) w += by;
  Contribution c = quantise(model.weights(), after, 8).value();
  c.tokens = tokens;
  c.checkpoint = model::digest_of(model);
  return c;
}

TEST(Merge, WeighsByTokens) {
  model::Model model = tiny();
  const float before = model.weights()[7];
  OuterState state;
  const std::vector<Contribution> both = {change(model, 0.5F, 100), change(model, -0.25F, 300)};
  ASSERT_TRUE(merge(model, state, both, {.learning_rate = 1.0F, .momentum = 0.0F}));
  EXPECT_NEAR(model.weights()[7], before + 0.25F * 0.5F - 0.75F * 0.25F, 2e-3F);
  EXPECT_EQ(state.rounds, 1U);
  EXPECT_TRUE(state.velocity.empty());
}

TEST(Merge, NesterovAsInThePaper) {
  model::Model model = tiny();
  OuterState state;
  const OuterSettings settings{.learning_rate = 0.5F, .momentum = 0.5F};
  double weight = model.weights()[3], velocity = 0;
  for (int round = 0; round < 3; ++round) {
    const Contribution c = change(model, 0.1F, 10);
    std::vector<float> d(c.parameters);
    dequantise(c, d);
    ASSERT_TRUE(merge(model, state, {&c, 1}, settings));
    velocity = 0.5 * velocity + static_cast<double>(d[3]);
    weight += 0.5 * (0.5 * velocity + static_cast<double>(d[3]));
    EXPECT_NEAR(model.weights()[3], weight, 1e-6);
  }
  EXPECT_EQ(state.rounds, 3U);
}

TEST(Merge, TheOrderIsPartOfTheDefinition) {
  std::vector<Contribution> ordered;
  for (std::uint64_t i = 0; i < 5; ++i) {
    model::Model moved = tiny();
    std::vector<float> noise(moved.weights().size());
    tensor::fill_normal({.key = i, .stream = 0}, 0, 0.01F, noise);
    for (std::size_t k = 0; k < noise.size(); ++k) moved.weights()[k] += noise[k];
    ordered.push_back(quantise(tiny().weights(), moved.weights(), 8).value());
    ordered.back().tokens = 100 + 17 * i;
    ordered.back().checkpoint = model::digest_of(tiny());
  }
  const auto merged = [&] {
    model::Model model = tiny();
    OuterState state;
    EXPECT_TRUE(merge(model, state, ordered, {.learning_rate = 0.7F, .momentum = 0.9F}));
    return model::digest_of(model);
  };
  const Digest first = merged();
  EXPECT_EQ(merged(), first);
  std::ranges::reverse(ordered);
  EXPECT_NE(merged(), first);
}

TEST(Merge, RefusesAndChangesNothing) {
  model::Model model = tiny();
  const Digest before = model::digest_of(model);
  OuterState state;
  const auto message = [&](std::span<const Contribution> ordered, const OuterSettings& settings = {}) {
    const Status result = merge(model, state, ordered, settings);
    EXPECT_EQ(model::digest_of(model), before);
    EXPECT_EQ(state, OuterState{});
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_EQ(message({}), "merge: no contribution");
  Contribution c = change(model, 0.1F, 10);
  EXPECT_EQ(message({&c, 1}, {.learning_rate = 0.0F}), "outer settings: learning_rate is 0, expected 0.0001 to 4");
  EXPECT_EQ(message({&c, 1}, {.momentum = 1.0F}), "outer settings: momentum is 1, expected 0 to below 1");
  c.tokens = 0;
  EXPECT_EQ(message({&c, 1}), "merge: contribution 0 counts 0 tokens, expected 1 to 2^40");
  c = change(tiny(2), 0.1F, 10);
  EXPECT_EQ(message({&c, 1}), fmt::format("merge: contribution 0 changes checkpoint {}, the model is {}",
                                          c.checkpoint.brief(), before.brief()));
  const std::vector<float> few(10);
  c = quantise(few, few, 8).value();
  EXPECT_EQ(message({&c, 1}),
            fmt::format("merge: contribution 0 is for 10 weights, the model has {}", model.weights().size()));
}

TEST(Merge, TheOuterStateComesBackAsItWas) {
  model::Model model = tiny();
  const std::uint64_t parameters = model.weights().size();
  OuterState state;
  EXPECT_EQ(decode_outer_state(encode(state), parameters).value(), state);
  const Contribution c = change(model, 0.1F, 10);
  ASSERT_TRUE(merge(model, state, {&c, 1}, {.learning_rate = 0.7F, .momentum = 0.9F}));
  const Bytes file = encode(state);
  EXPECT_EQ(decode_outer_state(file, parameters).value(), state);
  EXPECT_FALSE(decode_outer_state(file, parameters + 1));
  for (std::size_t size = 0; size < file.size(); size += 13) {
    EXPECT_FALSE(decode_outer_state(ByteView(file).first(size), parameters)) << size;
  }
  const std::size_t header = file.size() - parameters * 4;
  for (std::size_t at = 0; at < header; ++at) {
    Bytes flipped = file;
    flipped[at] ^= 0x11;
    EXPECT_FALSE(decode_outer_state(flipped, parameters)) << "byte " << at;
  }
}

TEST(Merge, SettingsComeBackAsTheyWere) {
  const OuterSettings settings{.learning_rate = 0.7F, .momentum = 0.9F};
  EXPECT_EQ(to_json(settings), R"({"learning_rate":0.7,"momentum":0.9})");
  EXPECT_EQ(outer_settings_from_json(to_json(settings)).value(), settings);
  EXPECT_EQ(outer_settings_from_json(R"({"learning_rate":0.7})").error().message,
            "outer settings: 'momentum' is missing");
}

}  // namespace
}  // namespace cairn::train
