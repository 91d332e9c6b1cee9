#include "swarm/coordinator.h"

#include <algorithm>

#include "swarm/chance.h"

namespace cairn::swarm {
namespace {

constexpr std::size_t kMostVolunteers = 100'000;
constexpr std::size_t kMostName = 64;

template <class Phase>
struct Move {
  Phase from, to;
};

constexpr Move<RunPhase> kRunMoves[] = {
    {RunPhase::computing, RunPhase::merging},  // every lane is accepted
    {RunPhase::computing, RunPhase::halted},   // a replay could not be done
    {RunPhase::merging, RunPhase::computing},  // merged: the next round
    {RunPhase::merging, RunPhase::complete},   // merged: it was the last
    {RunPhase::merging, RunPhase::halted},     // the merge could not be done
    {RunPhase::halted, RunPhase::computing},   // opened again
};
constexpr Move<UnitPhase> kUnitMoves[] = {
    {UnitPhase::open, UnitPhase::leased},        // handed out
    {UnitPhase::open, UnitPhase::auditing},      // a former holder's claim, to be replayed
    {UnitPhase::open, UnitPhase::accepted},      // the same, not drawn or already known to be true
    {UnitPhase::leased, UnitPhase::open},        // all leases lapsed, or their holders are put out
    {UnitPhase::leased, UnitPhase::auditing},    // a claim, to be replayed
    {UnitPhase::leased, UnitPhase::accepted},    // a claim, not drawn or already known to be true
    {UnitPhase::auditing, UnitPhase::accepted},  // the replay agrees
    {UnitPhase::auditing, UnitPhase::open},      // the replay disagrees, or the claim's volunteer is put out
    {UnitPhase::accepted, UnitPhase::open},      // not replayed, and its volunteer is put out
    {UnitPhase::accepted, UnitPhase::auditing},  // not replayed, and another claim contradicts it
};
constexpr Move<VolunteerPhase> kVolunteerMoves[] = {{VolunteerPhase::active, VolunteerPhase::put_out}};

template <class Phase, std::size_t N>
bool in_table(const Move<Phase> (&table)[N], Phase from, Phase to) {
  return std::any_of(std::begin(table), std::end(table), [&](const auto& m) { return m.from == from && m.to == to; });
}

template <class Phase>
void move_to(Phase& phase, Phase to) {
  CAIRN_CHECK(may_move(phase, to));
  phase = to;
}

bool holds(const UnitRow& unit, const VolunteerId& volunteer) {
  return std::find(unit.holders.begin(), unit.holders.end(), volunteer) != unit.holders.end();
}

Lease* lease_of(UnitRow& unit, const VolunteerId& volunteer) {
  const auto it = std::find_if(unit.leases.begin(), unit.leases.end(),
                               [&](const Lease& lease) { return lease.volunteer == volunteer; });
  return it == unit.leases.end() ? nullptr : &*it;
}

std::vector<UnitRow> fresh_units(const Plan& plan, std::uint32_t round) {
  std::vector<UnitRow> units(round < plan.rounds ? plan.lanes : 0);
  for (std::uint32_t lane = 0; lane < units.size(); ++lane) units[lane].id = {round, lane};
  return units;
}

Error error_of(ErrorCode code, std::string message) {
  return {code, std::move(message), {}, {}};
}

}  // namespace

bool may_move(RunPhase from, RunPhase to) {
  return in_table(kRunMoves, from, to);
}
bool may_move(UnitPhase from, UnitPhase to) {
  return in_table(kUnitMoves, from, to);
}
bool may_move(VolunteerPhase from, VolunteerPhase to) {
  return in_table(kVolunteerMoves, from, to);
}

// One step being taken: what it changed is gathered in save_ and leaves as the first action.
class Coordinator::Turn {
 public:
  Turn(Coordinator& machine, TimePoint now, std::uint64_t seed)
      : m_(machine), plan_(machine.plan_), run_(machine.run_), now_(now), seed_(seed) {}

  CoordinatorStep finish() {
    if (save_.run || !save_.volunteers.empty() || !save_.units.empty())
      out_.actions.insert(out_.actions.begin(), std::move(save_));
    return std::move(out_);
  }

