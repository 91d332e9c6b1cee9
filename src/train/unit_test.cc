#include "train/unit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/checkpoint.h"
#include "train/contribution.h"
#include "train/merge.h"
#include "train/optimiser.h"
#include "train/replay.h"
#include "train/windows.h"

namespace cairn::train {
namespace {

model::ModelConfig tiny() {
  model::ModelConfig config;
  config.vocabulary = 32;
  config.width = 32;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.hidden = 48;
  config.context = 16;
  return config;
}

// A language that can be learnt: each token follows from the one before.
std::vector<std::uint16_t> shard(std::size_t size) {
  std::vector<std::uint16_t> tokens(size);
  for (std::size_t i = 1; i < size; ++i) tokens[i] = static_cast<std::uint16_t>((tokens[i - 1] * 5 + 7) % 32);
  return tokens;
}

UnitSettings settings() {
  UnitSettings s;
  s.steps = 6;
  s.sequences = 4;
  s.context = 16;
  s.grain = 2;
  s.stretch = 2;
  s.warmup_steps = 2;
  s.total_steps = 60;
  s.learning_rate = 1e-2F;
  return s;
}

Checkpoint start(std::uint64_t seed = 1) {
  return {model::Model::initialise(tiny(), seed).value(), {}};
}

constexpr UnitKey kKey{.run_seed = 7, .round = 3, .lane = 1};

UnitResult run(const tensor::ContextOptions& options, const UnitSettings& s = settings(), const UnitKey& key = kKey) {
  tensor::Context context = tensor::Context::make(options).value();
  return run_unit(context, start(), shard(600), s, key).value();
}

TEST(Unit, IsAPureFunctionOfItsInputs) {
  const UnitResult expected = run({.threads = 1, .isa = tensor::Isa::scalar});
  EXPECT_EQ(expected.states.size(), 3U);
  EXPECT_EQ(expected.tokens, 6U * 4 * 16);
  for (const tensor::Isa isa : tensor::available_isas()) {
    for (const int threads : {1, 2, 3}) {
      EXPECT_EQ(run({.threads = threads, .isa = isa}), expected)
          << tensor::name_of(isa) << " with " << threads << " threads";
    }
  }
}

TEST(Unit, EveryInputMatters) {
  const UnitResult base = run({.threads = 1});
  UnitSettings other = settings();
  other.first_step = 1;
  EXPECT_NE(run({.threads = 1}, other).root, base.root);
  other = settings();
  other.grain = 4;
  EXPECT_NE(run({.threads = 1}, other).root, base.root);
  for (const UnitKey key : {UnitKey{8, 3, 1}, UnitKey{7, 4, 1}, UnitKey{7, 3, 2}}) {
    EXPECT_NE(run({.threads = 1}, settings(), key).root, base.root);
  }
}

TEST(Unit, RoundsOfUnitsLearn) {
  tensor::Context context = tensor::Context::make({.threads = 2}).value();
  Checkpoint checkpoint = start();
  OuterState outer;
  const auto tokens = shard(2000);
  double first = 0, last = 0;
  for (std::uint32_t round = 0; round < 5; ++round) {
    std::vector<Contribution> contributions;
    for (std::uint32_t lane = 0; lane < 2; ++lane) {
      UnitSettings s = settings();
      s.steps = 10;
      s.first_step = round * 10;
      const auto result = run_unit(context, checkpoint, std::span(tokens).subspan(lane * 1000, 1000), s,
                                   {.run_seed = 1, .round = round, .lane = lane});
      ASSERT_TRUE(result) << result.error().message;
      if (round == 0 && lane == 0) first = static_cast<double>(result->first_loss);
      last = result->mean_loss;
      contributions.push_back(decode_contribution(result->contribution, checkpoint.model.weights().size()).value());
    }
    ASSERT_TRUE(merge(checkpoint, outer, contributions, {}));
  }
  EXPECT_GT(first, 3.0);  // ln 32 = 3.47: it knows nothing
  EXPECT_LT(last, 0.2);
}

// What a unit of a later round inherits, and what that is worth.
TEST(Unit, GoesOnWithTheMomentsOfItsCheckpoint) {
  tensor::Context context = tensor::Context::make({.threads = 1}).value();
  const Checkpoint fresh = start();
  const std::size_t parameters = fresh.model.weights().size();
  const auto contribution_of = [&](const Checkpoint& from, const UnitSettings& s) {
    const UnitResult result = run_unit(context, from, shard(600), s, kKey).value();
    return decode_contribution(result.contribution, parameters).value();
  };
  const Contribution first = contribution_of(fresh, settings());
  EXPECT_EQ(first.checkpoint, digest_of(fresh));
  EXPECT_TRUE(std::ranges::any_of(first.moments, [](float v) { return v > 0; }));

  Checkpoint next = fresh;
  OuterState outer;
  ASSERT_TRUE(merge(next, outer, {&first, 1}, {}));
  EXPECT_EQ(next.moments, first.moments);
  UnitSettings second = settings();
  second.first_step = settings().steps;
  const Contribution inherits = contribution_of(next, second);
  EXPECT_EQ(inherits.checkpoint, digest_of(next));
  const Contribution afresh = contribution_of({next.model, {}}, second);
  EXPECT_NE(inherits.codes, afresh.codes);
  // One moment is enough to make another unit of it.
  next.moments[3] *= 2;
  EXPECT_NE(contribution_of(next, second).codes, inherits.codes);
}

TEST(Unit, TheEmbeddingHasItsOwnRate) {
  tensor::Context context = tensor::Context::make({.threads = 1}).value();
  const Checkpoint from = start();
  UnitSettings s = settings();
  s.steps = s.stretch = 1;
  s.weight_decay = 0;
  const auto change = [&] {
    const UnitResult result = run_unit(context, from, shard(600), s, kKey).value();
    std::vector<float> out(from.model.weights().size());
    dequantise(decode_contribution(result.contribution, out.size()).value(), out);
    return out;
  };
  const std::vector<float> once = change();
  s.embedding_rate = 4.0F;
  const std::vector<float> often = change();
  const std::size_t embedding = from.model.find(model::kEmbedding)->count;
  for (std::size_t i = 0; i < once.size(); ++i)
    EXPECT_NEAR(often[i], i < embedding ? 4 * once[i] : once[i], 2e-4F) << "weight " << i;
}

TEST(Unit, StopsWhenAskedAndReports) {
  tensor::Context context = tensor::Context::make({.threads = 1}).value();
  std::vector<std::uint32_t> seen;
  const Watch watch{.progress = [&](const StepReport& r) { seen.push_back(r.step); },
                    .cancelled = [&] { return seen.size() == 2; }};
  const auto result = run_unit(context, start(), shard(600), settings(), kKey, watch);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::interrupted);
  EXPECT_EQ(result.error().message, "unit: stopped after 2 of 6 local steps");
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{1, 2}));
}

