#include "train/plan.h"

#include <gtest/gtest.h>

namespace cairn::train {
namespace {

TEST(Plan, TheToursIsSound) {
  const TrainingPlan plan = tour_plan(4096);
  EXPECT_TRUE(check(plan));
  EXPECT_EQ(plan.lanes, 4U);
  EXPECT_GE(model::parameter_count(plan.config), 2'000'000U);
  EXPECT_EQ(plan.unit.total_steps, std::uint64_t{plan.rounds} * plan.unit.steps);
}

TEST(Plan, RoundsFollowEachOtherOnTheSchedule) {
  const TrainingPlan plan = tour_plan(4096);
  EXPECT_EQ(unit_of_round(plan, 0), plan.unit);
  EXPECT_EQ(unit_of_round(plan, 3).first_step, std::uint64_t{3} * plan.unit.steps);
}

TEST(Plan, WithoutChoicesAndWithMuchTextItIsTheTours) {
  EXPECT_EQ(plan_for(4096, 5'000'000), tour_plan(4096));
}

TEST(Plan, UnitsAreShortenedToTheTextThereIs) {
  for (const std::uint64_t tokens : {128U, 700U, 5'000U, 60'000U}) {
    const TrainingPlan plan = plan_for(300, tokens);
    EXPECT_TRUE(check(plan)) << tokens << " tokens: " << check(plan).error().message;
    EXPECT_LE(std::uint64_t{plan.unit.steps} * plan.unit.sequences * plan.unit.context, tokens);
  }
}

TEST(Plan, WhatIsChosenIsTakenAndTheRestFollows) {
  const TrainingPlan plan = plan_for(300, 5'000, {.width = 64, .context = 32, .rounds = 2, .steps = 8});
  EXPECT_TRUE(check(plan));
  EXPECT_EQ(plan.config.heads, 2U);
  EXPECT_EQ(plan.config.hidden, 128U);
  EXPECT_EQ(plan.unit.context, 32U);
  EXPECT_EQ(plan.unit.total_steps, 16U);
  EXPECT_EQ(plan_for(300, 100, {.steps = 50}).unit.steps, 50U);  // too many, which the cutting of the shards says
  EXPECT_EQ(check(plan_for(300, 5'000, {.width = 65})).error().code, ErrorCode::invalid);
}

TEST(Plan, RefusesWhatIsOutOfRange) {
  TrainingPlan plan = tour_plan(4096);
  plan.lanes = 0;
  EXPECT_EQ(check(plan).error().message, "plan: lanes: expected 1 to 1024, got 0");
  plan = tour_plan(4096);
  plan.rounds = 0;
  EXPECT_EQ(check(plan).error().message, "plan: rounds: expected 1 to 100000, got 0");
  plan = tour_plan(1);
  EXPECT_FALSE(check(plan));
}

}  // namespace
}  // namespace cairn::train
