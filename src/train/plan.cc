#include "train/plan.h"

#include <algorithm>

namespace cairn::train {
namespace {

constexpr std::uint64_t kMostUnits = 10'000'000;

Status in_range(const char* what, std::uint64_t value, std::uint64_t most) {
  if (value >= 1 && value <= most) return {};
  return fail(ErrorCode::invalid, "plan: {}: expected 1 to {}, got {}", what, most, value);
}

}  // namespace

std::uint32_t Course::stretches() const {
  return (unit.steps + unit.stretch - 1) / std::max(1U, unit.stretch);
}

Status check(const Course& course) {
  CAIRN_TRY(in_range("rounds", course.rounds, kMostRounds));
  CAIRN_TRY(in_range("lanes", course.lanes, kMostLanes));
  CAIRN_TRY(in_range("rounds x lanes", course.units(), kMostUnits));
  CAIRN_TRY(check(course.unit));
  CAIRN_TRY(in_range("stretches", course.stretches(), 65'536));
  if (course.unit.first_step != 0)
    return fail(ErrorCode::invalid, "plan: first_step: expected 0 (each round has its own), got {}",
                course.unit.first_step);
  return check(course.outer);
}

UnitSettings unit_of_round(const Course& course, std::uint32_t round) {
  UnitSettings unit = course.unit;
  unit.first_step = std::uint64_t{round} * unit.steps;
  return unit;
}

Status check(const TrainingPlan& plan) {
  CAIRN_TRY(model::check(plan.config));
  CAIRN_TRY(check(plan.unit, plan.config));
  return check(static_cast<const Course&>(plan));
}

// A model small enough to see most of a million tokens in the tour's time, and settings under which four lanes learn
// from them nearly what one would (docs/research/tour-plan.md has the runs): short rounds, second moments that travel,
// an embedding that moves faster than the rest.
TrainingPlan tour_plan(std::uint32_t vocabulary) {
  TrainingPlan plan;
  plan.config.vocabulary = vocabulary;
  plan.config.width = 192;
  plan.config.layers = 3;
  plan.config.heads = plan.config.kv_heads = 6;
  plan.config.hidden = 512;
  plan.config.context = 128;
  plan.rounds = 24;
  plan.lanes = 4;
  plan.unit.steps = 16;
  plan.unit.sequences = 4;
  plan.unit.grain = 4;
  plan.unit.context = 128;
  plan.unit.stretch = 8;
  plan.unit.warmup_steps = 16;
  plan.unit.total_steps = std::uint64_t{plan.rounds} * plan.unit.steps;
  plan.unit.learning_rate = 2e-3F;
  plan.unit.embedding_rate = 20.0F;
  plan.unit.beta1 = 0.8F;
  plan.unit.beta2 = 0.95F;
  plan.unit.epsilon = 1e-5F;
  plan.unit.contribution_bits = 8;
  plan.outer.learning_rate = 1.0F;
  plan.outer.momentum = 0.0F;
  return plan;
}

TrainingPlan plan_for(std::uint32_t vocabulary, std::uint64_t tokens, const PlanChoices& choices) {
  TrainingPlan plan = tour_plan(vocabulary);
  model::ModelConfig& config = plan.config;
  config.width = choices.width.value_or(config.width);
  config.layers = choices.layers.value_or(config.layers);
  config.heads = config.kv_heads = choices.heads.value_or(std::max(1U, config.width / 32));
  config.hidden = choices.hidden.value_or(std::max(64U, config.width * 8 / 3 / 64 * 64));
  config.context = choices.context.value_or(config.context);
  plan.rounds = choices.rounds.value_or(plan.rounds);
  plan.lanes = choices.lanes.value_or(plan.lanes);

  UnitSettings& unit = plan.unit;
  unit.context = config.context;
  const std::uint64_t windows = tokens / std::max(1U, unit.context);
  const auto at_most = [](std::uint32_t wanted, std::uint64_t there) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(there, 1, wanted));
  };
  unit.sequences = choices.sequences.value_or(at_most(unit.sequences, windows));
  unit.grain = unit.sequences % unit.grain == 0 ? unit.grain : unit.sequences;
  unit.steps = choices.steps.value_or(at_most(unit.steps, windows / std::max(1U, unit.sequences)));
  unit.stretch = choices.stretch.value_or(std::max(1U, unit.steps / 2));
  unit.total_steps = std::uint64_t{plan.rounds} * unit.steps;
  unit.warmup_steps = std::min<std::uint64_t>(unit.warmup_steps, unit.total_steps / 4);
  unit.learning_rate = choices.learning_rate.value_or(unit.learning_rate);
  return plan;
}

}  // namespace cairn::train
