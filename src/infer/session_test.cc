#include "infer/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "infer/sampling.h"
#include "infer/score.h"
#include "model/backward.h"
#include "model/testing_families.h"
#include "tensor/random.h"
#include "text/testing_tokenizer.h"

namespace cairn::infer {
namespace {

using tensor::Context;

model::ModelConfig tiny() {
  model::ModelConfig config;
  config.vocabulary = 261;  // the bytes and the specials
  config.width = 64;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.hidden = 96;
  config.context = 80;
  return config;
}

model::Model lively() {
  model::Model model = model::Model::initialise(tiny(), 3).value();
  for (float& w : model.weights()) w *= 1.5F;
  return model;
}

text::Tokenizer bytes_only() {
  return text::Tokenizer::make({}, text::default_specials()).value();
}

std::vector<TokenId> some_tokens(std::size_t count) {
  std::vector<TokenId> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<TokenId>(tensor::random_below({.key = 5, .stream = 5}, i, 256));
  }
  return out;
}

std::vector<float> training_logits(Context& context, std::span<const TokenId> tokens, const model::LowRank* module) {
  const model::ComputeWeights weights(context, lively());
  std::optional<model::ComputeLowRank> delta;
  if (module) delta.emplace(context, *module);
  model::Workspace work(tiny(), tokens.size(), module ? module->rank() : 0);
  const std::vector<std::int32_t> ids(tokens.begin(), tokens.end());
  model::forward(context, weights, {.batch = 1, .time = tokens.size(), .ids = ids, .delta = delta ? &*delta : nullptr},
                 work.activations);
  return {work.activations.logits.begin(), work.activations.logits.end()};
}

// The promise of the header: one arithmetic, whichever way the tokens are walked.
TEST(Session, LogitsAreBitForBitTheTrainingPasss) {
  const auto tokens = some_tokens(70);  // crosses the attention's blocks of 32 positions
  model::LowRank module = model::LowRank::make(tiny(), 4, 2.0F, 9).value();
  tensor::fill_normal({.key = 1, .stream = 1}, 0, 0.1F, module.weights());
  for (const model::LowRank* with : {static_cast<const model::LowRank*>(nullptr), &std::as_const(module)}) {
    for (const tensor::Isa isa : tensor::available_isas()) {
      Context context = Context::make({.threads = 2, .isa = isa}).value();
      const std::vector<float> expected = training_logits(context, tokens, with);
      Session session = Session::open(context, lively(), with).value();
      for (const std::size_t pieces : {1UL, 7UL, 70UL}) {
        session.rewind(0);
        for (std::size_t at = 0; at < tokens.size(); at += tokens.size() / pieces) {
          const auto logits = session.feed(std::span(tokens).subspan(at, tokens.size() / pieces)).value();
          const float* row = expected.data() + (session.length() - 1) * session.vocabulary();
          EXPECT_TRUE(std::ranges::equal(logits, std::span(row, session.vocabulary())))
              << tensor::name_of(isa) << ", " << pieces << " pieces, after " << session.length();
        }
      }
    }
  }
}

void compare_with_training(Context& context, const std::string& name, const model::Model& model,
                           const model::LowRank* module) {
  const model::ModelConfig& config = model.config();
  const model::Tokens all(config, config.context);
  std::optional<model::ComputeLowRank> delta;
  if (module) delta.emplace(context, *module);
  model::Activations a(config, {.rows = config.context, .rank = module ? module->rank() : 0});
  model::forward(context, model::ComputeWeights(context, model),
                 {.batch = 1, .time = config.context, .ids = all.ids, .delta = delta ? &*delta : nullptr}, a);
  Session session = Session::open(context, model, module).value();
  const std::vector<TokenId> tokens(all.ids.begin(), all.ids.end());
  for (const std::size_t piece : {1UL, 5UL, 40UL}) {
    session.rewind(0);
    for (std::size_t at = 0; at < tokens.size(); at += piece) {
      const auto logits = session.feed(std::span(tokens).subspan(at, piece)).value();
      const float* row = a.logits.data() + (session.length() - 1) * config.vocabulary;
      ASSERT_TRUE(std::ranges::equal(logits, std::span(row, config.vocabulary)))
          << name << ", " << piece << " at a time, after " << session.length() << ", module " << (module != nullptr);
    }
  }
}

TEST(Session, EveryCausalFamilysLogitsAreBitForBitTheTrainingPasss) {
  Context context = Context::make({.threads = 2}).value();
  for (const model::NamedConfig& family : model::tiny_families()) {
    model::ModelConfig config = family.config;
    if (!config.causal) continue;
    config.context = 40;
    const model::Model model = model::lively(config);
    model::LowRank module = model::LowRank::make(config, 4, 2.0F, 9).value();
    tensor::fill_normal({.key = 1, .stream = 1}, 0, 0.1F, module.weights());
    compare_with_training(context, family.name, model, nullptr);
    compare_with_training(context, family.name, model, &module);
  }
}

// Tokens beyond what 16 bits count are read, scored and drawn.
TEST(Session, AVocabularyBeyondSixteenBits) {
  Context context = Context::make({.threads = 2}).value();
  model::ModelConfig config = tiny();
  config.vocabulary = 70001;
  config.layers = 1;
  const model::Model model = model::lively(config);
  compare_with_training(context, "wide", model, nullptr);

  const text::Tokenizer tokenizer = text::tokenizer_of_size(config.vocabulary);
  const std::vector<TokenId> prompt = {tokenizer.end_of_text(), 66000, 3, 69999};
  Session session = Session::open(context, model).value();
  const Generation drawn = generate(session, tokenizer, prompt, {.seed = 2, .max_tokens = 60, .logprobs = 2}).value();
  ASSERT_EQ(drawn.tokens.size(), 60U);
  const bool beyond = std::ranges::any_of(drawn.tokens, [](const auto& t) { return t.chosen.token > 65535; });
  EXPECT_TRUE(beyond);

  std::vector<TokenId> all = prompt;
  for (const GeneratedToken& token : drawn.tokens) all.push_back(token.chosen.token);
  const auto scores = Scorer::open(context, model).value().score(all).value();
  for (std::size_t i = 0; i < drawn.tokens.size(); ++i)
    EXPECT_NEAR(scores[prompt.size() - 1 + i], drawn.tokens[i].chosen.logprob, 1e-4F) << i;
  EXPECT_EQ(session.feed(std::vector<TokenId>{70001}).error().code, ErrorCode::invalid);
}

TEST(Session, RefusesAModelThatLooksAhead) {
  Context context = Context::make({.threads = 1}).value();
  model::ModelConfig config = tiny();
  config.family = "encoder";
  config.causal = false;
  const auto refused = Session::open(context, model::Model::initialise(config, 1).value());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
}

TEST(Session, AModuleChangesTheLogitsAndRewindingUndoesTokens) {
  Context context = Context::make({.threads = 1}).value();
  model::LowRank module = model::LowRank::make(tiny(), 4, 2.0F, 9).value();
  tensor::fill_normal({.key = 1, .stream = 1}, 0, 0.1F, module.weights());
  Session off = Session::open(context, lively()).value(), on = Session::open(context, lively(), &module).value();
  const auto tokens = some_tokens(10);
  const auto copy = [](std::span<const float> logits) { return std::vector<float>(logits.begin(), logits.end()); };
  const std::vector<float> first = copy(off.feed(tokens).value());
  EXPECT_NE(copy(on.feed(tokens).value()), first);
  ASSERT_TRUE(off.feed(some_tokens(5)));
  off.rewind(9);
  EXPECT_EQ(copy(off.feed(std::span(tokens).last(1)).value()), first);
}

TEST(Session, RefusesWhatDoesNotFit) {
  Context context = Context::make({.threads = 1}).value();
  Session session = Session::open(context, lively()).value();
  EXPECT_EQ(session.feed({}).error().message, "session: no token to read");
  EXPECT_EQ(session.feed(std::vector<TokenId>{261}).error().message, "session: token 261, the vocabulary ends at 260");
  EXPECT_EQ(session.feed(some_tokens(81)).error().message, "session: 81 tokens after 0, the context holds 80");
  ASSERT_TRUE(session.feed(some_tokens(80)));
  EXPECT_EQ(session.feed(some_tokens(1)).error().message, "session: 1 tokens after 80, the context holds 80");
  model::ModelConfig other = tiny();
  other.layers = 1;
  const model::LowRank module = model::LowRank::make(other, 4, 2.0F, 9).value();
  EXPECT_EQ(Session::open(context, lively(), &module).error().message,
            "session: the module changes another architecture than the model's");
}

Generation generated(const tensor::ContextOptions& options, const SamplingSettings& settings,
                     const TextSink& sink = {}) {
  Context context = Context::make(options).value();
  Session session = Session::open(context, lively()).value();
  return generate(session, bytes_only(), some_tokens(12), settings, sink).value();
}

TEST(Generate, TheSeedFixesTheTextOnEveryMachine) {
  const SamplingSettings settings{.temperature = 0.8F, .top_k = 40, .top_p = 0.95F, .seed = 11, .max_tokens = 30};
  const Generation expected = generated({.threads = 1, .isa = tensor::Isa::scalar}, settings);
  EXPECT_EQ(expected.tokens.size(), 30U);
  EXPECT_EQ(expected.finish, Finish::length);
  for (const tensor::Isa isa : tensor::available_isas()) {
    const Generation again = generated({.threads = 2, .isa = isa}, settings);
    EXPECT_EQ(again.text, expected.text) << tensor::name_of(isa);
    for (std::size_t i = 0; i < 30; ++i) {
      EXPECT_EQ(again.tokens[i].chosen.logprob, expected.tokens[i].chosen.logprob);
    }
  }
  SamplingSettings other = settings;
  other.seed = 12;
  EXPECT_NE(generated({.threads = 1}, other).text, expected.text);
}

TEST(Generate, StreamsExactlyTheTextAndStopsAtAStopString) {
  const SamplingSettings free{.seed = 4, .max_tokens = 40};
  const std::string whole = generated({.threads = 1}, free).text;
  ASSERT_GT(whole.size(), 20U);
  SamplingSettings stopping = free;
  stopping.stop = {whole.substr(10, 3)};
  std::string streamed;
  const Generation cut = generated({.threads = 1}, stopping, [&](std::string_view piece) {
    streamed += piece;
    return true;
  });
  EXPECT_EQ(cut.finish, Finish::stop);
  EXPECT_EQ(cut.text, whole.substr(0, whole.find(stopping.stop[0])));
  EXPECT_EQ(streamed, cut.text);

  std::size_t pieces = 0;
  const Generation refused = generated({.threads = 1}, free, [&](std::string_view) { return ++pieces < 3; });
  EXPECT_EQ(pieces, 3U);
  EXPECT_LT(refused.text.size(), whole.size());
}

TEST(Generate, EndsAtAStopToken) {
  SamplingSettings settings{.temperature = 0.0F, .max_tokens = 10};
  const Generation free = generated({.threads = 1}, settings);
  settings.stop_tokens = {free.tokens[0].chosen.token};
  const Generation ended = generated({.threads = 1}, settings);
  EXPECT_EQ(ended.finish, Finish::stop);
  EXPECT_EQ(ended.tokens.size(), 1U);
  EXPECT_EQ(ended.text, "");
}

TEST(Generate, IdsThatAreNoTokenAreNeverDrawn) {
  text::TokenizerParts parts{.kinds = std::vector<text::TokenKind>(tiny().vocabulary), .begin = 260, .end = 260};
  for (TokenId id = 0; id < 260; ++id) parts.tokens.emplace_back(id < 128 ? 1 : 0, static_cast<char>(id));
  parts.tokens.emplace_back(text::kEndOfText);
  parts.kinds.back() = text::TokenKind::special;
  const text::Tokenizer tokenizer = text::Tokenizer::make(parts).value();
  ASSERT_EQ(tokenizer.holes().size(), 132U);
  Context context = Context::make({.threads = 1}).value();
  Session session = Session::open(context, lively()).value();
  const auto drawn = generate(session, tokenizer, some_tokens(8), {.temperature = 4.0F, .seed = 3, .max_tokens = 60});
  std::size_t text = 0;
  for (const auto& token : drawn->tokens) {
    EXPECT_TRUE(token.chosen.token < 128 || token.chosen.token == 260) << token.chosen.token;
    text += token.chosen.token < 128;
  }
  EXPECT_EQ(drawn->text.size(), text);
}

TEST(Generate, ALongPromptLosesItsBeginning) {
  Context context = Context::make({.threads = 1}).value();
  Session session = Session::open(context, lively()).value();
  const Generation out = generate(session, bytes_only(), some_tokens(500), {.max_tokens = 1000}).value();
  EXPECT_EQ(out.prompt_tokens, 40U);
  EXPECT_EQ(out.tokens.size(), 41U);  // the last one drawn need not be read
  EXPECT_EQ(out.finish, Finish::length);
  EXPECT_EQ(generate(session, bytes_only(), some_tokens(500), {.max_tokens = 1}).value().prompt_tokens, 80U);
  EXPECT_EQ(generate(session, bytes_only(), {}, {}).error().message, "generation: the prompt is empty");
}

TEST(Sampling, SettingsAreChecked) {
  const auto message = [](const SamplingSettings& s) { return check(s) ? "accepted" : check(s).error().message; };
  EXPECT_EQ(message({}), "accepted");
  EXPECT_EQ(message({.temperature = -1.0F}), "sampling: temperature is -1, expected 0, or 0.01 to 100");
  EXPECT_EQ(message({.top_p = 0.0F}), "sampling: top_p is 0, expected above 0, at most 1");
  EXPECT_EQ(message({.min_p = 1.5F}), "sampling: min_p is 1.5, expected 0 to 1");
  EXPECT_EQ(message({.min_p = -0.1F}), "sampling: min_p is -0.1, expected 0 to 1");
  EXPECT_EQ(message({.max_tokens = 0}), "sampling: max_tokens is 0, expected at least 1");
  EXPECT_EQ(message({.stop = {""}}), "sampling: the length of a stop string is 0, expected 1 to 1024 bytes");
  EXPECT_EQ(message({.logprobs = 21}), "sampling: logprobs is 21, expected at most 20");
}

TEST(Sampling, CutsAndTemperatureDoWhatTheySay) {
  const std::vector<float> logits = {0.0F, 2.0F, 1.0F, 2.0F};
  EXPECT_EQ(likeliest(logits, 3), (std::vector<TokenId>{1, 3, 2}));
  EXPECT_EQ(sample(logits, {.temperature = 0.0F}, 0), 1U);
  std::vector<int> counts(4), top2(4), nucleus(4);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    ++counts[sample(logits, {.seed = 3}, i)];
    ++top2[sample(logits, {.top_k = 2, .seed = 3}, i)];
    ++nucleus[sample(logits, {.top_p = 0.5F, .seed = 3}, i)];
  }
  const LogSoftmax logprob(logits);
  for (std::uint32_t id = 0; id < 4; ++id) EXPECT_NEAR(counts[id] / 20000.0, std::exp(logprob(id)), 0.02) << id;
  EXPECT_EQ(top2[0] + top2[2], 0);
  EXPECT_NEAR(top2[1], 10000, 400);
  EXPECT_EQ(nucleus[0] + nucleus[2], 0);  // 1 alone has .42, with 3 it is .84
  EXPECT_GT(nucleus[3], 0);
}

