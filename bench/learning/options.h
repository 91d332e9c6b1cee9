// What `learning` is asked to do: a preset with whatever the command line says otherwise. Not the doing (learning.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "model/config.h"
#include "train/run_settings.h"

namespace cairn::learning {

struct Options {
  std::filesystem::path text;
  std::filesystem::path out;  // the folder of the run
  model::ModelConfig config;  // but for the vocabulary, which is the text's
  train::RunSettings settings;
  std::uint32_t evaluate_every = 250, save_every = 250;  // steps
  std::uint32_t sample_batches = 20;                     // of the sampled estimate; 0: none
  bool fresh = false, json = false;
};

// Parses; prints help or what is wrong, as CLI11 does. The exit code where the program is to end at once.
struct Parsed {
  Options options;
  int exit_code = -1;  // -1: go on
};
Parsed parse(int argc, char** argv);

}  // namespace cairn::learning
