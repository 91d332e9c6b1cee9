// The volunteer as a pure state machine: (state, event, now, seed) -> (state, actions). One unit at a time.
// It does no I/O and computes nothing: join.h and the simulator do what its actions ask, and feed back what came of it.
// Every request carries a number; an answer to another than the last request is ignored, so late, doubled and reordered
// answers do no harm. What must outlive a crash is the claim that is not yet taken (KeepClaim, with the contribution's
// bytes): all else is asked for again, and the coordinator gives the same unit to whoever still holds it.
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "swarm/messages.h"

namespace cairn::swarm {

enum class VolunteerState : std::uint8_t {
  idle,       // not started; then: greeting
  greeting,   // the hello is out; then: asking, reporting (a claim from before a restart), backoff, put_out, done
  asking,     // waits for a unit; then: asking, fetching, backoff, put_out, done
  fetching,   // downloads the unit's inputs; then: computing, backoff, done
  computing,  // then: reporting, asking (the unit is settled), backoff, put_out, done
  reporting,  // the claim is out; then: asking, backoff, put_out, done
  backoff,    // waits before it tries again; then: greeting, fetching, reporting, asking, done
  put_out,    // final
  done,       // the run is over, or it was asked to stop; final
};
bool may_move(VolunteerState from, VolunteerState to);
std::string_view name_of(VolunteerState state);

// --- events ---
struct Start {
  std::optional<Claim> kept;  // from before a restart
};
struct Answered {
  std::uint64_t request = 0;
  Answer answer;
};
struct Unanswered {  // no answer, or a broken one
  std::uint64_t request = 0;
  Error error;
};
struct Fetched {  // both inputs are here and have their digests
  std::uint64_t request = 0;
};
struct UnitComputed {
  UnitId unit;
  Claim claim;  // signed; the contribution's bytes are kept
};
struct ComputeFailed {
  UnitId unit;
  Error error;
};
struct Progressed {  // some of the unit is done
  UnitId unit;
  double done = 0;
};
struct TimePassed {};
struct Stop {};
using VolunteerEvent =
    std::variant<Start, Answered, Unanswered, Fetched, UnitComputed, ComputeFailed, Progressed, TimePassed, Stop>;

// --- actions ---
struct SendHello {
  std::uint64_t request = 0;
};
struct SendAsk {
  std::uint64_t request = 0;
};
struct SendHeartbeat {
  std::uint64_t request = 0;
  UnitId unit;
  double done = 0;
};
struct SendClaim {
  std::uint64_t request = 0;
  Claim claim;
};
struct Fetch {
  std::uint64_t request = 0;
  Assignment work;
};
struct ComputeUnit {
  Assignment work;
};
struct CancelCompute {};
struct KeepClaim {  // durable before SendClaim leaves
  Claim claim;
};
struct DropClaim {};
struct Leave {  // nothing more will come
  VolunteerState final = VolunteerState::done;
  Digest evidence;             // where put out
  std::optional<Error> error;  // where it could not go on
};
using VolunteerAction = std::variant<SendHello, SendAsk, SendHeartbeat, SendClaim, Fetch, ComputeUnit, CancelCompute,
                                     KeepClaim, DropClaim, Leave>;

struct VolunteerOptions {
  Duration heartbeat{2'000};
  Duration first_backoff{250}, most_backoff{15'000};
  Duration idle{250};                // between two askings where there was no work (the coordinator may hold the first)
  std::uint64_t most_units = 0;      // leave after as many; 0: stay to the end
  std::uint32_t most_failures = 40;  // in a row without an answer, before it leaves
};

class Volunteer {
 public:
  explicit Volunteer(VolunteerOptions options = {}) : options_(options) {}
  // seed: fresh randomness for this event; decides the jitter of waits.
  std::vector<VolunteerAction> step(const VolunteerEvent& event, TimePoint now, std::uint64_t seed);

  VolunteerState state() const { return state_; }
  const std::optional<Assignment>& work() const { return work_; }
  std::uint64_t units_taken() const { return units_taken_; }
  // When TimePassed will next matter; empty where none is due.
  std::optional<TimePoint> next_tick() const { return wake_; }

 private:
  class Turn;
  VolunteerOptions options_;
  VolunteerState state_ = VolunteerState::idle, resume_ = VolunteerState::idle;  // resume_: after backoff
  std::uint64_t request_ = 0;                                                    // the number of the last request
  std::uint64_t awaited_ = 0;    // the request that the state waits on; 0: none
  std::uint64_t heartbeat_ = 0;  // the heartbeat in flight; 0: none
  std::optional<Assignment> work_;
  std::optional<Claim> claim_;
  double done_ = 0;
  std::uint32_t failures_ = 0;
  std::uint64_t units_taken_ = 0;
  std::optional<TimePoint> wake_;
};

}  // namespace cairn::swarm
