#include "swarm/simulator.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cairn::swarm {
namespace {

// Seeds first to first + count, or the one in CAIRN_SEED alone.
template <class Check>
void for_seeds(const char* test, std::uint64_t first, std::uint64_t count, const Check& check) {
  const char* chosen = std::getenv("CAIRN_SEED");
  if (chosen != nullptr) {
    first = std::strtoull(chosen, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    check(seed);
    ASSERT_FALSE(testing::Test::HasFailure()) << "replay: CAIRN_SEED=" << seed << " swarm_test --gtest_filter=" << test;
  }
}

SimulationOptions options_of(std::uint64_t seed) {
  SimulationOptions options;
  options.seed = seed;
  options.liars = static_cast<std::uint32_t>(seed % 5);
  options.honest = 1 + static_cast<std::uint32_t>(seed / 5 % 4);
  options.crash = seed % 3 == 0 ? 0.03 : 0.005;
  options.loss = seed % 4 == 0 ? 0.3 : 0.05;
  return options;
}

void add(SimulationReport& sum, const SimulationReport& one) {
  sum.coordinator_crashes += one.coordinator_crashes;
  sum.volunteer_crashes += one.volunteer_crashes;
  sum.lost += one.lost;
  sum.doubled += one.doubled;
  sum.lies_received += one.lies_received;
  sum.put_out += one.put_out;
  sum.reissued += one.reissued;
  sum.not_needed += one.not_needed;
}

void hold_invariants(const char* test, std::uint64_t first, std::uint64_t count) {
  SimulationReport sum;
  for_seeds(test, first, count, [&](std::uint64_t seed) {
    const SimulationReport report = simulate(options_of(seed));
    EXPECT_EQ(report.violation, "");
    EXPECT_EQ(report.model, simulated_model(options_of(seed)));
    add(sum, report);
  });
  if (std::getenv("CAIRN_SEED") != nullptr) return;
  // A simulation that never reaches the rare things would prove nothing.
  EXPECT_GT(sum.coordinator_crashes, count);
  EXPECT_GT(sum.volunteer_crashes, count);
  EXPECT_GT(sum.lost, count);
  EXPECT_GT(sum.doubled, count);
  EXPECT_GT(sum.lies_received, count / 2);
  EXPECT_GT(sum.put_out, count / 2);
  EXPECT_GT(sum.reissued, count);
  EXPECT_GT(sum.not_needed, 0U);
}

TEST(Simulation, HoldsItsInvariants) {
  hold_invariants("Simulation.HoldsItsInvariants", 1, 300);
}

TEST(LongSimulation, HoldsItsInvariants) {
  hold_invariants("LongSimulation.HoldsItsInvariants", 1'000, 10'000);
}

TEST(Simulation, PutsNobodyHonestOutWhenAuditsAreDrawn) {
  std::uint64_t merged_lies = 0;
  for_seeds("Simulation.PutsNobodyHonestOutWhenAuditsAreDrawn", 1, 40, [&](std::uint64_t seed) {
    SimulationOptions options = options_of(seed);
    options.audit_share = 0.3;
    const SimulationReport report = simulate(options);
    EXPECT_EQ(report.violation, "");
    merged_lies += report.unaudited_lies_merged;
  });
  if (std::getenv("CAIRN_SEED") != nullptr) return;
  EXPECT_GT(merged_lies, 0U);  // what a share below 1 costs
}

TEST(Simulation, IsAFunctionOfItsSeed) {
  const SimulationReport a = simulate(options_of(7)), b = simulate(options_of(7));
  EXPECT_EQ(a.events, b.events);
  EXPECT_EQ(a.simulated_ms, b.simulated_ms);
  EXPECT_EQ(a.lost, b.lost);
  EXPECT_NE(a.events, simulate(options_of(8)).events);
}

TEST(Simulation, OneHonestVolunteerAmongManyLiarsFinishes) {
  SimulationOptions options;
  options.seed = 11;
  options.honest = 1;
  options.liars = 12;
  const SimulationReport report = simulate(options);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.put_out, 3U);
}

}  // namespace
}  // namespace cairn::swarm
