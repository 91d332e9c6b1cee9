#include "infer/score.h"

#include <gtest/gtest.h>

#include <cmath>

#include "infer/sampling.h"
#include "infer/session.h"
#include "tensor/random.h"

namespace cairn::infer {
namespace {

using tensor::Context;

model::Model lively() {
  model::ModelConfig config;
  config.vocabulary = 60;
  config.width = 32;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.hidden = 48;
  config.context = 16;
  model::Model model = model::Model::initialise(config, 3).value();
  for (float& w : model.weights()) w *= 1.5F;
  return model;
}

std::vector<TokenId> some_tokens(std::size_t count, std::uint64_t seed = 5) {
  std::vector<TokenId> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<TokenId>(tensor::random_below({.key = seed, .stream = 5}, i, 60));
  }
  return out;
}

TEST(Score, IsTheSessionsLogProbability) {
  Context context = Context::make({.threads = 1}).value();
  const auto tokens = some_tokens(17);
  const auto scores = Scorer::open(context, lively()).value().score(tokens).value();
  ASSERT_EQ(scores.size(), 16U);
  Session session = Session::open(context, lively()).value();
  for (std::size_t i = 0; i < 16; ++i) {
    const auto logits = session.feed({&tokens[i], 1}).value();
    EXPECT_NEAR(scores[i], LogSoftmax(logits)(tokens[i + 1]), 2e-5F) << i;
  }
}

TEST(Score, LongTextIsScoredOnceWithEnoughBefore) {
  Context context = Context::make({.threads = 1}).value();
  Scorer scorer = Scorer::open(context, lively()).value();
  const auto tokens = some_tokens(50);
  const auto scores = scorer.score(tokens, {.context = 16, .stride = 4}).value();
  ASSERT_EQ(scores.size(), 49U);
  // The window over [8, 24) is the third; it scores the targets 21 to 24.
  const auto window = scorer.score(std::span(tokens).subspan(8, 17)).value();
  for (std::size_t t = 20; t < 24; ++t) EXPECT_EQ(scores[t], window[t - 8]) << t;
  // Without overlap each window starts anew.
  const auto apart = scorer.score(tokens, {.context = 16, .stride = 16}).value();
  const auto second = scorer.score(std::span(tokens).subspan(16, 17)).value();
  for (std::size_t t = 0; t < 16; ++t) EXPECT_EQ(apart[16 + t], second[t]) << t;
}

TEST(Score, BatchingDoesNotChangeBits) {
  std::vector<std::vector<TokenId>> texts;
  for (std::uint64_t i = 0; i < 7; ++i) texts.push_back(some_tokens(2 + 5 * i, i));
  Context one = Context::make({.threads = 1, .isa = tensor::Isa::scalar}).value();
  Scorer alone = Scorer::open(one, lively()).value();
  std::vector<std::vector<float>> expected;
  for (const auto& text : texts) expected.push_back(alone.score(text).value());
  Context two = Context::make({.threads = 2}).value();
  Scorer together = Scorer::open(two, lively()).value();
  for (const std::uint32_t sequences : {1U, 3U, 64U}) {
    EXPECT_EQ(together.score_all(texts, {.sequences = sequences}).value(), expected) << sequences;
  }
}

TEST(Score, RefusesAndStops) {
  Context context = Context::make({.threads = 1}).value();
  Scorer scorer = Scorer::open(context, lively()).value();
  EXPECT_EQ(scorer.score(some_tokens(1)).error().message, "scoring: text 0 has 1 tokens, at least 2 are needed");
  EXPECT_EQ(scorer.score(std::vector<TokenId>{1, 60}).error().message,
            "scoring: text 0 has token 60, the vocabulary ends at 59");
  EXPECT_EQ(scorer.score(some_tokens(5), {.context = 17}).error().message,
            "scoring: context is 17, expected 1 to the model's 16");
  EXPECT_EQ(scorer.score(some_tokens(5), {.stride = 17}).error().message,
            "scoring: stride is 17, expected 1 to the context's 16");
  int asked = 0;
  const auto stopped = scorer.score(some_tokens(100), {.sequences = 1}, [&] { return ++asked == 3; });
  EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
  EXPECT_EQ(stopped.error().message, "scoring: stopped after 2 of 12 windows");
}

}  // namespace
}  // namespace cairn::infer
