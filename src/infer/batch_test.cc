#include "infer/batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tensor/random.h"

namespace cairn::infer {
namespace {

using tensor::Context;

model::Model lively(model::Positions positions) {
  model::ModelConfig config;
  config.family = "llama";
  config.vocabulary = 261;  // the bytes and the specials
  config.width = 64;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.hidden = 96;
  config.context = 80;
  config.positions = positions;
  model::Model model = model::Model::initialise(config, 3).value();
  for (float& w : model.weights()) w *= 1.5F;
  return model;
}

text::Tokenizer bytes_only() {
  return text::Tokenizer::make({}, text::default_specials()).value();
}

std::vector<TokenId> some_tokens(std::size_t count, std::uint64_t stream) {
  std::vector<TokenId> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<TokenId>(tensor::random_below({.key = 5, .stream = stream}, i, 256));
  }
  return out;
}

using Logits = std::vector<float>;

// Sequences of unlike lengths, fed in unlike pieces, against a Session for each.
TEST(Batch, EverySequenceHasTheBitsItHasAlone) {
  for (const auto positions : {model::Positions::rotary, model::Positions::learned}) {
    const model::Model model = lively(positions);
    model::LowRank module = model::LowRank::make(model.config(), 4, 2.0F, 9).value();
    tensor::fill_normal({.key = 1, .stream = 1}, 0, 0.1F, module.weights());
    for (const bool with_module : {false, true}) {
      Context context = Context::make({.threads = 2}).value();
      const auto weights = Weights::make(context, model, with_module ? &module : nullptr).value();
      Batch batch = Batch::open(context, weights, 4).value();
      std::vector<Session> alone;
      for (int i = 0; i < 4; ++i) alone.push_back(Session::open(context, weights).value());
      // Lengths of what each sequence reads at each step; 0: it rests.
      const std::size_t steps[][4] = {{5, 33, 1, 12}, {1, 1, 1, 1}, {0, 40, 7, 0}, {1, 1, 1, 1}, {60, 0, 2, 60}};
      std::uint64_t stream = 0;
      for (const auto& step : steps) {
        std::vector<std::vector<TokenId>> tokens;
        std::vector<Batch::Feed> feeds;
        for (std::uint32_t i = 0; i < 4; ++i) tokens.push_back(some_tokens(step[i], ++stream));
        for (std::uint32_t i = 4; i-- > 0;) {
          if (step[i] > 0) feeds.push_back({i, tokens[i]});
        }
        const auto together = batch.feed(feeds).value();
        for (std::size_t k = 0; k < feeds.size(); ++k) {
          const auto one = alone[feeds[k].sequence].feed(feeds[k].tokens).value();
          ASSERT_TRUE(std::ranges::equal(together[k], one)) << feeds[k].sequence << " of step " << &step - steps;
          EXPECT_EQ(batch.length(feeds[k].sequence), alone[feeds[k].sequence].length());
        }
      }
      batch.rewind(1, 10);
      alone[1].rewind(10);
      const auto tokens = some_tokens(3, 99);
      const Batch::Feed feed{1, tokens};
      EXPECT_TRUE(std::ranges::equal(batch.feed({&feed, 1}).value()[0], alone[1].feed(tokens).value()));
    }
  }
}

TEST(Batch, RefusesWhatDoesNotFitAndReadsNothingThen) {
  Context context = Context::make({.threads = 1}).value();
  const auto weights = Weights::make(context, lively(model::Positions::rotary)).value();
  EXPECT_EQ(Batch::open(context, weights, 0).error().message, "batch: 0 sequences, expected 1 to 256");
  Batch batch = Batch::open(context, weights, 2).value();
  const auto tokens = some_tokens(5, 1), long_ones = some_tokens(81, 2);
  const auto message = [&](std::vector<Batch::Feed> feeds) { return batch.feed(feeds).error().message; };
  EXPECT_EQ(message({{0, tokens}, {0, tokens}}), "batch: sequence 0, expected each below 2 at most once");
  EXPECT_EQ(message({{0, tokens}, {2, tokens}}), "batch: sequence 2, expected each below 2 at most once");
  EXPECT_EQ(message({{0, tokens}, {1, {}}}), "batch: no token to read for sequence 1");
  EXPECT_EQ(message({{0, tokens}, {1, long_ones}}), "batch: 81 tokens after 0 in sequence 1, the context holds 80");
  const std::vector<TokenId> unknown = {261};
  EXPECT_EQ(message({{0, tokens}, {1, unknown}}), "batch: token 261, the vocabulary ends at 260");
  EXPECT_EQ(batch.length(0), 0U);
  EXPECT_TRUE(batch.feed({}).value().empty());
}

TEST(Batch, GenerationsAreThoseOfEachPromptAlone) {
  Context context = Context::make({.threads = 2}).value();
  const auto weights = Weights::make(context, lively(model::Positions::rotary)).value();
  const text::Tokenizer tokenizer = bytes_only();
  std::vector<std::vector<TokenId>> tokens;
  std::vector<Prompt> prompts;
  for (const std::size_t length : {3UL, 30UL, 1UL, 200UL, 12UL, 7UL, 50UL})
    tokens.push_back(some_tokens(length, length));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    SamplingSettings settings{.temperature = 0.8F, .top_k = 50, .min_p = 0.02F, .seed = i, .max_tokens = 5};
    settings.max_tokens = static_cast<std::uint32_t>(3 + 11 * i % 40);
    settings.logprobs = static_cast<std::uint32_t>(i % 3);
    prompts.push_back({tokens[i], settings});
  }
  Session session = Session::open(context, weights).value();
  std::vector<Generation> expected;
  for (const Prompt& prompt : prompts) {
    expected.push_back(generate(session, tokenizer, prompt.tokens, prompt.settings).value());
  }
  // A stop string, and a sink that ends one.
  prompts[4].settings.stop = {expected[4].text.substr(2, 1)};
  expected[4] = generate(session, tokenizer, prompts[4].tokens, prompts[4].settings).value();
  EXPECT_EQ(expected[4].finish, Finish::stop);
  for (const std::uint32_t sequences : {1U, 3U, 7U, 16U}) {
    Batch batch = Batch::open(context, weights, sequences).value();
    std::vector<std::string> streamed(prompts.size());
    const auto got = generate_all(batch, tokenizer, prompts, [&](std::size_t which, std::string_view piece) {
                       streamed[which] += piece;
                       return true;
                     }).value();
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      EXPECT_EQ(got[i].text, expected[i].text) << i << " of " << sequences;
      EXPECT_EQ(streamed[i], expected[i].text) << i;
      EXPECT_EQ(got[i].finish, expected[i].finish);
      EXPECT_EQ(got[i].prompt_tokens, expected[i].prompt_tokens);
      ASSERT_EQ(got[i].tokens.size(), expected[i].tokens.size());
      for (std::size_t t = 0; t < got[i].tokens.size(); ++t) {
        EXPECT_EQ(got[i].tokens[t].chosen.token, expected[i].tokens[t].chosen.token);
        EXPECT_EQ(got[i].tokens[t].chosen.logprob, expected[i].tokens[t].chosen.logprob);
        EXPECT_EQ(got[i].tokens[t].alternatives.size(), i % 3);
      }
    }
  }
  Batch batch = Batch::open(context, weights, 2).value();
  prompts[2].tokens = {};
  EXPECT_EQ(generate_all(batch, tokenizer, prompts).error().message, "prompt 2: generation: the prompt is empty");
  EXPECT_TRUE(generate_all(batch, tokenizer, {}).value().empty());
}

}  // namespace
}  // namespace cairn::infer