  void operator()(const Hello& event) {
    VolunteerRow* row = find(event.volunteer);
    if (row == nullptr) {
      if (m_.volunteers_.size() >= kMostVolunteers)
        return answer(Refused{error_of(ErrorCode::busy, "this run has as many volunteers as it can hold")});
      VolunteerRow fresh;
      fresh.id = event.volunteer;
      fresh.name = event.name.substr(0, kMostName);
      fresh.joined = now_;
      row = &m_.volunteers_.emplace(event.volunteer, std::move(fresh)).first->second;
      touch(*row);
    }
    if (row->phase == VolunteerPhase::put_out) return answer(Banished{row->evidence});
    if (run_.phase == RunPhase::complete) return answer(RunOver{});
    answer(Welcome{});
  }

  void operator()(const AskWork& event) {
    if (!active(event.volunteer)) return;
    if (run_.phase == RunPhase::complete) return answer(RunOver{});
    if (run_.phase != RunPhase::computing) return answer(NoWork{});
    UnitRow* unit = unit_for(event.volunteer);
    if (unit == nullptr) return answer(NoWork{});
    lease(*unit, event.volunteer);
    answer(Assigned{work_of(*unit)});
  }

  void operator()(const Heartbeat& event) {
    if (!active(event.volunteer)) return;
    UnitRow* unit = run_.phase == RunPhase::computing ? unit_of(event.unit) : nullptr;
    const bool unsettled = unit != nullptr && (unit->phase == UnitPhase::open || unit->phase == UnitPhase::leased);
    if (!unsettled || !holds(*unit, event.volunteer)) return answer(Keep{false});
    lease(*unit, event.volunteer);
    lease_of(*unit, event.volunteer)->done = std::clamp(event.done, 0.0, 1.0);
    answer(Keep{true});
  }

  void operator()(const Claimed& event) {
    const Claim& claim = event.claim;
    if (!active(claim.volunteer)) return;
    VolunteerRow& volunteer = *find(claim.volunteer);
    if (volunteer.last && volunteer.last->unit == claim.unit && volunteer.last->contribution == claim.contribution)
      return answer(*volunteer.last);  // its answer was lost: the same again
    if (claim.unit.round >= plan_.rounds || claim.unit.lane >= plan_.lanes || claim.unit.round > run_.round)
      return answer(Refused{error_of(ErrorCode::invalid, "unit " + claim.unit.text() + " is not in work")});
    UnitRow* unit = run_.phase == RunPhase::computing ? unit_of(claim.unit) : nullptr;
    if (unit == nullptr) return take(volunteer, claim, Standing::not_needed);
    if (claim.checkpoint != run_.checkpoint)
      return answer(Refused{error_of(ErrorCode::invalid, "unit " + claim.unit.text() + " starts from checkpoint " +
                                                             run_.checkpoint.hex() + ", the claim from " +
                                                             claim.checkpoint.hex())});
    if (!holds(*unit, claim.volunteer))
      return answer(
          Refused{error_of(ErrorCode::invalid, "unit " + claim.unit.text() + " was never handed to this volunteer")});
    weigh(*unit, volunteer, event);
    merge_when_ready();
  }

  void operator()(const Replayed& event) {
    UnitRow* unit = run_.phase == RunPhase::computing ? unit_of(event.unit) : nullptr;
    if (unit == nullptr || unit->replay) return;  // the round is over, or it was replayed twice
    unit->replay = event.replay;
    ++run_.audits;
    save_.run = true;
    touch(*unit);
    if (unit->phase == UnitPhase::auditing) settle(*unit);
    merge_when_ready();
  }

  void operator()(const ReplayFailed& event) {
    const UnitRow* unit = run_.phase == RunPhase::computing ? unit_of(event.unit) : nullptr;
    if (unit == nullptr || unit->phase != UnitPhase::auditing) return;
    halt(event.error);
  }

  void operator()(const Merged& event) {
    if (run_.phase != RunPhase::merging || event.round != run_.round) return;
    run_.loss = 0;
    for (const UnitRow& unit : m_.units_) {
      VolunteerRow& volunteer = *find(unit.claim->volunteer);
      ++volunteer.units;
      volunteer.tokens += plan_.tokens_per_unit();
      touch(volunteer);
      run_.loss += unit.claim->mean_loss / plan_.lanes;
    }
    run_.accepted += plan_.lanes;
    run_.checkpoint = event.checkpoint;
    ++run_.round;
    move_to(run_.phase, run_.round == plan_.rounds ? RunPhase::complete : RunPhase::computing);
    save_.run = true;
    m_.units_ = fresh_units(plan_, run_.round);
    for (const UnitRow& unit : m_.units_) touch(unit);
    out_.actions.push_back(Wake{});
    if (run_.phase == RunPhase::complete) out_.actions.push_back(Finish{});
  }