TEST(Unit, ADivergedUnitSaysSo) {
  tensor::Context context = tensor::Context::make({.threads = 1}).value();
  Checkpoint checkpoint = start();
  checkpoint.model.weights()[40] = std::numeric_limits<float>::max();
  std::vector<std::uint16_t> tokens(100, 1);  // row 1 of the embedding: weights 32 to 63
  const auto result = run_unit(context, checkpoint, tokens, settings(), kKey);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::failed);
  EXPECT_EQ(result.error().message.substr(0, 20), "unit: local step 0: ");
}

// How tokens lie in memory changes nothing, and neither does a row of the embedding beyond what 16 bits count.
TEST(Unit, LearnsTokensBeyondSixteenBits) {
  tensor::Context context = tensor::Context::make({.threads = 2}).value();
  const auto narrow = shard(600);
  const std::vector<TokenId> wide(narrow.begin(), narrow.end());
  EXPECT_EQ(run_unit(context, start(), wide, settings(), kKey).value(), run({.threads = 1}));

  model::ModelConfig config = tiny();
  config.vocabulary = 70001;
  const Checkpoint checkpoint{model::Model::initialise(config, 1).value(), {}};
  std::vector<TokenId> high;
  for (const TokenId token : narrow) high.push_back(70000 - token);
  const UnitResult result = run_unit(context, checkpoint, high, settings(), kKey).value();
  EXPECT_GT(result.first_loss, 10.0F);  // ln 70001 is 11.2
  EXPECT_LT(result.last_loss, result.first_loss - 0.2F);
  EXPECT_EQ(replay_stretches(context, checkpoint, high, settings(), kKey, 3).value(), result.states);
  high.back() = 70001;
  EXPECT_EQ(run_unit(context, checkpoint, high, settings(), kKey).error().message,
            "unit: token 599 is 70001, the vocabulary ends at 70000");
}

