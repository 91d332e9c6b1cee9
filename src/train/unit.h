// A unit: local steps of AdamW from a checkpoint over a shard of tokens, and the contribution that comes of them.
// A pure function of its inputs: who computes it, on which processor, with how many threads, does not enter.
// Not the transport (swarm/) and not the merge (train/merge.h). A unit inherits its checkpoint alone: AdamW's second
// moments from it, the first ones at zero. Thread rule: run_unit blocks; the Context's threads are its own while it
// runs; callbacks come from the calling thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "base/tokens.h"
#include "model/config.h"
#include "model/memory.h"
#include "tensor/context.h"
#include "train/checkpoint.h"

namespace cairn::train {

// All that decides a unit's arithmetic beside its checkpoint and tokens. Part of the run's plan; hashed, signed, sent
// as JSON.
struct UnitSettings {
  std::string profile = "c1";
  std::uint32_t steps = 16;     // local optimiser steps
  std::uint32_t sequences = 8;  // B, per step
  std::uint32_t context = 128;  // T, at most the model's
  std::uint32_t grain = 8;  // sequences per grain: divides `sequences`; a batch's gradient is the left fold over grains
  std::uint32_t stretch = 8;  // steps per stretch: the state is hashed after each (and after the last step)
  // Rate at the run's step s (first_step + the local step): linear warm-up over warmup_steps, then cosine from peak to
  // final_fraction of it at total_steps. AdamW's count of steps is the run's too where the checkpoint has moments, so
  // that its first moment, at zero when a unit begins, grows in some steps: no second warm-up is needed.
  std::uint64_t first_step = 0;  // the run's steps before this unit: its round times its steps
  std::uint64_t warmup_steps = 32;
  std::uint64_t total_steps = 512;
  float learning_rate = 3e-3F;  // peak
  float embedding_rate = 1.0F;  // times the rate, for the embedding: its rows see few of the tokens
  float final_fraction = 0.1F;
  float beta1 = 0.9F, beta2 = 0.99F, epsilon = 1e-8F;
  float weight_decay = 0.1F;            // decoupled, on matrices only
  float clip = 1.0F;                    // of the gradient's global norm
  std::uint32_t contribution_bits = 8;  // 4 or 8
  bool operator==(const UnitSettings&) const = default;
};

// invalid: the first field out of range. `config` is the checkpoint's; without it what holds for every model.
Status check(const UnitSettings& settings);
Status check(const UnitSettings& settings, const model::ModelConfig& config);
std::string to_json(const UnitSettings& settings);
// malformed: not JSON, a missing, unknown or ill-typed key; ranges are check()'s.
Result<UnitSettings> unit_settings_from_json(std::string_view text);

// Which unit: keys the Philox stream that draws its windows from the shard.
struct UnitKey {
  std::uint64_t run_seed = 0;
  std::uint32_t round = 0;
  std::uint32_t lane = 0;
  bool operator==(const UnitKey&) const = default;
};

struct StepReport {
  std::uint32_t step = 0, steps = 0;  // done, of
  float loss = 0;                     // nats per token, this step
  float gradient_norm = 0;            // before clipping
  std::uint64_t tokens = 0;           // so far
};

// Whoever watches: both may be empty. cancelled() is asked between steps. None of it changes a bit.
struct Watch {
  std::function<void(const StepReport&)> progress;
  std::function<bool()> cancelled;
  std::uint64_t pass_bytes = model::kUsualPassBytes;  // for activations and scratch (model/memory.h)
};

struct UnitResult {
  Bytes contribution;          // train/contribution.h
  std::vector<Digest> states;  // at the stretch boundaries, in order; never empty
  Digest root;                 // Merkle root of `states` (train/replay.h): what a volunteer commits to
  double mean_loss = 0;        // nats per token over all steps
  float first_loss = 0, last_loss = 0;
  std::uint64_t tokens = 0;  // steps x sequences x context
  bool operator==(const UnitResult&) const = default;
};

// tokens: at least context + 1 ids below V; windows of context + 1 are drawn from it without replacement while it
// lasts. invalid: settings or tokens out of range. failed: a loss, gradient or weight that is not finite, with the
// step. interrupted: cancelled() said so; nothing is kept.
Result<UnitResult> run_unit(tensor::Context& context, const Checkpoint& checkpoint, Tokens tokens,
                            const UnitSettings& settings, const UnitKey& key, const Watch& watch = {});

}  // namespace cairn::train
