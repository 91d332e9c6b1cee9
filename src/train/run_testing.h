// A model and a text small enough for tests of runs.
#pragma once

#include <gtest/gtest.h>

#include "base/files.h"
#include "train/run.h"

namespace cairn::train::testing_run {

inline model::ModelConfig tiny_config() {
  model::ModelConfig config;
  config.vocabulary = 24;
  config.width = 32;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.hidden = 48;
  config.context = 16;
  return config;
}

// A language that can be learnt: each token follows from the one before, save where a draw interrupts.
inline std::vector<std::uint16_t> text_of(std::size_t size, std::uint64_t seed = 5) {
  std::vector<std::uint16_t> tokens(size);
  for (std::size_t i = 1; i < size; ++i) {
    const std::uint32_t word = tensor::random_word({seed, 0}, i);
    tokens[i] = static_cast<std::uint16_t>(word % 16 == 0 ? (word >> 8) % 24 : (tokens[i - 1] * 5U + 7U) % 24);
  }
  return tokens;
}

inline RunSettings tiny_settings() {
  RunSettings s;
  s.steps = 12;
  s.sequences = 4;
  s.context = 16;
  s.grain = 2;
  s.warmup_steps = 2;
  s.learning_rate = 1e-2F;
  return s;
}

inline tensor::Context one_thread() {
  return tensor::Context::make({.threads = 1}).value();
}

inline TrainingRun begin_tiny(tensor::Context& context, std::span<const std::uint16_t> tokens,
                              const RunSettings& settings = tiny_settings()) {
  return TrainingRun::begin(context, model::Model::initialise(tiny_config(), 1).value(), tokens, settings).value();
}

// The run's file as it stands.
inline Bytes file_of(TrainingRun& run) {
  const TemporaryFolder folder = TemporaryFolder::make("cairn-run").value();
  EXPECT_TRUE(run.save(folder.path() / "run"));
  return read_file(folder.path() / "run").value();
}

inline Bytes file_after(const RunSettings& settings, std::uint32_t steps,
                        const tensor::ContextOptions& options = {.threads = 1}) {
  tensor::Context context = tensor::Context::make(options).value();
  const auto tokens = text_of(400);
  TrainingRun run = begin_tiny(context, tokens, settings);
  for (std::uint32_t i = 0; i < steps; ++i) EXPECT_TRUE(run.step());
  return file_of(run);
}

}  // namespace cairn::train::testing_run
