// A module: a low-rank change trained over a frozen base, and its file (docs/formats/module.md).
// The base's weights are read, never written; with the module off a forward pass gives the base's bits.
// Not when a module may be switched on: its permit says, and serving asks the guard.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "base/tokens.h"
#include "model/low_rank.h"
#include "model/model.h"
#include "tensor/context.h"
#include "train/unit.h"

namespace cairn::adapt {

struct ModuleSettings {
  std::string profile = "c1";
  std::uint32_t rank = 8;  // r
  float scale = 2.0F;      // alpha / r
  std::uint32_t steps = 100;
  std::uint32_t sequences = 8;  // B
  std::uint32_t context = 128;  // T
  std::uint32_t grain = 8;      // sequences per grain
  std::uint32_t warmup_steps = 10;
  float learning_rate = 3e-3F;  // peak; cosine to a tenth
  float beta1 = 0.9F, beta2 = 0.99F, epsilon = 1e-8F;
  float weight_decay = 0.0F;
  float clip = 1.0F;
  bool operator==(const ModuleSettings&) const = default;
};
Status check(const ModuleSettings& settings, const model::ModelConfig& base);
std::string to_json(const ModuleSettings& settings);
Result<ModuleSettings> module_settings_from_json(std::string_view text);

struct Module {
  Digest base;  // the checkpoint's digest (model/checkpoint.h)
  ModuleSettings settings;
  std::uint64_t seed = 0;
  model::LowRank delta;
};

struct TrainedModule {
  Module module;
  float first_loss = 0, last_loss = 0;  // nats per token
  std::uint64_t tokens = 0;
};

// Pure: equal inputs give equal bits on every machine. Errors as train::run_unit.
Result<TrainedModule> train_module(tensor::Context& context, const model::Model& base, Tokens tokens,
                                   const ModuleSettings& settings, std::uint64_t seed, const train::Watch& watch = {});

// Equal modules have equal bytes; the module's digest is the SHA-256 of the file.
Bytes encode(const Module& module);
// malformed as model::decode. invalid: the module was made for another base than `base_digest`, whose configuration is
// `base`.
Result<Module> decode_module(ByteView file, const model::ModelConfig& base, const Digest& base_digest);

}  // namespace cairn::adapt
