#include "adapt/module.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "model/backward.h"
#include "model/checkpoint.h"
#include "tensor/random.h"

namespace cairn::adapt {
namespace {

using tensor::Context;

model::Model base() {
  model::ModelConfig config;
  config.vocabulary = 32;
  config.width = 32;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = 1;
  config.hidden = 48;
  config.context = 16;
  return model::Model::initialise(config, 3).value();
}

std::vector<std::uint16_t> mail(std::size_t size) {
  std::vector<std::uint16_t> tokens(size);
  for (std::size_t i = 1; i < size; ++i) tokens[i] = static_cast<std::uint16_t>((tokens[i - 1] * 5 + 7) % 32);
  return tokens;
}

ModuleSettings settings() {
  ModuleSettings s;
  s.rank = 4;
  s.steps = 40;
  s.sequences = 4;
  s.context = 16;
  s.grain = 2;
  s.warmup_steps = 4;
  s.learning_rate = 1e-2F;
  return s;
}

TrainedModule trained(const tensor::ContextOptions& options, std::uint64_t seed = 7) {
  Context context = Context::make(options).value();
  return train_module(context, base(), mail(400), settings(), seed).value();
}

std::vector<float> logits(Context& context, const model::LowRank* delta) {
  const model::Model model = base();
  const model::ComputeWeights weights(context, model);
  std::optional<model::ComputeLowRank> compute;
  if (delta) compute.emplace(context, *delta);
  const auto tokens = mail(16);
  const std::vector<std::int32_t> ids(tokens.begin(), tokens.end());
  model::Workspace work(model.config(), ids.size(), delta ? delta->rank() : 0);
  model::forward(context, weights, {.batch = 1, .time = 16, .ids = ids, .delta = compute ? &*compute : nullptr},
                 work.activations);
  return {work.activations.logits.begin(), work.activations.logits.end()};
}

TEST(Module, LearnsAndLeavesTheBaseAlone) {
  Context context = Context::make({.threads = 2}).value();
  const model::Model model = base();
  const Digest before = model::digest_of(model);
  const std::vector<float> off = logits(context, nullptr);
  const TrainedModule out = train_module(context, model, mail(400), settings(), 7).value();
  EXPECT_LT(out.last_loss, 0.7F * out.first_loss);
  EXPECT_EQ(out.tokens, 40U * 4 * 16);
  EXPECT_EQ(out.module.base, before);
  EXPECT_EQ(model::digest_of(model), before);
  EXPECT_EQ(logits(context, nullptr), off);
  EXPECT_NE(logits(context, &out.module.delta), off);
}

TEST(Module, BytesDoNotDependOnThreadsOrInstructionSet) {
  const Bytes expected = encode(trained({.threads = 1, .isa = tensor::Isa::scalar}).module);
  for (const tensor::Isa isa : tensor::available_isas()) {
    EXPECT_EQ(encode(trained({.threads = 2, .isa = isa}).module), expected) << tensor::name_of(isa);
  }
  EXPECT_NE(encode(trained({.threads = 1}, 8).module), expected);
}

TEST(Module, ComesBackAsItWas) {
  const Module module = trained({.threads = 1}).module;
  const Bytes file = encode(module);
  const Module again = decode_module(file, base().config(), module.base).value();
  EXPECT_EQ(again.settings, module.settings);
  EXPECT_EQ(again.seed, 7U);
  EXPECT_TRUE(std::ranges::equal(again.delta.weights(), module.delta.weights()));
  EXPECT_EQ(encode(again), file);
}

TEST(Module, FitsItsOwnBaseAlone) {
  const Module module = trained({.threads = 1}).module;
  const Bytes file = encode(module);
  const Digest other = sha256("another base");
  const Error error = decode_module(file, base().config(), other).error();
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_EQ(error.message,
            fmt::format("module: made for base {}, this base is {}", module.base.brief(), other.brief()));
  model::ModelConfig config = base().config();
  config.layers = 1;
  EXPECT_EQ(decode_module(file, config, module.base).error().message,
            "module: its configuration is not that of the base it names");
  EXPECT_EQ(decode_module(model::encode(base()), base().config(), module.base).error().message,
            "module: the metadata has no \"base\"");
}

TEST(Module, AcceptsNoDamagedHeaderAndNoTruncatedFile) {
  const Module module = trained({.threads = 1}).module;
  const Bytes file = encode(module);
  const model::ModelConfig config = base().config();
  const std::size_t header = file.size() - module.delta.weights().size() * 4;
  for (std::size_t size = 0; size < file.size(); size += size < header + 8 ? 1 : 997) {
    EXPECT_FALSE(decode_module(ByteView(file).first(size), config, module.base)) << size;
  }
  for (std::size_t at = 0; at < header; ++at) {
    Bytes flipped = file;
    flipped[at] ^= static_cast<std::uint8_t>(1U << (tensor::random_word({.key = 12, .stream = 0}, at) % 8));
    const auto result = decode_module(flipped, config, module.base);
    EXPECT_TRUE(!result || encode(*result) == flipped) << "byte " << at;
  }
}

TEST(Module, RefusesWhatIsOutOfRangeAndStops) {
  Context context = Context::make({.threads = 1}).value();
  const model::Model model = base();
  const auto message = [&](auto change, std::size_t size = 400) {
    ModuleSettings s = settings();
    change(s);
    const auto result = train_module(context, model, mail(size), s, 1);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_EQ(message([](auto& s) { s.rank = 3; }), "module settings: rank is 3, expected 2 to 256 in steps of 2");
  EXPECT_EQ(message([](auto& s) { s.context = 32; }), "module settings: context is 32, expected 1 to the base's 16");
  EXPECT_EQ(message([](auto& s) { s.warmup_steps = 40; }),
            "module settings: warmup_steps is 40, expected less than 40 steps");
  EXPECT_EQ(message([](auto&) {}, 10), "module: 10 tokens, at least 17 (context + 1) are needed");
  const auto stopped = train_module(context, model, mail(400), settings(), 1, {.cancelled = [] { return true; }});
  EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
  EXPECT_EQ(module_settings_from_json(to_json(settings())).value(), settings());
}

}  // namespace
}  // namespace cairn::adapt
