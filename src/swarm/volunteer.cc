#include "swarm/volunteer.h"

#include <algorithm>

#include "swarm/chance.h"

namespace cairn::swarm {
namespace {

using S = VolunteerState;

struct Move {
  S from, to;
};
constexpr Move kMoves[] = {
    {S::idle, S::greeting},        // started
    {S::greeting, S::asking},      // welcome
    {S::greeting, S::reporting},   // welcome, with a claim from before a restart
    {S::greeting, S::backoff},     // no answer
    {S::asking, S::fetching},      // a unit
    {S::asking, S::backoff},       // no answer
    {S::fetching, S::computing},   // the inputs are here
    {S::fetching, S::asking},      // the unit is not ours any more
    {S::fetching, S::backoff},     // no answer
    {S::computing, S::reporting},  // computed
    {S::computing, S::asking},     // the unit is settled
    {S::computing, S::backoff},    // it could not be computed, or the coordinator does not know us
    {S::reporting, S::asking},     // taken
    {S::reporting, S::backoff},    // no answer, or refused
    {S::backoff, S::greeting},     // again
    {S::backoff, S::asking},       // again
    {S::backoff, S::fetching},     // again
    {S::backoff, S::reporting},    // again
};

}  // namespace

bool may_move(VolunteerState from, VolunteerState to) {
  const bool final = from == S::put_out || from == S::done;
  if (to == S::done) return !final;                        // from anywhere: the run is over, or it was asked to stop
  if (to == S::put_out) return !final && from != S::idle;  // from anywhere: said by any answer
  return std::any_of(std::begin(kMoves), std::end(kMoves), [&](const Move& m) { return m.from == from && m.to == to; });
}

class Volunteer::Turn {
 public:
  Turn(Volunteer& machine, TimePoint now, std::uint64_t seed) : m_(machine), now_(now), seed_(seed) {}
  std::vector<VolunteerAction> finish() { return std::move(out_); }

  void operator()(const Start& event) {
    if (m_.state_ != S::idle) return;
    m_.claim_ = event.kept;
    enter(S::greeting);
  }

  void operator()(const Answered& event) {
    if (event.request == 0) return;
    if (event.request == m_.heartbeat_) {
      m_.heartbeat_ = 0;
      return heartbeat_answered(event.answer);
    }
    if (event.request != m_.awaited_) return;
    m_.awaited_ = 0;
    if (const auto* banished = std::get_if<Banished>(&event.answer)) return leave(S::put_out, banished->evidence, {});
    if (std::holds_alternative<RunOver>(event.answer)) return leave(S::done, {}, {});
    if (const auto* refused = std::get_if<Refused>(&event.answer)) return was_refused(refused->error);
    m_.failures_ = 0;
    if (m_.state_ == S::greeting && std::holds_alternative<Welcome>(event.answer)) return enter(after_greeting());
    if (m_.state_ == S::asking) return work_answered(event.answer);
    if (const auto* taken = std::get_if<Taken>(&event.answer); taken != nullptr && m_.state_ == S::reporting)
      return claim_taken();
    back_off(m_.state_);  // an answer to something else
  }

  void operator()(const Unanswered& event) {
    if (event.request == 0) return;
    if (event.request == m_.heartbeat_) {
      m_.heartbeat_ = 0;
      return;
    }
    if (event.request != m_.awaited_) return;
    m_.awaited_ = 0;
    const ErrorCode code = event.error.code;
    if (code == ErrorCode::unsupported || code == ErrorCode::denied || code == ErrorCode::unknown)
      return leave(S::done, {}, event.error);
    if (m_.state_ == S::fetching && code == ErrorCode::not_found) {
      m_.work_.reset();
      return enter(S::asking);
    }
    if (m_.state_ == S::reporting && code == ErrorCode::invalid) return was_refused(event.error);
    failed(event.error, m_.state_);
  }

  void operator()(const Fetched& event) {
    if (event.request == 0 || event.request != m_.awaited_ || m_.state_ != S::fetching) return;
    m_.awaited_ = 0;
    m_.failures_ = 0;
    enter(S::computing);
  }

  void operator()(const UnitComputed& event) {
    if (m_.state_ != S::computing || !m_.work_ || m_.work_->unit != event.unit) return;
    m_.claim_ = event.claim;
    m_.work_.reset();
    out_.push_back(KeepClaim{event.claim});
    enter(S::reporting);
  }

  void operator()(const ComputeFailed& event) {
    if (m_.state_ != S::computing || !m_.work_ || m_.work_->unit != event.unit) return;
    m_.work_.reset();
    const ErrorCode code = event.error.code;
    if (code == ErrorCode::unsupported || code == ErrorCode::invalid) return leave(S::done, {}, event.error);
    failed(event.error, S::asking);
  }

  void operator()(const Progressed& event) {
    if (m_.state_ == S::computing && m_.work_ && m_.work_->unit == event.unit) m_.done_ = event.done;
  }

