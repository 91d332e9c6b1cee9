// The coordinator as a pure state machine: (state, event, now, seed) -> (state, answer, actions).
// It hands out units, takes claims, has them replayed, puts out whoever claimed falsely, and calls the merge when every
// lane of the round is accepted. It does no I/O, reads no clock, starts no thread and never computes a model: host.h
// and the simulator do what its actions ask, and feed what came of it back as events.
//
// What is durable is exactly RunRow, VolunteerRows and the UnitRows of the current round. A Save action names the rows
// that an event changed; whoever runs the machine writes them in one transaction before the answer leaves or any other
// action begins. After a crash, restore() and the event Opened continue from the last one.
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "swarm/claim.h"
#include "swarm/messages.h"
#include "swarm/plan.h"

namespace cairn::swarm {

enum class RunPhase : std::uint8_t {
  computing,  // units of the round are handed out and claimed; then: merging, halted
  merging,    // every lane is accepted, the merge runs; then: computing (next round), complete, halted
  complete,   // the last round is merged; final
  halted,     // a replay or the merge could not be done (a shard withheld, a disk full); reopening tries again
};

enum class UnitPhase : std::uint8_t {
  open,      // nobody has it; then: leased; auditing or accepted, by a former holder's late claim
  leased,    // in work, by one or more; then: open (leases lapsed), auditing, accepted
  auditing,  // a claim is being replayed; then: accepted, or open again where it was false
  accepted,  // settled, waits for the merge; then, where it was not replayed: open (its volunteer is put out) or
             // auditing (another claim contradicts it)
};

enum class VolunteerPhase : std::uint8_t {
  active,   // may ask and claim; then: put_out
  put_out,  // claimed falsely; final for this key
};

// The legal moves: the one table, that every change of phase is checked against.
bool may_move(RunPhase from, RunPhase to);
bool may_move(UnitPhase from, UnitPhase to);
bool may_move(VolunteerPhase from, VolunteerPhase to);
std::string_view name_of(RunPhase phase);
std::string_view name_of(UnitPhase phase);
std::string_view name_of(VolunteerPhase phase);

struct Lease {
  VolunteerId volunteer;
  TimePoint since, deadline;
  double done = 0;  // share of the unit, as last reported
  bool operator==(const Lease&) const = default;
};

struct UnitRow {
  UnitId id;
  UnitPhase phase = UnitPhase::open;
  std::vector<Lease> leases;
  std::vector<VolunteerId> holders;  // everyone it was ever handed to: only they may claim it
  std::optional<Claim> claim;        // under replay or accepted
  std::vector<Claim> waiting;        // later claims, while the first is under replay
  std::optional<Replay> replay;      // known once the unit was replayed: settles every further claim at once
  bool audited = false;              // the claim accepted was set beside a replay
  bool operator==(const UnitRow&) const = default;
};

struct VolunteerRow {
  VolunteerId id;
  std::string name;
  VolunteerPhase phase = VolunteerPhase::active;
  TimePoint joined;
  std::uint64_t units = 0, tokens = 0;  // of its merged contributions
  std::optional<Taken> last;            // the answer to its last claim, given again if it asks again
  Digest evidence;                      // where put out
  bool operator==(const VolunteerRow&) const = default;
};

struct RunRow {
  RunPhase phase = RunPhase::computing;
  std::uint32_t round = 0;     // the one being computed or merged; plan.rounds when complete
  Digest checkpoint;           // of the model that this round starts from; the final model when complete
  std::uint64_t accepted = 0;  // contributions merged
  std::uint64_t audits = 0, cheats = 0;
  std::uint64_t reissued = 0;                   // units handed to one more volunteer than the first
  std::uint64_t timed_units = 0, timed_ms = 0;  // from lease to claim, for the mean
  double loss = 0;                              // mean over the last merged round
  bool operator==(const RunRow&) const = default;
};

// --- events ---
struct Hello {
  VolunteerId volunteer;
  std::string name;
};
struct AskWork {
  VolunteerId volunteer;
};
struct Heartbeat {
  VolunteerId volunteer;
  UnitId unit;
  double done = 0;
};
// The signature holds and the contribution's bytes, of the right size and digest, are kept on disk.
struct Claimed {
  Claim claim;
  bool well_formed = true;  // a contribution that a merge could read; one that is not is always replayed
};
struct Replayed {
  UnitId unit;
  Replay replay;
};
struct ReplayFailed {
  UnitId unit;
  Error error;
};
struct Merged {
  std::uint32_t round = 0;
  Digest checkpoint;  // of the new model's file, kept on disk
};
struct MergeFailed {
  Error error;
};
struct Tick {};    // time passed
struct Opened {};  // once and first, after the constructor or restore()
using CoordinatorEvent =
    std::variant<Hello, AskWork, Heartbeat, Claimed, Replayed, ReplayFailed, Merged, MergeFailed, Tick, Opened>;

// --- actions ---
struct Save {  // write these rows, in one transaction, before anything else
  bool run = false;
  std::vector<VolunteerId> volunteers;
  std::vector<UnitId> units;
};
struct DoReplay {  // from inputs alone: no claim is named here
  Assignment work;
};
struct DoMerge {
  std::uint32_t round = 0;
  Digest checkpoint;
  std::vector<Claim> claims;  // in lane order, one for each lane
  std::vector<bool> audited;  // whether each was set beside a replay
};
struct KeepEvidence {
  Cheat cheat;
};
struct Wake {};  // there is new work, or an end: whoever waits may ask again
struct Finish {  // complete or halted
  std::optional<Error> error;
};
using CoordinatorAction = std::variant<Save, DoReplay, DoMerge, KeepEvidence, Wake, Finish>;

struct CoordinatorStep {
  std::optional<Answer> answer;  // to Hello, AskWork, Heartbeat and Claimed
  std::vector<CoordinatorAction> actions;
};

class Coordinator {
 public:
  // The plan has passed check().
  explicit Coordinator(Plan plan);
  // invalid: rows that do not belong to the plan or contradict one another. Leases run anew from `now`.
  static Result<Coordinator> restore(Plan plan, RunRow run, std::vector<VolunteerRow> volunteers,
                                     std::vector<UnitRow> units, TimePoint now);

  // seed: fresh randomness for this event; decides which claims are replayed where the share is below 1.
  CoordinatorStep step(const CoordinatorEvent& event, TimePoint now, std::uint64_t seed);

  const Plan& plan() const { return plan_; }
  const RunRow& run() const { return run_; }
  const std::map<VolunteerId, VolunteerRow>& volunteers() const { return volunteers_; }
  std::span<const UnitRow> units() const { return units_; }  // of this round, by lane
  // When a Tick will next matter; empty where none is due.
  std::optional<TimePoint> next_tick(TimePoint now) const;
  // A unit in work for longer than this may be given to a second volunteer.
  Duration late_after() const;

 private:
  class Turn;  // one step being taken
  Plan plan_;
  RunRow run_;
  std::map<VolunteerId, VolunteerRow> volunteers_;
  std::vector<UnitRow> units_;
};

}  // namespace cairn::swarm
