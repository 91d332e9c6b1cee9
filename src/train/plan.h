// A run's plan: the model, the units and the merge, fixed before the first unit is handed out, so that they fix the
// model. Not the data (the swarm's plan names the shards). Values and pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "model/config.h"
#include "train/merge.h"
#include "train/unit.h"

namespace cairn::train {

struct TrainingPlan {
  model::ModelConfig config;
  UnitSettings unit;  // first_step is round 0's; unit_of_round() sets it
  OuterSettings outer;
  std::uint32_t rounds = 1;
  std::uint32_t lanes = 1;
  bool operator==(const TrainingPlan&) const = default;
};

// invalid: the first part that is out of range.
Status check(const TrainingPlan& plan);

// The settings of the units of a round: the schedule counts the local steps of all rounds before.
UnitSettings unit_of_round(const TrainingPlan& plan, std::uint32_t round);

// Tokens trained on in all: rounds x lanes x steps x sequences x context.
std::uint64_t tokens_of(const TrainingPlan& plan);

// What `cairn tour` trains; plan.cc gives the reason for each number.
TrainingPlan tour_plan(std::uint32_t vocabulary);

// What someone may choose of a plan; the rest follows.
struct PlanChoices {
  std::optional<std::uint32_t> width, layers, heads, hidden, context;     // of the model
  std::optional<std::uint32_t> rounds, lanes, steps, sequences, stretch;  // of the run
  std::optional<float> learning_rate;
};
// The tour's plan with the choices, for a text of `tokens`: units that would read more than it has are shortened, heads
// and hidden width go with the width, the schedule with the steps. Chosen numbers are taken as they are: check() and
// the cutting of the shards say where they do not fit.
TrainingPlan plan_for(std::uint32_t vocabulary, std::uint64_t tokens, const PlanChoices& choices = {});

}  // namespace cairn::train