  void operator()(const TimePassed&) {
    if (!m_.wake_ || now_ < *m_.wake_) return;
    m_.wake_.reset();
    if (m_.state_ == S::backoff) {
      enter(m_.resume_);
    } else if (m_.state_ == S::asking) {
      send_ask();
    } else if (m_.state_ == S::computing) {
      m_.wake_ = now_ + m_.options_.heartbeat;
      if (m_.heartbeat_ != 0) return;  // the last one is still out
      m_.heartbeat_ = ++m_.request_;
      out_.push_back(SendHeartbeat{m_.heartbeat_, m_.work_->unit, m_.done_});
    }
  }

  void operator()(const Stop&) {
    if (m_.state_ == S::put_out || m_.state_ == S::done) return;
    leave(S::done, {}, Error{ErrorCode::interrupted, "asked to stop", {}, {}});
  }

 private:
  std::uint64_t next_request() { return m_.awaited_ = ++m_.request_; }
  void send_ask() { out_.push_back(SendAsk{next_request()}); }
  S after_greeting() const { return m_.claim_ ? S::reporting : S::asking; }

  void enter(S state) {
    CAIRN_CHECK(may_move(m_.state_, state));
    m_.state_ = state;
    m_.wake_.reset();
    m_.awaited_ = 0;
    m_.heartbeat_ = 0;
    switch (state) {
      case S::greeting:
        out_.push_back(SendHello{next_request()});
        return;
      case S::asking:
        return send_ask();
      case S::fetching:
        out_.push_back(Fetch{next_request(), *m_.work_});
        return;
      case S::computing:
        m_.done_ = 0;
        m_.wake_ = now_ + m_.options_.heartbeat;
        out_.push_back(ComputeUnit{*m_.work_});
        return;
      case S::reporting:
        out_.push_back(SendClaim{next_request(), *m_.claim_});
        return;
      case S::idle:
      case S::backoff:
      case S::put_out:
      case S::done:
        return;
    }
  }

  void leave(S final, const Digest& evidence, std::optional<Error> error) {
    if (m_.state_ == S::computing) out_.push_back(CancelCompute{});
    enter(final);
    m_.work_.reset();
    out_.push_back(Leave{final, evidence, std::move(error)});
  }

  // Waits, ever longer, with jitter so that many volunteers do not come back at once.
  void back_off(S resume) {
    const unsigned doublings = std::min(10U, m_.failures_ > 0 ? m_.failures_ - 1 : 0U);
    const auto whole =
        std::min<std::int64_t>(m_.options_.most_backoff.count(), m_.options_.first_backoff.count() << doublings);
    enter(S::backoff);
    m_.resume_ = resume;
    m_.wake_ =
        now_ + Duration(static_cast<std::int64_t>(static_cast<double>(whole) * (0.5 + chance::uniform(seed_) / 2)));
  }

  void failed(const Error& error, S resume) {
    if (++m_.failures_ >= m_.options_.most_failures) return leave(S::done, {}, error);
    back_off(resume);
  }

  void was_refused(const Error& error) {
    if (error.code == ErrorCode::unsupported) return leave(S::done, {}, error);
    if (error.code == ErrorCode::not_found && m_.state_ != S::greeting) return failed(error, S::greeting);
    if (m_.state_ == S::reporting) {  // this claim will never be taken
      m_.claim_.reset();
      out_.push_back(DropClaim{});
      return failed(error, S::asking);
    }
    failed(error, m_.state_);
  }

  void work_answered(const Answer& answer) {
    if (const auto* assigned = std::get_if<Assigned>(&answer)) {
      m_.work_ = assigned->work;
      return enter(S::fetching);
    }
    m_.wake_ = now_ + Duration(static_cast<std::int64_t>(static_cast<double>(m_.options_.idle.count()) *
                                                         (0.5 + chance::uniform(seed_) / 2)));
  }

  void claim_taken() {
    m_.claim_.reset();
    ++m_.units_taken_;
    out_.push_back(DropClaim{});
    if (m_.options_.most_units != 0 && m_.units_taken_ >= m_.options_.most_units) return leave(S::done, {}, {});
    enter(S::asking);
  }

  void heartbeat_answered(const Answer& answer) {
    if (const auto* banished = std::get_if<Banished>(&answer)) return leave(S::put_out, banished->evidence, {});
    if (std::holds_alternative<RunOver>(answer)) return leave(S::done, {}, {});
    const auto* keep = std::get_if<Keep>(&answer);
    const bool unknown = std::holds_alternative<Refused>(answer);
    if (m_.state_ != S::computing || (keep != nullptr && keep->go_on) || (keep == nullptr && !unknown)) return;
    out_.push_back(CancelCompute{});
    m_.work_.reset();
    unknown ? back_off(S::greeting) : enter(S::asking);
  }

  Volunteer& m_;
  TimePoint now_;
  std::uint64_t seed_;
  std::vector<VolunteerAction> out_;
};

std::vector<VolunteerAction> Volunteer::step(const VolunteerEvent& event, TimePoint now, std::uint64_t seed) {
  Turn turn(*this, now, seed);
  std::visit(turn, event);
  return turn.finish();
}

}  // namespace cairn::swarm