  void operator()(const MergeFailed& event) {
    if (run_.phase == RunPhase::merging) halt(event.error);
  }

  void operator()(const Tick&) {
    if (run_.phase != RunPhase::computing) return;
    bool worth_asking = false;
    for (UnitRow& unit : m_.units_) {
      const auto lapsed = [&](const Lease& lease) { return lease.deadline <= now_; };
      if (unit.phase == UnitPhase::leased && std::erase_if(unit.leases, lapsed) > 0) reopen_if_idle(unit);
      worth_asking |= unit.phase == UnitPhase::open || is_late(unit);
    }
    if (worth_asking) out_.actions.push_back(Wake{});
  }

  void operator()(const Opened&) {
    save_.run = true;
    for (const UnitRow& unit : m_.units_) touch(unit);
    if (run_.phase == RunPhase::complete) {
      out_.actions.push_back(Finish{});
    } else if (run_.phase == RunPhase::merging) {
      out_.actions.push_back(merge_action());
    } else {
      if (run_.phase == RunPhase::halted) move_to(run_.phase, RunPhase::computing);
      for (UnitRow& unit : m_.units_)
        if (unit.phase == UnitPhase::auditing) unit.replay ? settle(unit) : audit(unit);
      merge_when_ready();
    }
  }

 private:
  void answer(Answer answer) { out_.answer = std::move(answer); }
  void touch(const UnitRow& unit) { add_once(save_.units, unit.id); }
  void touch(const VolunteerRow& volunteer) { add_once(save_.volunteers, volunteer.id); }
  template <class T>
  static void add_once(std::vector<T>& list, const T& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }

  VolunteerRow* find(const VolunteerId& id) {
    const auto it = m_.volunteers_.find(id);
    return it == m_.volunteers_.end() ? nullptr : &it->second;
  }
  // Whether it may take part; where not, it is answered.
  bool active(const VolunteerId& id) {
    const VolunteerRow* row = find(id);
    if (row == nullptr) {
      answer(Refused{error_of(ErrorCode::not_found, "volunteer " + id.brief() + " has not said hello")});
      return false;
    }
    if (row->phase == VolunteerPhase::put_out) answer(Banished{row->evidence});
    return row->phase == VolunteerPhase::active;
  }
  UnitRow* unit_of(UnitId id) {
    return id.round == run_.round && id.lane < m_.units_.size() ? &m_.units_[id.lane] : nullptr;
  }
  Assignment work_of(const UnitRow& unit) const { return {unit.id, run_.checkpoint, plan_.shard(unit.id)}; }

  bool is_late(const UnitRow& unit) const {
    return unit.phase == UnitPhase::leased && std::all_of(unit.leases.begin(), unit.leases.end(), [&](const Lease& l) {
             return now_ - l.since >= m_.late_after();
           });
  }

  // What this volunteer should compute: what it holds; an open unit, best one it never held; a late one, as a copy.
  UnitRow* unit_for(const VolunteerId& volunteer) {
    UnitRow* open = nullptr;
    UnitRow* late = nullptr;
    for (UnitRow& unit : m_.units_) {
      if (unit.phase == UnitPhase::leased && lease_of(unit, volunteer) != nullptr) return &unit;
      if (unit.phase == UnitPhase::open && (open == nullptr || (holds(*open, volunteer) && !holds(unit, volunteer))))
        open = &unit;
      if (late == nullptr && is_late(unit)) late = &unit;
    }
    return open != nullptr ? open : late;
  }

  void lease(UnitRow& unit, const VolunteerId& volunteer) {
    if (Lease* held = lease_of(unit, volunteer)) {
      held->deadline = now_ + plan_.pace.lease;
      return;
    }
    if (!holds(unit, volunteer)) {
      if (!unit.holders.empty()) {
        ++run_.reissued;
        save_.run = true;
      }
      unit.holders.push_back(volunteer);
    }
    unit.leases.push_back({volunteer, now_, now_ + plan_.pace.lease, 0});
    if (unit.phase == UnitPhase::open) move_to(unit.phase, UnitPhase::leased);
    touch(unit);
  }

