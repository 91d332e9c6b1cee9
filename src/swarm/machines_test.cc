// The two machines, event by event: what the simulator reaches by chance, pinned here by hand.
#include <gtest/gtest.h>

#include "swarm/coordinator.h"
#include "swarm/volunteer.h"

namespace cairn::swarm {
namespace {

Plan one_lane(double audit_share = 1) {
  Plan plan;
  plan.name = "one lane";
  plan.rounds = 2;
  plan.lanes = 1;
  plan.unit.steps = 4;
  plan.unit.stretch = 2;
  plan.parameters = 1;
  plan.audit_share = audit_share;
  plan.checkpoint = sha256("first");
  plan.shards = {sha256("a"), sha256("b")};
  return plan;
}

VolunteerId volunteer(std::uint8_t n) {
  VolunteerId id;
  id.bytes[0] = n;
  return id;
}

TimePoint at(std::int64_t ms) {
  return TimePoint(Duration(ms));
}

Claim claim(const Plan& plan, std::uint8_t who, const char* contribution = "true") {
  Claim out;
  out.unit = {0, 0};
  out.checkpoint = plan.checkpoint;
  out.volunteer = volunteer(who);
  out.contribution = sha256(contribution);
  out.states = {sha256("s0"), sha256("s1")};
  return out;
}

const Replay kTruth{sha256("true"), {sha256("s0"), sha256("s1")}, 0};

template <class T>
const T* action(const CoordinatorStep& step) {
  for (const auto& one : step.actions)
    if (const auto* found = std::get_if<T>(&one)) return found;
  return nullptr;
}

template <class T>
const T* action(const std::vector<VolunteerAction>& actions) {
  for (const auto& one : actions)
    if (const auto* found = std::get_if<T>(&one)) return found;
  return nullptr;
}

TEST(Coordinator, HandsALapsedUnitToAnotherAndTakesTheLateClaimAllTheSame) {
  Coordinator machine(one_lane());
  machine.step(Opened{}, at(0), 0);
  for (const auto who : {std::uint8_t{1}, std::uint8_t{2}}) machine.step(Hello{volunteer(who), "v"}, at(0), 0);
  EXPECT_TRUE(std::holds_alternative<Assigned>(*machine.step(AskWork{volunteer(1)}, at(0), 0).answer));
  EXPECT_TRUE(std::holds_alternative<NoWork>(*machine.step(AskWork{volunteer(2)}, at(1), 0).answer));
  EXPECT_EQ(*machine.next_tick(at(1)), at(10'000));  // late before it lapses
  machine.step(Tick{}, at(15'000), 0);
  EXPECT_EQ(machine.units()[0].phase, UnitPhase::open);
  EXPECT_TRUE(std::holds_alternative<Assigned>(*machine.step(AskWork{volunteer(2)}, at(15'001), 0).answer));
  EXPECT_EQ(machine.run().reissued, 1U);
  const auto taken = machine.step(Claimed{claim(machine.plan(), 1)}, at(15'002), 0);
  EXPECT_EQ(std::get<Taken>(*taken.answer).standing, Standing::received);
  ASSERT_NE(action<DoReplay>(taken), nullptr);
  const auto beat = machine.step(Heartbeat{volunteer(2), {0, 0}, 0.5}, at(15'003), 0);
  EXPECT_FALSE(std::get<Keep>(*beat.answer).go_on);  // settled, unless the replay says otherwise
  const auto settled = machine.step(Replayed{{0, 0}, kTruth}, at(15'004), 0);
  const auto* merge = action<DoMerge>(settled);
  ASSERT_NE(merge, nullptr);
  EXPECT_EQ(merge->claims[0].volunteer, volunteer(1));
  machine.step(Merged{0, sha256("second")}, at(15'005), 0);
  EXPECT_EQ(machine.run().round, 1U);
  EXPECT_EQ(machine.volunteers().at(volunteer(1)).units, 1U);
  EXPECT_EQ(machine.volunteers().at(volunteer(2)).units, 0U);
}

TEST(Coordinator, PutsAFalseClaimOutAndKeepsTheReplayForTheNext) {
  Coordinator machine(one_lane());
  machine.step(Opened{}, at(0), 0);
  for (const auto who : {std::uint8_t{1}, std::uint8_t{2}}) machine.step(Hello{volunteer(who), "v"}, at(0), 0);
  machine.step(AskWork{volunteer(1)}, at(0), 0);
  machine.step(Claimed{claim(machine.plan(), 1, "false")}, at(1), 0);
  const auto found = machine.step(Replayed{{0, 0}, kTruth}, at(2), 0);
  const auto* evidence = action<KeepEvidence>(found);
  ASSERT_NE(evidence, nullptr);
  EXPECT_EQ(evidence->cheat.first_wrong, 2U);  // the states are true, the contribution is not
  EXPECT_TRUE(std::holds_alternative<Save>(found.actions.front()));
  EXPECT_TRUE(std::holds_alternative<Banished>(*machine.step(AskWork{volunteer(1)}, at(3), 0).answer));
  EXPECT_TRUE(std::holds_alternative<Banished>(*machine.step(Hello{volunteer(1), "again"}, at(3), 0).answer));
  machine.step(AskWork{volunteer(2)}, at(4), 0);
  const auto taken = machine.step(Claimed{claim(machine.plan(), 2)}, at(5), 0);
  EXPECT_EQ(std::get<Taken>(*taken.answer).standing, Standing::accepted);
  EXPECT_EQ(action<DoReplay>(taken), nullptr);
  EXPECT_NE(action<DoMerge>(taken), nullptr);
}

TEST(Coordinator, AContradictionIsReplayedEvenWhereItWasNotDrawn) {
  Plan plan = one_lane(1e-9);
  plan.lanes = 2;
  plan.shards.resize(4, sha256("c"));
  Coordinator machine(plan);
  machine.step(Opened{}, at(0), 0);
  for (const auto who : {std::uint8_t{1}, std::uint8_t{2}}) machine.step(Hello{volunteer(who), "v"}, at(0), 0);
  machine.step(AskWork{volunteer(1)}, at(0), 0);
  machine.step(Tick{}, at(15'000), 0);
  machine.step(AskWork{volunteer(2)}, at(15'001), 0);  // the same unit
  const UnitRow& unit = machine.units()[0];
  ASSERT_EQ(unit.holders.size(), 2U);
  const auto first = machine.step(Claimed{claim(plan, 1, "false")}, at(40'002), 1);
  EXPECT_EQ(std::get<Taken>(*first.answer).standing, Standing::accepted);
  const auto second = machine.step(Claimed{claim(plan, 2)}, at(40'003), 1);
  EXPECT_EQ(std::get<Taken>(*second.answer).standing, Standing::received);
  ASSERT_NE(action<DoReplay>(second), nullptr);
  machine.step(Replayed{{0, 0}, kTruth}, at(40'004), 0);
  EXPECT_EQ(unit.phase, UnitPhase::accepted);
  EXPECT_EQ(unit.claim->volunteer, volunteer(2));
  EXPECT_EQ(machine.volunteers().at(volunteer(1)).phase, VolunteerPhase::put_out);
}

TEST(Coordinator, RefusesWhatWasNeverHandedOut) {
  Coordinator machine(one_lane());
  machine.step(Opened{}, at(0), 0);
  const auto stranger = machine.step(AskWork{volunteer(9)}, at(0), 0);
  EXPECT_EQ(std::get<Refused>(*stranger.answer).error.message, "volunteer 090000000000 has not said hello");
  machine.step(Hello{volunteer(9), "v"}, at(0), 0);
  const auto unasked = machine.step(Claimed{claim(machine.plan(), 9)}, at(0), 0);
  EXPECT_EQ(std::get<Refused>(*unasked.answer).error.message, "unit r0.l0 was never handed to this volunteer");
}

TEST(Coordinator, AHaltedRunIsTriedAgainWhenOpened) {
  const Plan plan = one_lane();
  Coordinator machine(plan);
  machine.step(Opened{}, at(0), 0);
  machine.step(Hello{volunteer(1), "v"}, at(0), 0);
  machine.step(AskWork{volunteer(1)}, at(0), 0);
  machine.step(Claimed{claim(plan, 1)}, at(1), 0);
  const auto halted = machine.step(ReplayFailed{{0, 0}, {ErrorCode::denied, "withheld", "", ""}}, at(2), 0);
  ASSERT_NE(action<Finish>(halted), nullptr);
  EXPECT_EQ(action<Finish>(halted)->error->code, ErrorCode::denied);
  auto again = Coordinator::restore(plan, machine.run(), {machine.volunteers().at(volunteer(1))},
                                    {machine.units().begin(), machine.units().end()}, at(3));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_NE(action<DoReplay>(again->step(Opened{}, at(3), 0)), nullptr);
}

TEST(Volunteer, GoesRoundAndReportsAKeptClaimAfterARestart) {
  Volunteer machine;
  const auto hello = machine.step(Start{}, at(0), 0);
  ASSERT_NE(action<SendHello>(hello), nullptr);
  const auto ask = machine.step(Answered{action<SendHello>(hello)->request, Welcome{}}, at(1), 0);
  ASSERT_NE(action<SendAsk>(ask), nullptr);
  const Assignment work{{0, 0}, sha256("first"), sha256("a")};
  const auto fetch = machine.step(Answered{action<SendAsk>(ask)->request, Assigned{work}}, at(2), 0);
  ASSERT_NE(action<Fetch>(fetch), nullptr);
  machine.step(Answered{action<SendAsk>(ask)->request, Assigned{work}}, at(2), 0);  // doubled: nothing happens
  const auto compute = machine.step(Fetched{action<Fetch>(fetch)->request}, at(3), 0);
  ASSERT_NE(action<ComputeUnit>(compute), nullptr);
  ASSERT_NE(action<SendHeartbeat>(machine.step(TimePassed{}, at(2'003), 0)), nullptr);
  const Claim mine = claim(one_lane(), 1);
  const auto report = machine.step(UnitComputed{{0, 0}, mine}, at(2'500), 0);
  ASSERT_NE(action<KeepClaim>(report), nullptr);
  EXPECT_EQ(action<SendClaim>(report)->claim, mine);

  Volunteer restarted;
  const auto again = restarted.step(Start{mine}, at(0), 0);
  const auto resent = restarted.step(Answered{action<SendHello>(again)->request, Welcome{}}, at(1), 0);
  ASSERT_NE(action<SendClaim>(resent), nullptr);
  const Taken taken{{0, 0}, mine.contribution, Standing::received};
  const auto next = restarted.step(Answered{action<SendClaim>(resent)->request, taken}, at(2), 0);
  EXPECT_NE(action<DropClaim>(next), nullptr);
  EXPECT_EQ(restarted.state(), VolunteerState::asking);
}

TEST(Volunteer, BacksOffLongerAndLongerWithJitterAndGivesUpInTheEnd) {
  VolunteerOptions options;
  options.most_failures = 8;
  Volunteer machine(options);
  auto actions = machine.step(Start{}, at(0), 0);
  TimePoint now = at(0);
  Duration last{0};
  for (std::uint32_t failure = 1; failure < options.most_failures; ++failure) {
    machine.step(Unanswered{action<SendHello>(actions)->request, {ErrorCode::unreachable, "no", "", ""}}, now, failure);
    ASSERT_EQ(machine.state(), VolunteerState::backoff);
    const Duration wait = *machine.next_tick() - now;
    const Duration whole = std::min(options.most_backoff, options.first_backoff * (1 << (failure - 1)));
    EXPECT_GE(wait, whole / 2);
    EXPECT_LE(wait, whole);
    last = wait;
    now = *machine.next_tick();
    actions = machine.step(TimePassed{}, now, 0);
  }
  EXPECT_GT(last, options.first_backoff);
  const auto end =
      machine.step(Unanswered{action<SendHello>(actions)->request, {ErrorCode::unreachable, "no", "", ""}}, now, 0);
  ASSERT_NE(action<Leave>(end), nullptr);
  EXPECT_EQ(action<Leave>(end)->error->code, ErrorCode::unreachable);
}

TEST(Machines, FinalStatesAreFinal) {
  for (const auto to : {VolunteerState::idle, VolunteerState::asking, VolunteerState::done, VolunteerState::put_out}) {
    EXPECT_FALSE(may_move(VolunteerState::done, to));
    EXPECT_FALSE(may_move(VolunteerState::put_out, to));
  }
  EXPECT_FALSE(may_move(RunPhase::complete, RunPhase::computing));
  EXPECT_FALSE(may_move(VolunteerPhase::put_out, VolunteerPhase::active));
  EXPECT_FALSE(may_move(UnitPhase::open, UnitPhase::open));
}

}  // namespace
}  // namespace cairn::swarm
