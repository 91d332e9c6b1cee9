// Every family against the reference in double precision: logits, losses and every tensor's gradient.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/backward.h"
#include "model/testing_families.h"
#include "model/testing_reference.h"

namespace cairn::model {
namespace {

using tensor::Context;

class Families : public testing::TestWithParam<NamedConfig> {};

TEST_P(Families, LogitsComeNearTheReference) {
  const ModelConfig& config = GetParam().config;
  Context context = Context::make({.threads = 2}).value();
  const Model model = lively(config);
  const std::size_t time = config.context;
  const Tokens tokens(config, 2 * time);
  Activations a(config, {.rows = 2 * time});
  forward(context, ComputeWeights(context, model), {.batch = 2, .time = time, .ids = tokens.ids}, a);
  double error = 0, size = 0;
  for (std::size_t sequence = 0; sequence < 2; ++sequence) {
    const auto expected = Reference(config).logits(Reference::weights_of(config, model.weights()),
                                                   std::span(tokens.ids).subspan(sequence * time, time));
    for (std::size_t t = 0; t < time; ++t)
      for (std::size_t v = 0; v < config.vocabulary; ++v) {
        const double got = a.logits[(sequence * time + t) * config.vocabulary + v];
        error += std::pow(got - expected[t][v], 2);
        size += std::pow(expected[t][v], 2);
      }
  }
  EXPECT_GT(size, 0.0);
  EXPECT_LT(std::sqrt(error / size), 0.02);
}

// The loss's slope along the sign of the gradient, in the reference by finite differences, beside what the gradient
// says it is.
void compare_gradients(const ModelConfig& config, float z_loss, const PassDropout& dropout) {
  Context context = Context::make({.threads = 2}).value();
  const Model model = lively(config);
  const std::size_t time = config.context;
  const Tokens tokens(config, 2 * time);
  Workspace work(config, 2 * time);
  tensor::Array<float> gradient(model.weights().size());
  const MicroBatch batch{
      .batch = 2, .time = time, .ids = tokens.ids, .targets = tokens.targets, .z_loss = z_loss, .dropout = dropout};
  const float loss =
      loss_and_gradient(context, ComputeWeights(context, model), batch, work, {.weights = gradient.data()});
  Reference reference(config);
  const auto evaluate = [&](const Reference::Vector& weights) {
    double total = 0;
    for (std::size_t sequence = 0; sequence < 2; ++sequence) {
      reference.drop(dropout.rate, dropout.stream, dropout.first_sequence + sequence);
      total += reference.loss(weights, std::span(tokens.ids).subspan(sequence * time, time),
                              std::span(tokens.targets).subspan(sequence * time, time), static_cast<double>(z_loss));
    }
    return total;
  };
  const Reference::Vector weights = Reference::weights_of(config, model.weights());
  EXPECT_NEAR(static_cast<double>(loss) / evaluate(weights), 1.0, 0.005);
  for (const Parameter& p : model.parameters()) {
    const double step = 1e-5;
    Reference::Vector up = weights, down = weights;
    double predicted = 0;
    for (std::size_t i = p.offset; i < p.offset + p.count; ++i) {
      const double slope = static_cast<double>(gradient[i]);
      up[i] += std::copysign(step, slope);
      down[i] -= std::copysign(step, slope);
      predicted += std::fabs(slope);
    }
    const double measured = (evaluate(up) - evaluate(down)) / (2 * step);
    // A bias that moves every score of a query alike moves nothing.
    if (p.name.ends_with("k_proj.bias") && config.positions != Positions::rotary) {
      EXPECT_LT(std::fabs(measured), 0.01 * static_cast<double>(loss)) << p.name;
      continue;
    }
    EXPECT_GT(predicted, 0.0) << p.name;
    EXPECT_NEAR(measured / predicted, 1.0, 0.03) << p.name;
  }
}

TEST_P(Families, EveryTensorsGradientIsTheReferencesSlope) {
  compare_gradients(GetParam().config, 0.01F, {});
}

TEST_P(Families, SoItIsWithDropout) {
  compare_gradients(GetParam().config, 0.0F, {.rate = 0.25F, .stream = {.key = 5, .stream = 6}, .first_sequence = 3});
}

INSTANTIATE_TEST_SUITE_P(All, Families, testing::ValuesIn(tiny_families()),
                         [](const auto& instance) { return instance.param.name; });

// More tokens than 16 bits count, with the head tied and not.
std::vector<NamedConfig> wide_families() {
  ModelConfig c;
  c.family = "llama";
  c.vocabulary = 70001;
  c.width = 8;
  c.layers = 1;
  c.heads = 2;
  c.kv_heads = 1;
  c.hidden = 12;
  c.context = 4;
  NamedConfig tied{"tied", c}, untied{"untied", c};
  untied.config.tied_embeddings = false;
  untied.config.head_bias = true;
  return {tied, untied};
}

INSTANTIATE_TEST_SUITE_P(Wide, Families, testing::ValuesIn(wide_families()),
                         [](const auto& instance) { return instance.param.name; });

TEST(WideFamilies, AreTestedWithTokensBeyondSixteenBits) {
  const Tokens tokens(wide_families()[0].config, 8);
  EXPECT_GT(std::ranges::max(tokens.ids), 65536);
  EXPECT_GT(std::ranges::max(tokens.targets), 65536);
}

}  // namespace
}  // namespace cairn::model
