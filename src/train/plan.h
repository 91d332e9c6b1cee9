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

inline constexpr std::uint32_t kMostRounds = 100'000, kMostLanes = 1'024;

// The rounds of a run: whatever decides them beside the model, the tokens and the seed. The swarm's plan holds one too.
struct Course {
  UnitSettings unit;  // first_step is 0: unit_of_round() gives each round its own
  OuterSettings outer;
  std::uint32_t rounds = 1;
  std::uint32_t lanes = 1;  // units per round
  bool operator==(const Course&) const = default;

  std::uint64_t units() const { return std::uint64_t{rounds} * lanes; }
  std::uint64_t tokens_per_unit() const { return std::uint64_t{unit.steps} * unit.sequences * unit.context; }
  std::uint32_t stretches() const;  // states that a unit commits to
};

// invalid: the first part that is out of range, with the range.
Status check(const Course& course);

// The settings of the units of a round: the schedule counts the local steps of all rounds before.
UnitSettings unit_of_round(const Course& course, std::uint32_t round);

struct TrainingPlan : Course {
  model::ModelConfig config;
  bool operator==(const TrainingPlan&) const = default;
};

// invalid: the first part that is out of range.
Status check(const TrainingPlan& plan);

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
