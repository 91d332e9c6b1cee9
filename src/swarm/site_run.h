// Between a site and a run: a plan made from a site's shards, and shards handed out through the guard.
// Not the run (swarm/host.h). Only the coordinator's side links this.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "guard/guard.h"
#include "swarm/host.h"
#include "swarm/plan.h"
#include "train/plan.h"
#include "work/energy.h"
#include "work/train.h"

namespace cairn::swarm {

struct RunSettings {
  std::string name = "base";
  std::uint64_t seed = 0;        // of the first weights and of all units
  train::TrainingPlan training;  // its vocabulary is that of the shards
  double audit_share = 1.0;
  Pace pace;
};

struct PreparedRun {
  Plan plan;
  Bytes checkpoint;  // the first model's file
};

// Deterministic in the settings and the tokens. invalid: settings out of range, or fewer tokens than a unit reads.
Result<PreparedRun> prepare_run(const work::TrainingTokens& tokens, const RunSettings& settings);

// Leaves what `cairn host` reads in the folder: plan.json and first.safetensors. invalid: it holds another run's.
Status write_prepared(const std::filesystem::path& folder, const PreparedRun& run);

// Whether the plan's units are cut from these tokens: invalid where they are not, so that no model gets the lineage,
// and with it the permit, of data that it was not trained on.
Status check_cut_from(const Plan& plan, const work::TrainingTokens& tokens);

// Stores the model of a complete run in the site, with what the run measured. The same run again is the same asset.
// invalid: the run was not cut from `tokens`, which are those of `shards`. Errors: reading the model's file; the
// guard's.
Result<AssetId> commit_run(guard::Guard& guard, const AssetId& shards, const AssetId& tokenizer,
                           const work::TrainingTokens& tokens, const Plan& plan, const HostSummary& run,
                           const work::Energy& energy);

// Cuts each unit's shard on demand; for each one the guard is asked anew (`share` with volunteers, or `train` for the
// coordinator's own replay), so a withdrawal ends the handing out. The guard must outlive the provider.
ShardProvider shards_through_guard(guard::Guard& guard, std::shared_ptr<const work::TrainingTokens> tokens, Plan plan);

}  // namespace cairn::swarm
