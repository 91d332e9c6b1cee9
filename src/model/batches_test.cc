// What changes no bit: how a batch is cut into micro-batches, what is kept for the backward pass, threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "model/backward.h"
#include "model/memory.h"
#include "model/testing_families.h"

namespace cairn::model {
namespace {

using tensor::Context;

constexpr std::size_t kSequences = 6, kGrain = 2;

struct Cut {
  std::size_t at_once = kGrain;  // sequences
  Keep keep = Keep::all;
  std::size_t logit_rows = 0;
  int threads = 1;
  float dropout = 0.0F;
  std::optional<tensor::Isa> isa = {};
};

// The gradient of a batch of kSequences, its loss at the end.
std::vector<float> gradient_of(const ModelConfig& config, const Cut& cut) {
  Context context = Context::make({.threads = cut.threads, .isa = cut.isa}).value();
  const Model model = lively(config);
  const ComputeWeights weights(context, model);
  const std::size_t time = config.context;
  const Tokens tokens(config, kSequences * time);
  Workspace work(
      config,
      Room{.rows = cut.at_once * time, .keep = cut.keep, .logit_rows = cut.logit_rows, .grain_rows = kGrain * time});
  std::vector<float> gradient(model.weights().size());
  float loss = 0;
  for (std::size_t first = 0; first < kSequences; first += cut.at_once) {
    const std::size_t count = std::min(cut.at_once, kSequences - first), rows = count * time;
    loss =
        loss_and_gradient(context, weights,
                          {.batch = count,
                           .time = time,
                           .ids = std::span(tokens.ids).subspan(first * time, rows),
                           .targets = std::span(tokens.targets).subspan(first * time, rows),
                           .grain_rows = kGrain * time,
                           .scale = 0.125F,
                           .z_loss = 1e-3F,
                           .dropout = {.rate = cut.dropout, .stream = {.key = 3, .stream = 4}, .first_sequence = first},
                           .last = first + count == kSequences,
                           .loss_before = loss},
                          work, {.weights = gradient.data()});
  }
  gradient.push_back(loss);
  return gradient;
}

class Batches : public testing::TestWithParam<NamedConfig> {};

TEST_P(Batches, BitsDoNotDependOnHowGrainsAreSpreadOrWhatIsKept) {
  const ModelConfig& config = GetParam().config;
  for (const float dropout : {0.0F, 0.25F}) {
    const std::vector<float> expected = gradient_of(config, {.dropout = dropout});
    ASSERT_TRUE(std::ranges::any_of(expected, [](float x) { return x != 0.0F; }));
    for (const Cut& cut : {Cut{.at_once = 4}, Cut{.at_once = 6}, Cut{.at_once = 6, .keep = Keep::inputs, .threads = 3},
                           Cut{.keep = Keep::inputs}, Cut{.at_once = 4, .logit_rows = 5, .threads = 2}}) {
      Cut with = cut;
      with.dropout = dropout;
      EXPECT_EQ(gradient_of(config, with), expected) << cut.at_once << " " << cut.logit_rows << " " << dropout;
    }
  }
}

TEST_P(Batches, BitsDoNotDependOnTheInstructionSet) {
  const ModelConfig& config = GetParam().config;
  const std::vector<float> expected = gradient_of(config, {.dropout = 0.25F, .isa = tensor::Isa::scalar});
  for (const tensor::Isa isa : tensor::available_isas())
    EXPECT_EQ(gradient_of(config, {.at_once = 4, .threads = 2, .dropout = 0.25F, .isa = isa}), expected)
        << tensor::name_of(isa);
}

TEST_P(Batches, DropoutChangesTheGradientAndTheRateZeroDoesNot) {
  const ModelConfig& config = GetParam().config;
  EXPECT_NE(gradient_of(config, {.dropout = 0.5F}), gradient_of(config, {}));
  EXPECT_NE(gradient_of(config, {.dropout = 0.5F}), gradient_of(config, {.dropout = 0.25F}));
}

// Sequences with pasts of different lengths that go on together have the logits that each has alone.
TEST_P(Batches, SequencesGoOnTogetherAsAlone) {
  const ModelConfig& config = GetParam().config;
  if (!config.causal) return;
  Context context = Context::make({.threads = 2}).value();
  const ComputeWeights weights(context, lively(config));
  const Tokens tokens(config, config.context);
  Activations a(config, {.rows = config.context, .keep = Keep::last});
  const auto read = [&](std::span<KeyValueCache* const> caches, std::size_t time, std::span<const std::int32_t> ids) {
    for (KeyValueCache* cache : caches) EXPECT_TRUE(cache->make_room(config, cache->length + time));
    forward(context, weights, {.batch = caches.size(), .time = time, .ids = ids, .caches = caches}, a);
    return std::vector<float>(a.logits.begin(),
                              a.logits.begin() + static_cast<std::ptrdiff_t>(ids.size() * config.vocabulary));
  };
  const std::span<const std::int32_t> ids = tokens.ids;
  KeyValueCache one, other, one_alone, other_alone;
  KeyValueCache *const together[] = {&one, &other}, *const first[] = {&one_alone}, *const second[] = {&other_alone};
  for (KeyValueCache* cache : {&one, &one_alone}) read({&cache, 1}, 3, ids.first(3));
  for (KeyValueCache* cache : {&other, &other_alone}) read({&cache, 1}, 7, ids.subspan(2, 7));
  std::vector<float> expected = read(first, 2, ids.subspan(4, 2));
  const std::vector<float> rest = read(second, 2, ids.subspan(6, 2));
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(read(together, 2, ids.subspan(4, 4)), expected);
  EXPECT_EQ(one.length, 5U);
  EXPECT_EQ(other.length, 9U);
}

TEST(KeyValueCache, GrowsAndKeepsWhatItHolds) {
  ModelConfig config = tiny_families().front().config;
  config.context = 200;
  KeyValueCache cache;
  std::size_t grown = 0;
  for (; cache.length < config.context; ++cache.length) {
    const std::size_t before = cache.room;
    ASSERT_TRUE(cache.make_room(config, cache.length + 1));
    grown += cache.room != before;
    for (std::size_t layer = 0; layer < config.layers; ++layer) {
      const std::size_t last = (layer * cache.room + cache.length) * config.kv_width();
      cache.keys[last].bits = static_cast<std::uint16_t>(1000 * layer + cache.length);
      cache.values[last].bits = static_cast<std::uint16_t>(cache.keys[last].bits + 1);
    }
  }
  EXPECT_EQ(cache.room, 200U);  // never more than the context
  EXPECT_LE(grown, 4U);
  for (std::size_t layer = 0; layer < config.layers; ++layer)
    for (std::size_t t = 0; t < cache.length; ++t) {
      const std::size_t at = (layer * cache.room + t) * config.kv_width();
      EXPECT_EQ(cache.keys[at].bits, 1000 * layer + t);
      EXPECT_EQ(cache.values[at].bits, 1000 * layer + t + 1);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Batches, testing::ValuesIn(tiny_families()),
                         [](const auto& instance) { return instance.param.name; });

std::size_t owned(const auto& buffer) {
  return buffer.size() * sizeof(buffer[0]);
}

std::size_t owned(const NormActivations& n) {
  return owned(n.mean) + owned(n.rstd) + owned(n.y);
}

// Counted anew, field by field, so that a buffer that memory.h forgets is noticed.
std::size_t owned(const Workspace& w) {
  const Activations& a = w.activations;
  std::size_t bytes = owned(a.out) + owned(a.final_norm) + owned(a.logits) + owned(a.wide) + owned(a.low_rank) +
                      owned(w.loss) + owned(w.dlogits) + owned(w.dx) + owned(w.narrow) + owned(w.narrow_map) +
                      owned(w.branch) + owned(w.low_rank);
  for (const auto& input : a.inputs) bytes += owned(input);
  for (const BlockActivations& b : a.blocks) {
    bytes += owned(b.attention_norm) + owned(b.heads) + owned(b.q_rstd) + owned(b.k_rstd) + owned(b.qkv) +
             owned(b.attention_stats) + owned(b.attended) + owned(b.middle) + owned(b.feed_forward_norm) + owned(b.up) +
             owned(b.activated);
    for (const auto& site : b.low_rank) bytes += owned(site);
  }
  return bytes;
}

TEST(Memory, APlansBytesAreThoseThatAreTaken) {
  for (const NamedConfig& family : tiny_families())
    for (const Keep keep : {Keep::all, Keep::inputs})
      for (const std::size_t rank : {0UL, 4UL}) {
        const Room room{.rows = 36, .keep = keep, .rank = rank, .grain_rows = 12};
        EXPECT_EQ(workspace_bytes(family.config, room), owned(Workspace(family.config, room))) << family.name;
      }
}

TEST(Memory, KeepingInputsAloneTakesABlocksRoomForAllBlocks) {
  ModelConfig config = tiny_families()[0].config;
  config.layers = 8;
  const auto bytes = [&](Keep keep) { return workspace_bytes(config, {.rows = 96, .keep = keep, .grain_rows = 24}); };
  EXPECT_LT(2 * bytes(Keep::inputs), bytes(Keep::all));
}

TEST(Memory, RoomIsTheMostThatFitsAndAtLeastOneGrain) {
  ModelConfig config = tiny_families()[0].config;
  config.layers = 8;
  const BatchSize batch{.sequences = 12, .time = 12, .grain = 2};
  const Room all = room_within(config, batch);
  EXPECT_EQ(all.rows, 12U * 12U);
  EXPECT_EQ(all.keep, Keep::all);
  std::size_t rows = all.rows;
  for (std::uint64_t bytes = workspace_bytes(config, all) + 1; bytes > 1000; bytes = bytes * 7 / 8) {
    const Room room = room_within(config, batch, bytes);
    EXPECT_LE(room.rows, rows);
    EXPECT_EQ(room.rows % 24, 0U);
    EXPECT_TRUE(room.rows == 24 || workspace_bytes(config, room) <= bytes);
    rows = room.rows;
  }
  EXPECT_EQ(rows, 24U);
  EXPECT_EQ(room_within(config, batch, 1000).keep, Keep::inputs);
}

// arXiv 2401.02385's sizes; AdamW with its state in 8 bits, a scale for each 64.
TEST(Memory, AStepOfABillionWeightsFitsSixteenGiB) {
  ModelConfig config;
  config.family = "llama";
  config.vocabulary = 32000;
  config.width = 2048;
  config.layers = 22;
  config.heads = 32;
  config.kv_heads = 4;
  config.hidden = 5632;
  config.context = 2048;
  config.tied_embeddings = false;
  ASSERT_TRUE(check(config).has_value());
  EXPECT_GT(parameter_count(config), 1'000'000'000U);
  const BatchSize batch{.sequences = 4, .time = 2048, .grain = 1};
  const Room room = room_within(config, batch);
  EXPECT_EQ(room.keep, Keep::inputs);
  const TrainingMemory memory = training_memory(config, batch, room, 2.0 * (1.0 + 4.0 / 64.0));
  EXPECT_LT(memory.total(), std::uint64_t{14} << 30);
  EXPECT_LT(memory.pass, std::uint64_t{1} << 30);
}

}  // namespace
}  // namespace cairn::model
