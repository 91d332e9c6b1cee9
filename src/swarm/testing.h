// A tiny run for tests: a real model of a few thousand weights, real shards, a plan. Not part of the library.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "base/tokens.h"
#include "model/checkpoint.h"
#include "swarm/chance.h"
#include "swarm/host.h"
#include "swarm/workbench.h"

namespace cairn::swarm::testing_run {

struct TinyRun {
  Plan plan;
  Bytes checkpoint;
  std::vector<Bytes> shards;  // as the plan's

  ShardProvider provider() const {
    return [this](const ShardRequest& request) -> Result<Bytes> { return shards[plan.index(request.unit)]; };
  }
};

// Units of `steps` steps; about a millisecond a step.
inline TinyRun tiny_run(std::uint32_t rounds, std::uint32_t lanes, std::uint32_t steps, std::uint64_t seed = 1,
                        std::uint32_t vocabulary = 64) {
  TinyRun out;
  model::ModelConfig config;
  config.vocabulary = vocabulary;
  config.width = 32;
  config.layers = 1;
  config.heads = config.kv_heads = 2;
  config.hidden = 64;
  config.context = 16;
  const auto model = model::Model::initialise(config, seed);
  EXPECT_TRUE(model) << model.error().message;
  out.checkpoint = model::encode(*model);
  Plan& plan = out.plan;
  plan.name = "tiny";
  plan.seed = seed;
  plan.rounds = rounds;
  plan.lanes = lanes;
  plan.unit.steps = steps;
  plan.unit.sequences = 4;
  plan.unit.context = 16;
  plan.unit.grain = 4;
  plan.unit.stretch = std::max(1U, steps / 4);
  plan.unit.warmup_steps = 2;
  plan.unit.total_steps = rounds * steps;
  plan.checkpoint = sha256(out.checkpoint);
  plan.parameters = model::parameter_count(config);
  plan.pace = {.heartbeat = Duration(100), .lease = Duration(1'500), .late = Duration(1'000)};
  for (std::uint64_t unit = 0; unit < plan.units(); ++unit) {
    TokenBuffer tokens(vocabulary);
    std::uint64_t random = seed * 1'000 + unit;
    for (int i = 0; i < 400; ++i) {  // pairs that can be learnt
      random = chance::mix(random);
      const auto token = vocabulary - 64 + static_cast<TokenId>(random % 32);
      tokens.push_back(token);
      tokens.push_back(token + 32);
    }
    const ByteView bytes = tokens.view().bytes();
    out.shards.emplace_back(bytes.begin(), bytes.end());
    plan.shards.push_back(sha256(out.shards.back()));
  }
  return out;
}

// The model that the plan leads to, computed here without a swarm.
inline Digest model_of(const TinyRun& run) {
  tensor::ContextOptions one;
  one.threads = 1;
  auto bench = Workbench::make(run.plan, one);
  EXPECT_TRUE(bench) << bench.error().message;
  Bytes checkpoint = run.checkpoint, outer;
  for (std::uint32_t round = 0; round < run.plan.rounds; ++round) {
    std::vector<Bytes> contributions;
    for (std::uint32_t lane = 0; lane < run.plan.lanes; ++lane) {
      const UnitId unit{round, lane};
      const Assignment work{unit, sha256(checkpoint), run.plan.shard(unit)};
      auto computed = bench->compute(work, checkpoint, run.shards[std::size_t{round} * run.plan.lanes + lane]);
      EXPECT_TRUE(computed) << computed.error().message;
      contributions.push_back(std::move(computed->contribution));
    }
    auto merged = bench->merge(checkpoint, outer, contributions);
    EXPECT_TRUE(merged) << merged.error().message;
    checkpoint = std::move(merged->checkpoint);
    outer = std::move(merged->outer_state);
  }
  return sha256(checkpoint);
}

}  // namespace cairn::swarm::testing_run