TEST(Sampling, MinPIsAShareOfTheLikeliest) {
  // Shares of the likeliest: 1, 1/2, 1/4, 1/8; at temperature 2 they are 1, .71, .5, .35.
  const std::vector<float> logits = {0.0F, -0.69314F, -1.38629F, -2.07944F};
  const auto drawn = [&](SamplingSettings settings) {
    std::vector<int> counts(4);
    settings.seed = 3;
    for (std::uint64_t i = 0; i < 20000; ++i) ++counts[sample(logits, settings, i)];
    return counts;
  };
  const auto kept = [&](const SamplingSettings& settings) {
    const auto counts = drawn(settings);
    return std::ranges::count_if(counts, [](int n) { return n > 0; });
  };
  EXPECT_EQ(kept({.min_p = 0.0F}), 4);
  EXPECT_EQ(kept({.min_p = 0.2F}), 3);
  EXPECT_EQ(kept({.min_p = 0.6F}), 1);
  EXPECT_EQ(kept({.min_p = 1.0F}), 1);
  EXPECT_EQ(kept({.temperature = 2.0F, .min_p = 0.4F}), 3);  // temperature comes first
  EXPECT_EQ(kept({.top_k = 2, .min_p = 0.2F}), 2);           // each cut is on top of the others
  EXPECT_EQ(kept({.top_p = 0.5F, .min_p = 0.2F}), 1);
  const auto counts = drawn({.min_p = 0.2F});
  EXPECT_NEAR(counts[0], 20000 * 4 / 7.0, 400);
  EXPECT_NEAR(counts[2], 20000 * 1 / 7.0, 400);
}

}  // namespace
}  // namespace cairn::infer
