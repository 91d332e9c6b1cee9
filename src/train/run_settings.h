// What a run of one process is: all that decides its weights beside the model it begins with and the text. Not when it
// is evaluated or saved (train/run.h), which changes no bit. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/config.h"
#include "train/optimiser.h"
#include "train/schedule.h"
#include "train/windows.h"

namespace cairn::train {

struct RunSettings {
  std::string profile = "c1";
  std::uint64_t seed = 0;  // of the windows' draws
  std::uint32_t steps = 1000;
  std::uint32_t sequences = 16;  // B, per step
  std::uint32_t context = 128;   // T, at most the model's
  std::uint32_t grain = 4;       // sequences per grain: divides `sequences`
  Draw draw = Draw::shifted;
  // The rate (train/schedule.h): its total is `steps`.
  float learning_rate = 1e-3F;  // peak
  float embedding_rate = 1.0F;  // times the rate, for the embedding
  float final_fraction = 0.1F;
  std::uint32_t warmup_steps = 100;
  Descent descent = Descent::cosine;
  std::uint32_t decay_steps = 0;  // of wsd and wsd-sqrt: 1 to steps - warmup_steps; else 0
  Algorithm algorithm = Algorithm::adamw;
  std::uint32_t state_bits = 32;  // 8 or 32
  float beta1 = 0.9F, beta2 = 0.99F, epsilon = 1e-8F;
  float momentum = 0.95F;  // of muon
  float weight_decay = 0.1F;
  float clip = 1.0F;
  float dropout = 0.0F;  // rate, in [0, 1)
  float z_loss = 0.0F;   // tensor/loss.h
  bool operator==(const RunSettings&) const = default;
};

// invalid: the first field out of range; or what check() of the configuration says.
Status check(const RunSettings& settings, const model::ModelConfig& config);
Schedule schedule_of(const RunSettings& settings);

std::string to_json(const RunSettings& settings);
// malformed: not JSON, a missing, unknown or ill-typed key; ranges are check()'s.
Result<RunSettings> run_settings_from_json(std::string_view text);

}  // namespace cairn::train