TEST(Unit, RefusesWhatIsOutOfRange) {
  tensor::Context context = tensor::Context::make({.threads = 1}).value();
  const Checkpoint checkpoint = start();
  const auto message = [&](auto change, std::size_t size = 600, std::uint16_t last = 0) {
    UnitSettings s = settings();
    change(s);
    auto tokens = shard(size);
    if (last > 0) tokens.back() = last;
    const auto result = run_unit(context, checkpoint, tokens, s, kKey);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_EQ(message([](auto& s) { s.profile = "c2"; }),
            "unit settings: profile 'c2' is not known; this version computes 'c1'");
  EXPECT_EQ(message([](auto& s) { s.grain = 3; }), "unit settings: grain is 3, expected a divisor of the 4 sequences");
  EXPECT_EQ(message([](auto& s) { s.context = 17; }), "unit settings: context is 17, expected 1 to the model's 16");
  EXPECT_EQ(message([](auto& s) { s.stretch = 7; }), "unit settings: stretch is 7, expected 1 to 6 steps");
  EXPECT_EQ(message([](auto& s) { s.learning_rate = NAN; }), "unit settings: learning_rate is nan, expected 1e-8 to 1");
  EXPECT_EQ(message([](auto& s) { s.contribution_bits = 2; }),
            "unit settings: contribution_bits is 2, expected 4 or 8");
  EXPECT_EQ(message([](auto&) {}, 16), "unit: 16 tokens, at least 17 (context + 1) are needed");
  EXPECT_EQ(message([](auto&) {}, 600, 32), "unit: token 599 is 32, the vocabulary ends at 31");
}

TEST(Unit, SettingsComeBackAsTheyWere) {
  UnitSettings s = settings();
  s.beta2 = 0.95F;
  s.first_step = std::uint64_t{1} << 33;
  EXPECT_EQ(unit_settings_from_json(to_json(s)).value(), s);
  EXPECT_NE(to_json(s).find("\"beta2\":0.95,"), std::string::npos);
  std::string unknown = to_json(s);
  unknown.insert(1, "\"speed\":1,");
  EXPECT_EQ(unit_settings_from_json(unknown).error().message, "unit settings: unknown key 'speed'");
}

TEST(Replay, NamesTheFirstStretchThatDiffers) {
  const UnitResult truth = run({.threads = 1});
  const Digest contribution = sha256(ByteView(truth.contribution));
  EXPECT_TRUE(compare(truth.states, contribution, truth).equal);
  std::vector<Digest> lie = truth.states;
  lie[1].bytes[0] ^= 1;
  lie[2].bytes[0] ^= 1;
  Comparison found = compare(lie, contribution, truth);
  EXPECT_FALSE(found.equal);
  EXPECT_EQ(found.first_difference, 1U);
  EXPECT_EQ(found.explanation, fmt::format("the state after stretch 1 of 3 is claimed to be {}, the replay gives {}",
                                           lie[1].brief(), truth.states[1].brief()));
  found = compare(truth.states, lie[1], truth);
  EXPECT_FALSE(found.equal);
  EXPECT_EQ(found.first_difference, 3U);
  EXPECT_EQ(compare(std::span(lie).first(2), contribution, truth).first_difference, 0U);
}

TEST(Unit, BitsDoNotDependOnTheMemoryThatAPassMayUse) {
  const UnitResult usual = run({.threads = 1});
  tensor::Context context = tensor::Context::make({.threads = 2}).value();
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{1} << 19}) {
    Watch watch;
    watch.pass_bytes = bytes;
    EXPECT_EQ(run_unit(context, start(), shard(600), settings(), kKey, watch).value(), usual) << bytes;
  }
}

TEST(Replay, AStretchFromInputsAloneHasTheSameStates) {
  const UnitResult truth = run({.threads = 1});
  tensor::Context context = tensor::Context::make({.threads = 2, .isa = tensor::Isa::scalar}).value();
  const Checkpoint checkpoint = start();
  const auto states = replay_stretches(context, checkpoint, shard(600), settings(), kKey, 2).value();
  EXPECT_EQ(states, std::vector<Digest>(truth.states.begin(), truth.states.begin() + 2));
  EXPECT_EQ(replay_stretches(context, checkpoint, shard(600), settings(), kKey, 4).error().message,
            "replay: 4 stretches, the unit has 3");
}

TEST(Replay, TheRootIsTheTreeOfRfc9162) {
  const Digest a = sha256("a"), b = sha256("b"), c = sha256("c");
  const auto node = [](const Bytes& left, const Bytes& right) {
    Bytes bytes = {1};
    bytes.insert(bytes.end(), left.begin(), left.end());
    bytes.insert(bytes.end(), right.begin(), right.end());
    const Digest d = sha256(bytes);
    return Bytes(d.bytes.begin(), d.bytes.end());
  };
  const auto leaf = [](const Digest& state) {
    Bytes bytes = {0};
    bytes.insert(bytes.end(), state.bytes.begin(), state.bytes.end());
    const Digest d = sha256(bytes);
    return Bytes(d.bytes.begin(), d.bytes.end());
  };
  EXPECT_EQ(to_hex(state_root(std::vector{a}).bytes), to_hex(leaf(a)));
  EXPECT_EQ(to_hex(state_root(std::vector{a, b, c}).bytes), to_hex(node(node(leaf(a), leaf(b)), leaf(c))));
}

TEST(Windows, ReadEachWindowOnceBeforeAnyTwice) {
  std::vector<std::uint16_t> tokens(1 + 10 * 4);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<std::uint16_t>(i);
  Windows windows(tokens, 4, {.key = 1, .stream = 2});
  std::vector<std::vector<std::int32_t>> passes;
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<std::int32_t> ids(40), targets(40);
    windows.next(10, ids, targets);
    for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(targets[i], ids[i] + 1);
    passes.push_back(ids);
    std::ranges::sort(ids);
    for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(ids[i], static_cast<std::int32_t>(i));
  }
  EXPECT_NE(passes[0], passes[1]);
}

}  // namespace
}  // namespace cairn::train
