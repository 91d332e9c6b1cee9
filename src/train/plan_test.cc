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

TEST(Plan, RefusesWhatIsOutOfRange) {
  TrainingPlan plan = tour_plan(4096);
  plan.lanes = 0;
  EXPECT_EQ(check(plan).error().message, "plan: 0 lanes, expected 1 to 65536");
  plan = tour_plan(4096);
  plan.rounds = 0;
  EXPECT_EQ(check(plan).error().message, "plan: 0 rounds, expected 1 to 2^20");
  plan = tour_plan(1);
  EXPECT_FALSE(check(plan));
}

}  // namespace
}  // namespace cairn::train