  void reopen_if_idle(UnitRow& unit) {
    touch(unit);
    if (unit.phase == UnitPhase::leased && unit.leases.empty()) move_to(unit.phase, UnitPhase::open);
  }

  void take(VolunteerRow& volunteer, const Claim& claim, Standing standing) {
    volunteer.last = Taken{claim.unit, claim.contribution, standing};
    touch(volunteer);
    answer(*volunteer.last);
  }

  void audit(UnitRow& unit) {
    if (unit.phase != UnitPhase::auditing) move_to(unit.phase, UnitPhase::auditing);
    out_.actions.push_back(DoReplay{work_of(unit)});
  }

  // A claim for a unit of this round by one of its holders.
  void weigh(UnitRow& unit, VolunteerRow& volunteer, const Claimed& event) {
    const Claim& claim = event.claim;
    touch(unit);
    if (unit.replay && first_difference(claim, *unit.replay)) {
      accuse(claim, *unit.replay);
      return answer(Banished{volunteer.evidence});
    }
    if (unit.phase == UnitPhase::auditing) {
      const auto same = [&](const Claim& other) { return other.volunteer == claim.volunteer; };
      if (!same(*unit.claim) && std::none_of(unit.waiting.begin(), unit.waiting.end(), same))
        unit.waiting.push_back(claim);
      return take(volunteer, claim, Standing::received);
    }
    if (unit.phase == UnitPhase::accepted) {
      const Replay as_claimed{claim.contribution, claim.states, claim.mean_loss};
      if (unit.audited || !first_difference(*unit.claim, as_claimed))
        return take(volunteer, claim, Standing::not_needed);
      unit.waiting.push_back(claim);  // one of the two is false
      audit(unit);
      return take(volunteer, claim, Standing::received);
    }
    time(unit, claim.volunteer);
    unit.claim = claim;
    unit.leases.clear();
    if (unit.replay || (event.well_formed && !drawn())) {
      unit.audited = unit.replay.has_value();
      move_to(unit.phase, UnitPhase::accepted);
      return take(volunteer, claim, Standing::accepted);
    }
    audit(unit);
    take(volunteer, claim, Standing::received);
  }

  bool drawn() const { return plan_.audit_share >= 1 || chance::uniform(seed_) < plan_.audit_share; }

  void time(UnitRow& unit, const VolunteerId& volunteer) {
    const Lease* lease = lease_of(unit, volunteer);
    if (lease == nullptr) return;
    ++run_.timed_units;
    run_.timed_ms += static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now_ - lease->since).count()));
    save_.run = true;
  }

  // The unit was replayed: the first true claim is accepted, every false one put out.
  void settle(UnitRow& unit) {
    std::vector<Claim> claims = std::move(unit.waiting);
    claims.insert(claims.begin(), *unit.claim);
    unit.waiting.clear();
    unit.claim.reset();
    unit.audited = false;
    const Replay replay = *unit.replay;
    for (const Claim& claim : claims)
      if (!unit.claim && !first_difference(claim, replay)) unit.claim = claim;
    unit.audited = unit.claim.has_value();
    move_to(unit.phase, unit.claim ? UnitPhase::accepted : UnitPhase::open);
    touch(unit);
    for (const Claim& claim : claims)
      if (first_difference(claim, replay)) accuse(claim, replay);
    if (!unit.claim) out_.actions.push_back(Wake{});
  }

  void accuse(const Claim& claim, const Replay& replay) {
    Cheat cheat{claim, replay, *first_difference(claim, replay), now_};
    VolunteerRow& volunteer = *find(claim.volunteer);
    move_to(volunteer.phase, VolunteerPhase::put_out);
    volunteer.evidence = sha256(evidence_file(plan_, cheat));
    touch(volunteer);
    ++run_.cheats;
    save_.run = true;
    out_.actions.push_back(KeepEvidence{std::move(cheat)});
    for (UnitRow& unit : m_.units_) drop_pending(unit, claim.volunteer);
    out_.actions.push_back(Wake{});
  }

  // Forgets what a volunteer that is put out has in hand; what a replay has confirmed stays.
  void drop_pending(UnitRow& unit, const VolunteerId& cheat) {
    if (std::erase_if(unit.leases, [&](const Lease& l) { return l.volunteer == cheat; }) > 0) reopen_if_idle(unit);
    if (std::erase_if(unit.waiting, [&](const Claim& c) { return c.volunteer == cheat; }) > 0) touch(unit);
    if (!unit.claim || unit.claim->volunteer != cheat || unit.audited) return;
    touch(unit);
    unit.claim.reset();
    if (unit.phase == UnitPhase::auditing && !unit.waiting.empty()) {
      unit.claim = unit.waiting.front();
      unit.waiting.erase(unit.waiting.begin());
      return;
    }
    move_to(unit.phase, UnitPhase::open);
  }

  DoMerge merge_action() const {
    DoMerge action{run_.round, run_.checkpoint, {}, {}};
    for (const UnitRow& unit : m_.units_) {
      action.claims.push_back(*unit.claim);
      action.audited.push_back(unit.audited);
    }
    return action;
  }

  void merge_when_ready() {
    const auto accepted = [](const UnitRow& unit) { return unit.phase == UnitPhase::accepted; };
    if (run_.phase != RunPhase::computing || !std::all_of(m_.units_.begin(), m_.units_.end(), accepted)) return;
    move_to(run_.phase, RunPhase::merging);
    save_.run = true;
    out_.actions.push_back(merge_action());
  }

  void halt(const Error& error) {
    move_to(run_.phase, RunPhase::halted);
    save_.run = true;
    out_.actions.push_back(Finish{error});
  }

  Coordinator& m_;
  const Plan& plan_;
  RunRow& run_;
  TimePoint now_;
  std::uint64_t seed_;
  Save save_;
  CoordinatorStep out_;
};

