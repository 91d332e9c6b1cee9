#include "model/backward.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/testing_families.h"
#include "tensor/random.h"

namespace cairn::model {
namespace {

using tensor::Context;

ModelConfig tiny(bool tied) {
  ModelConfig config;
  config.vocabulary = 50;
  config.width = 64;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.hidden = 96;
  config.context = 12;
  config.tied_embeddings = tied;
  return config;
}

constexpr std::size_t kBatch = 3, kTime = 12;

MicroBatch batch_of(const Tokens& tokens, const ComputeLowRank* delta = nullptr) {
  return {.batch = kBatch, .time = kTime, .ids = tokens.ids, .targets = tokens.targets, .delta = delta};
}

// Moves a random half of the values by +-step along the gradient's sign, both ways; returns the change of the loss
// beside what the gradient predicts for the values as rounded to bfloat16. 2^-4 of a weight's scale is far above
// bfloat16's rounding (2^-9) and small enough that the curvature cancels between the two ways.
struct Slope {
  double measured = 0, predicted = 0;
};
template <class Evaluate>
Slope slope(std::span<float> values, std::span<const float> gradient, float step, std::uint64_t seed, bool rounded,
            Evaluate evaluate) {
  const std::vector<float> original(values.begin(), values.end());
  Slope out;
  std::vector<float> ends[2];
  for (const int way : {0, 1}) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool moves = tensor::random_word({.key = seed, .stream = 9}, i) % 2 == 0;
      const float move = moves ? std::copysign(step, gradient[i]) * (way == 0 ? -1.0F : 1.0F) : 0.0F;
      values[i] = original[i] + move;
    }
    ends[way].assign(values.begin(), values.end());
    const double loss = evaluate();
    out.measured += way == 0 ? -loss : loss;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto read = [&](float x) { return rounded ? tensor::to_float(tensor::to_bf16(x)) : x; };
    out.predicted += static_cast<double>(gradient[i]) * static_cast<double>(read(ends[1][i]) - read(ends[0][i]));
  }
  std::ranges::copy(original, values.begin());
  return out;
}

TEST(Backward, LowRankGradientsAreTheLosssSlope) {
  Context context = Context::make({.threads = 1}).value();
  for (const NamedConfig& family : tiny_families()) {
    const ModelConfig& config = family.config;
    const Model model = lively(config);
    const ComputeWeights weights(context, model);
    LowRank delta = LowRank::make(config, 4, 2.0F, 8).value();
    tensor::fill_normal({.key = 4, .stream = 4}, 0, 0.1F, delta.weights());
    const Tokens batch(config, kBatch * kTime);
    Workspace work(config, kBatch * kTime, delta.rank());
    tensor::Array<float> gradient(delta.weights().size());
    const ComputeLowRank compute(context, delta);
    loss_and_gradient(context, weights, batch_of(batch, &compute), work, {.low_rank = gradient.data()});
    for (const Parameter& p : delta.parameters()) {
      const Slope s = slope(delta.weights().subspan(p.offset, p.count), std::span(gradient).subspan(p.offset, p.count),
                            0x1p-7F, 78, true, [&] {
                              const ComputeLowRank moved(context, delta);
                              return static_cast<double>(loss(context, weights, batch_of(batch, &moved), work));
                            });
      EXPECT_NEAR(s.measured / s.predicted, 1.0, 0.06) << family.name << " " << p.name;
    }
  }
}

std::vector<float> gradient_under(const tensor::ContextOptions& options, std::size_t grains) {
  Context context = Context::make(options).value();
  const ModelConfig config = tiny(true);
  const Model model = lively(config);
  const ComputeWeights weights(context, model);
  const Tokens batch(config, kBatch * kTime);
  Workspace work(config, kBatch * kTime);
  std::vector<float> gradient(model.weights().size());
  for (std::size_t g = 0; g < grains; ++g) {
    const std::size_t size = kBatch / grains, first = g * size * kTime;
    const MicroBatch grain{.batch = size,
                           .time = kTime,
                           .ids = std::span(batch.ids).subspan(first, size * kTime),
                           .targets = std::span(batch.targets).subspan(first, size * kTime)};
    gradient.push_back(loss_and_gradient(context, weights, grain, work, {.weights = gradient.data()}));
  }
  return gradient;
}

TEST(Backward, BitsDoNotDependOnThreadsOrInstructionSet) {
  for (const std::size_t grains : {std::size_t{1}, kBatch}) {
    const std::vector<float> expected = gradient_under({.threads = 1, .isa = tensor::Isa::scalar}, grains);
    for (const tensor::Isa isa : tensor::available_isas()) {
      for (const int threads : {1, 2, 3}) {
        EXPECT_EQ(gradient_under({.threads = threads, .isa = isa}, grains), expected)
            << tensor::name_of(isa) << " with " << threads << " threads, " << grains << " grains";
      }
    }
  }
}

// Grains are part of a run's settings because the fold over them is part of the sum's definition.
TEST(Backward, GrainsOfABatchSumToNearlyTheSame) {
  const std::vector<float> whole = gradient_under({.threads = 1}, 1), split = gradient_under({.threads = 1}, kBatch);
  const std::size_t weights = parameter_count(tiny(true));
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < weights; ++i) {
    difference += std::pow(static_cast<double>(whole[i]) - static_cast<double>(split[i]), 2);
    size += std::pow(static_cast<double>(whole[i]), 2);
  }
  EXPECT_LT(difference, 1e-8 * size);
  EXPECT_GT(difference, 0.0);
}

TEST(Forward, ADeltaThatChangesNothingGivesTheBasesBits) {
  Context context = Context::make({.threads = 2}).value();
  const ModelConfig config = tiny(true);
  const ComputeWeights weights(context, lively(config));
  const ComputeLowRank fresh(context, LowRank::make(config, 4, 2.0F, 8).value());  // B is zero
  const Tokens batch(config, kBatch * kTime);
  Workspace with(config, kBatch * kTime, 4), without(config, kBatch * kTime);
  forward(context, weights, {.batch = kBatch, .time = kTime, .ids = batch.ids, .delta = &fresh}, with.activations);
  forward(context, weights, {.batch = kBatch, .time = kTime, .ids = batch.ids}, without.activations);
  EXPECT_EQ(with.activations.logits, without.activations.logits);
}

TEST(Forward, LaterTokensDoNotReachEarlierOnes) {
  Context context = Context::make({.threads = 1}).value();
  const ModelConfig config = tiny(true);
  const ComputeWeights weights(context, lively(config));
  Tokens batch(config, kTime);
  Workspace a(config, kTime), b(config, kTime);
  forward(context, weights, {.batch = 1, .time = kTime, .ids = batch.ids}, a.activations);
  batch.ids.back() = (batch.ids.back() + 1) % 50;
  forward(context, weights, {.batch = 1, .time = kTime, .ids = batch.ids}, b.activations);
  const std::size_t earlier = (kTime - 1) * config.vocabulary;
  EXPECT_TRUE(
      std::equal(a.activations.logits.begin(), a.activations.logits.begin() + earlier, b.activations.logits.begin()));
  EXPECT_NE(a.activations.logits, b.activations.logits);
}

}  // namespace
}  // namespace cairn::model
