#include "train/merge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/checkpoint.h"
#include "tensor/random.h"

namespace cairn::train {
namespace {

Checkpoint tiny(std::uint64_t seed = 1) {
  model::ModelConfig config;
  config.vocabulary = 30;
  config.width = 16;
  config.layers = 1;
  config.heads = config.kv_heads = 1;
  config.hidden = 16;
  config.context = 8;
  return {model::Model::initialise(config, seed).value(), {}};
}

Contribution change(const Checkpoint& checkpoint, float by, std::uint64_t tokens) {
  const std::span<const float> before = checkpoint.model.weights();
  std::vector<float> after(before.begin(), before.end());
  for (float& w : after) w += by;
  Contribution c = quantise(before, after, 8).value();
  c.tokens = tokens;
  c.checkpoint = digest_of(checkpoint);
  return c;
}

TEST(Merge, WeighsByTokens) {
  Checkpoint checkpoint = tiny();
  const float before = checkpoint.model.weights()[7];
  OuterState state;
  const std::vector<Contribution> both = {change(checkpoint, 0.5F, 100), change(checkpoint, -0.25F, 300)};
  ASSERT_TRUE(merge(checkpoint, state, both, {.learning_rate = 1.0F, .momentum = 0.0F}));
  EXPECT_NEAR(checkpoint.model.weights()[7], before + 0.25F * 0.5F - 0.75F * 0.25F, 2e-3F);
  EXPECT_EQ(state.rounds, 1U);
  EXPECT_TRUE(state.velocity.empty());
}

TEST(Merge, TheMomentsAreTheMeanByTokens) {
  Checkpoint checkpoint = tiny();
  OuterState state;
  std::vector<Contribution> both = {change(checkpoint, 0.5F, 100), change(checkpoint, -0.25F, 300)};
  both[0].moments[2] = 8.0F;
  both[1].moments[2] = 4.0F;
  both[0].moments[5] = kLeastMoment;  // a quarter of it is too little to be kept
  ASSERT_TRUE(merge(checkpoint, state, both, {}));
  EXPECT_EQ(checkpoint.moments.size(), blocks_of(checkpoint.model.weights().size()));
  EXPECT_EQ(checkpoint.moments[2], 5.0F);
  EXPECT_EQ(checkpoint.moments[5], 0.0F);
}

TEST(Merge, NesterovAsInThePaper) {
  Checkpoint checkpoint = tiny();
  OuterState state;
  const OuterSettings settings{.learning_rate = 0.5F, .momentum = 0.5F};
  double weight = checkpoint.model.weights()[3], velocity = 0;
  for (int round = 0; round < 3; ++round) {
    const Contribution c = change(checkpoint, 0.1F, 10);
    std::vector<float> d(c.parameters);
    dequantise(c, d);
    ASSERT_TRUE(merge(checkpoint, state, {&c, 1}, settings));
    velocity = 0.5 * velocity + static_cast<double>(d[3]);
    weight += 0.5 * (0.5 * velocity + static_cast<double>(d[3]));
    EXPECT_NEAR(checkpoint.model.weights()[3], weight, 1e-6);
  }
  EXPECT_EQ(state.rounds, 3U);
}

TEST(Merge, TheOrderIsPartOfTheDefinition) {
  std::vector<Contribution> ordered;
  for (std::uint64_t i = 0; i < 5; ++i) {
    Checkpoint moved = tiny();
    std::vector<float> noise(moved.model.weights().size());
    tensor::fill_normal({.key = i, .stream = 0}, 0, 0.01F, noise);
    for (std::size_t k = 0; k < noise.size(); ++k) moved.model.weights()[k] += noise[k];
    ordered.push_back(quantise(tiny().model.weights(), moved.model.weights(), 8).value());
    ordered.back().tokens = 100 + 17 * i;
    ordered.back().checkpoint = digest_of(tiny());
  }
  const auto merged = [&] {
    Checkpoint checkpoint = tiny();
    OuterState state;
    EXPECT_TRUE(merge(checkpoint, state, ordered, {.learning_rate = 0.7F, .momentum = 0.9F}));
    return digest_of(checkpoint);
  };
  const Digest first = merged();
  EXPECT_EQ(merged(), first);
  std::ranges::reverse(ordered);
  EXPECT_NE(merged(), first);
}

TEST(Merge, RefusesAndChangesNothing) {
  Checkpoint checkpoint = tiny();
  const Digest before = digest_of(checkpoint);
  OuterState state;
  const auto message = [&](std::span<const Contribution> ordered, const OuterSettings& settings = {}) {
    const Status result = merge(checkpoint, state, ordered, settings);
    EXPECT_EQ(digest_of(checkpoint), before);
    EXPECT_EQ(state, OuterState{});
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_EQ(message({}), "merge: no contribution");
  Contribution c = change(checkpoint, 0.1F, 10);
  EXPECT_EQ(message({&c, 1}, {.learning_rate = 0.0F}), "outer settings: learning_rate is 0, expected 0.0001 to 4");
  EXPECT_EQ(message({&c, 1}, {.momentum = 1.0F}), "outer settings: momentum is 1, expected 0 to below 1");
  c.tokens = 0;
  EXPECT_EQ(message({&c, 1}), "merge: contribution 0 counts 0 tokens, expected 1 to 2^40");
  c = change(tiny(2), 0.1F, 10);
  EXPECT_EQ(message({&c, 1}), fmt::format("merge: contribution 0 changes checkpoint {}, the model is {}",
                                          c.checkpoint.brief(), before.brief()));
  const std::vector<float> few(10);
  c = quantise(few, few, 8).value();
  EXPECT_EQ(message({&c, 1}), fmt::format("merge: contribution 0 is for 10 weights, the model has {}",
                                          checkpoint.model.weights().size()));
}

TEST(Merge, TheOuterStateComesBackAsItWas) {
  Checkpoint checkpoint = tiny();
  const std::uint64_t parameters = checkpoint.model.weights().size();
  OuterState state;
  EXPECT_EQ(decode_outer_state(encode(state), parameters).value(), state);
  const Contribution c = change(checkpoint, 0.1F, 10);
  ASSERT_TRUE(merge(checkpoint, state, {&c, 1}, {.learning_rate = 0.7F, .momentum = 0.9F}));
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