Coordinator::Coordinator(Plan plan) : plan_(std::move(plan)), units_(fresh_units(plan_, 0)) {
  run_.checkpoint = plan_.checkpoint;
}

Result<Coordinator> Coordinator::restore(Plan plan, RunRow run, std::vector<VolunteerRow> volunteers,
                                         std::vector<UnitRow> units, TimePoint now) {
  Coordinator out(std::move(plan));
  const bool over = run.phase == RunPhase::complete;
  if (run.round > out.plan_.rounds || over != (run.round == out.plan_.rounds))
    return fail(ErrorCode::invalid, "run: phase {} does not go with round {} of {}", name_of(run.phase), run.round,
                out.plan_.rounds);
  if (units.size() != (over ? 0 : out.plan_.lanes))
    return fail(ErrorCode::invalid, "run: expected {} units in round {}, got {}", over ? 0 : out.plan_.lanes, run.round,
                units.size());
  for (VolunteerRow& row : volunteers) {
    const VolunteerId id = row.id;
    out.volunteers_.insert_or_assign(id, std::move(row));
  }
  for (std::uint32_t lane = 0; lane < units.size(); ++lane) {
    UnitRow& unit = units[lane];
    const bool claimed = unit.phase == UnitPhase::auditing || unit.phase == UnitPhase::accepted;
    if (unit.id != UnitId{run.round, lane} || claimed != unit.claim.has_value() ||
        (unit.phase == UnitPhase::leased) == unit.leases.empty() ||
        (run.phase == RunPhase::merging && unit.phase != UnitPhase::accepted) ||
        (unit.claim && !out.volunteers_.contains(unit.claim->volunteer)))
      return fail(ErrorCode::invalid, "run: the row of unit {} contradicts itself", UnitId{run.round, lane}.text());
    for (Lease& lease : unit.leases) lease.deadline = now + out.plan_.pace.lease;
  }
  out.run_ = run;
  out.units_ = std::move(units);
  return out;
}

CoordinatorStep Coordinator::step(const CoordinatorEvent& event, TimePoint now, std::uint64_t seed) {
  Turn turn(*this, now, seed);
  std::visit(turn, event);
  return turn.finish();
}

Duration Coordinator::late_after() const {
  if (run_.timed_units == 0) return plan_.pace.late;
  return std::max(plan_.pace.late, Duration(static_cast<std::int64_t>(2 * run_.timed_ms / run_.timed_units)));
}

std::optional<TimePoint> Coordinator::next_tick(TimePoint now) const {
  std::optional<TimePoint> next;
  if (run_.phase != RunPhase::computing) return next;
  const auto consider = [&](TimePoint time) {
    if (!next || time < *next) next = time;
  };
  for (const UnitRow& unit : units_) {
    if (unit.phase != UnitPhase::leased) continue;
    for (const Lease& lease : unit.leases) {
      consider(lease.deadline);
      if (lease.since + late_after() > now) consider(lease.since + late_after());
    }
  }
  return next;
}

}  // namespace cairn::swarm
