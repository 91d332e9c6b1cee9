#include "swarm/simulator.h"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <queue>
#include <set>

#include "swarm/chance.h"
#include "swarm/coordinator.h"
#include "swarm/volunteer.h"

namespace cairn::swarm {
namespace {

// --- the toy: every result is a hash of its inputs ---

Plan toy_plan(const SimulationOptions& options) {
  Plan plan;
  plan.name = "simulation";
  plan.seed = options.seed & 0xFFFFFFFF;
  plan.rounds = options.rounds;
  plan.lanes = options.lanes;
  plan.unit.steps = 16;
  plan.unit.stretch = 4;
  plan.parameters = 1;
  plan.audit_share = options.audit_share;
  plan.checkpoint = sha256("first model");
  for (std::uint64_t i = 0; i < plan.units(); ++i) plan.shards.push_back(sha256(fmt::format("shard {}", i)));
  plan.pace = {.heartbeat = Duration(1'000), .lease = Duration(6'000), .late = Duration(8'000)};
  return plan;
}

Replay toy_compute(const Plan& plan, const Assignment& work) {
  Replay out;
  const std::string inputs =
      fmt::format("{} {} {} {}", work.checkpoint.hex(), work.shard.hex(), plan.seed, work.unit.text());
  for (std::uint32_t i = 0; i < plan.stretches(); ++i)
    out.states.push_back(sha256(fmt::format("state {} {}", i, inputs)));
  out.contribution = sha256("contribution " + inputs);
  out.mean_loss = chance::uniform(out.contribution.bytes[0]);
  return out;
}

Digest toy_merge(const Digest& checkpoint, const std::vector<Digest>& contributions) {
  std::string text = checkpoint.hex();
  for (const Digest& contribution : contributions) text += contribution.hex();
  return sha256(text);
}

enum class Behaviour : std::uint8_t {
  honest,
  wrong_contribution,  // true states, another contribution
  wrong_states,        // from a random stretch on
  copied,              // the true result of another unit
  stale,               // its first result, again and again
  silent,              // takes units, sends heartbeats, never reports
  late_liar,           // honest at first, then a wrong contribution
};
constexpr std::uint64_t kBehaviours = 7;

struct Store {  // what is on the coordinator's disk
  RunRow run;
  std::map<VolunteerId, VolunteerRow> volunteers;
  std::map<UnitId, UnitRow> units;
  bool begun = false;
};

struct Node {
  VolunteerId id;
  Behaviour behaviour = Behaviour::honest;
  std::optional<Volunteer> machine;  // none while it is down
  std::optional<Claim> kept;         // on its disk
  std::optional<Claim> first;
  std::uint64_t life = 0;  // grows with every crash: what was under way before is lost
  std::uint64_t units = 0;
  std::optional<UnitId> computing;
  bool left = false;
};

class World {
 public:
  explicit World(const SimulationOptions& options)
      : options_(options), plan_(toy_plan(options)), random_(options.seed) {}

  SimulationReport run() {
    start();
    while (!queue_.empty() && report_.violation.empty()) {
      const Item item = queue_.top();
      queue_.pop();
      now_ms_ = item.at;
      if (now_ms_ > options_.most_ms) break;
      ++report_.events;
      item.act();
      if (finished_) break;
    }
    conclude();
    return report_;
  }

 private:
  struct Item {
    std::uint64_t at, order;
    std::function<void()> act;
    bool operator<(const Item& o) const { return at != o.at ? at > o.at : order > o.order; }
  };

  // --- the world: time, chance, messages ---

  TimePoint now() const { return TimePoint(Duration(static_cast<std::int64_t>(now_ms_))); }
  std::uint64_t draw() { return random_ = chance::mix(random_); }
  bool happens(double share) { return faulty() && chance::uniform(draw()) < share; }
  bool faulty() const { return now_ms_ < options_.faults_until_ms; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + draw() % (most - least + 1); }
  void after(std::uint64_t ms, std::function<void()> act) { queue_.push({now_ms_ + ms, ++order_, std::move(act)}); }
  void violated(std::string what) {
    if (report_.violation.empty()) report_.violation = fmt::format("at {} ms: {}", now_ms_, what);
  }

  void deliver(const std::function<void()>& act) {
    if (happens(options_.loss)) {
      ++report_.lost;
      return;
    }
    const bool twice = happens(options_.duplication);
    report_.doubled += twice ? 1 : 0;
    for (int i = 0; i < (twice ? 2 : 1); ++i) after(happens(0.05) ? between(1'000, 5'000) : between(2, 120), act);
  }

  void start() {
    for (std::uint32_t i = 0; i < options_.honest + options_.liars; ++i) {
      Node node;
      const Digest id = sha256(fmt::format("volunteer {} {}", options_.seed, i));
      node.id.bytes = id.bytes;
      if (i >= options_.honest) node.behaviour = static_cast<Behaviour>(between(1, kBehaviours - 1));
      nodes_.push_back(std::move(node));
    }
    open_coordinator();
    for (std::size_t i = 0; i < nodes_.size(); ++i) after(between(0, 3'000), [this, i] { start_volunteer(i); });
  }

  // --- the coordinator's side ---

  void open_coordinator() {
    ++coordinator_life_;
    if (!store_.begun) {
      coordinator_.emplace(plan_);
    } else {
      std::vector<VolunteerRow> volunteers;
      std::vector<UnitRow> units;
      for (const auto& [id, row] : store_.volunteers) volunteers.push_back(row);
      for (const auto& [id, row] : store_.units)
        if (id.round == store_.run.round) units.push_back(row);
      auto restored = Coordinator::restore(plan_, store_.run, std::move(volunteers), std::move(units), now());
      if (!restored) return violated("what was saved cannot be restored: " + restored.error().message);
      coordinator_.emplace(std::move(*restored));
    }
    coordinate(Opened{});
  }

  void crash_coordinator() {
    ++report_.coordinator_crashes;
    coordinator_.reset();
    ++coordinator_life_;
    after(between(200, 4'000), [this] { open_coordinator(); });
  }

  // Returns the answer; none where the coordinator is down, or goes down before the answer leaves.
  std::optional<Answer> coordinate(const CoordinatorEvent& event) {
    if (!coordinator_) return std::nullopt;
    CoordinatorStep step = coordinator_->step(event, now(), draw());
    if (happens(options_.crash)) {  // before anything is written
      crash_coordinator();
      return std::nullopt;
    }
    if (!step.actions.empty())
      if (const auto* save = std::get_if<Save>(&step.actions.front())) write(*save);
    check_rows();
    if (happens(options_.crash)) {  // written, but nobody was told
      crash_coordinator();
      return std::nullopt;
    }
    for (const CoordinatorAction& action : step.actions) std::visit([this](const auto& a) { act(a); }, action);
    schedule_tick();
    return step.answer;
  }

  void write(const Save& save) {
    store_.begun = true;
    if (save.run) store_.run = coordinator_->run();
    for (const VolunteerId& id : save.volunteers) store_.volunteers[id] = coordinator_->volunteers().at(id);
    for (const UnitId& id : save.units) store_.units[id] = coordinator_->units()[id.lane];
  }

  void schedule_tick() {
    const auto tick = coordinator_->next_tick(now());
    if (!tick) return;
    const auto at = static_cast<std::uint64_t>(std::max<std::int64_t>(tick->time_since_epoch().count(), now_ms_ + 1));
    if (tick_at_ > now_ms_ && tick_at_ <= at) return;
    tick_at_ = at;
    after(at - now_ms_, [this] { coordinate(Tick{}); });
  }

  void act(const Save&) {}
  void act(const Wake&) {}
  void act(const DoReplay& replay) {
    after(between(100, 2'000), [this, replay, life = coordinator_life_] {
      if (life == coordinator_life_) coordinate(Replayed{replay.work.unit, toy_compute(plan_, replay.work)});
    });
  }
  void act(const DoMerge& merge) {
    std::vector<Digest> contributions;
    for (const Claim& claim : merge.claims) {
      const Replay truth = toy_compute(plan_, {claim.unit, merge.checkpoint, plan_.shard(claim.unit)});
      if (first_difference(claim, truth)) {
        ++report_.unaudited_lies_merged;
        if (options_.audit_share >= 1) violated("a false claim for unit " + claim.unit.text() + " was merged");
      }
      contributions.push_back(claim.contribution);
    }
    const Digest merged = toy_merge(merge.checkpoint, contributions);
    const auto [it, fresh] = merged_.emplace(merge.round, merged);
    if (!fresh && it->second != merged) violated(fmt::format("round {} was merged twice, differently", merge.round));
    if (merge.round > 0 && !merged_.contains(merge.round - 1)) violated("a round was merged before the one before it");
    after(between(50, 500), [this, merge, merged, life = coordinator_life_] {
      if (life == coordinator_life_) coordinate(Merged{merge.round, merged});
    });
  }
  void act(const KeepEvidence& evidence) {
    if (options_.audit_share >= 1 || evidence.cheat.claim.unit.round == coordinator_->run().round)
      if (!first_difference(evidence.cheat.claim, evidence.cheat.replay)) violated("evidence that proves nothing");
  }
  void act(const Finish& finish) {
    if (finish.error) return violated("halted: " + finish.error->message);
  }

  // --- invariants of the coordinator, at every event ---

  void check_rows() {
    const RunRow& run = coordinator_->run();
    if (store_.run != run) violated("a change of the run's row was not saved");
    std::uint64_t credited = 0;
    for (const auto& [id, row] : coordinator_->volunteers()) {
      credited += row.units;
      const auto stored = store_.volunteers.find(id);
      if (stored == store_.volunteers.end() || stored->second != row) violated("a change of a volunteer was not saved");
      if (row.phase == VolunteerPhase::put_out && node_of(id).behaviour == Behaviour::honest)
        violated("an honest volunteer was put out");
    }
    if (credited != run.accepted || run.accepted != std::uint64_t{run.round} * plan_.lanes)
      violated(fmt::format("{} contributions credited, {} counted, {} merged", credited, run.accepted,
                           std::uint64_t{run.round} * plan_.lanes));
    for (const UnitRow& unit : coordinator_->units()) check_unit(unit);
  }

  void check_unit(const UnitRow& unit) {
    const auto stored = store_.units.find(unit.id);
    if (stored == store_.units.end()) return violated("a unit was not saved");
    UnitRow durable = unit, written = stored->second;
    durable.leases.clear();  // heartbeats are not written
    written.leases.clear();
    if (durable != written || unit.leases.size() != stored->second.leases.size())
      violated("a change of unit " + unit.id.text() + " was not saved");
    if (unit.phase != UnitPhase::accepted || !unit.audited) return;
    const auto [it, fresh] = settled_.emplace(unit.id, unit.claim->contribution);
    if (!fresh && it->second != unit.claim->contribution)
      violated("the accepted contribution of unit " + unit.id.text() + " was exchanged");
  }

  Node& node_of(const VolunteerId& id) {
    for (Node& node : nodes_)
      if (node.id == id) return node;
    violated("a volunteer that nobody is");
    return nodes_.front();
  }

  // --- a volunteer's side ---

  void start_volunteer(std::size_t i) {
    Node& node = nodes_[i];
    VolunteerOptions options;
    options.heartbeat = plan_.pace.heartbeat;
    options.most_failures = 1'000'000;  // stays however long the faults last
    node.machine.emplace(options);
    volunteer(i, Start{node.kept});
  }

  void crash_volunteer(std::size_t i) {
    ++report_.volunteer_crashes;
    nodes_[i].machine.reset();
    nodes_[i].computing.reset();
    ++nodes_[i].life;
    after(between(100, 20'000), [this, i] { start_volunteer(i); });
  }

  void volunteer(std::size_t i, const VolunteerEvent& event) {
    Node& node = nodes_[i];
    if (!node.machine || node.left) return;
    const auto actions = node.machine->step(event, now(), draw());
    for (const VolunteerAction& action : actions) {
      if (!nodes_[i].machine) return;
      std::visit([this, i](const auto& a) { act(i, a); }, action);
      if (happens(options_.crash)) return crash_volunteer(i);
    }
    if (node.left || !node.machine->next_tick()) return;
    const auto wake = std::max<std::int64_t>(node.machine->next_tick()->time_since_epoch().count(), now_ms_);
    after(wake - now_ms_, [this, i, life = node.life] {
      if (nodes_[i].life == life) volunteer(i, TimePassed{});
    });
  }

  // A request over the network: there, and back, or a time-out.
  void request(std::size_t i, std::uint64_t number, const CoordinatorEvent& event) {
    const std::uint64_t life = nodes_[i].life;
    deliver([this, i, number, event, life] {
      const std::optional<Answer> answer = coordinate(event);
      if (!answer) return;
      if (const auto* claimed = std::get_if<Claimed>(&event)) note(claimed->claim, *answer);
      deliver([this, i, number, life, answer = *answer] {
        if (nodes_[i].life == life) volunteer(i, Answered{number, answer});
      });
    });
    after(3'000, [this, i, number, life] {
      if (nodes_[i].life == life)
        volunteer(i, Unanswered{number, {ErrorCode::unreachable, "no answer in time", {}, {}}});
    });
  }

  // What the coordinator said about a claim: a false one that it took must put its volunteer out in the end.
  void note(const Claim& claim, const Answer& answer) {
    const auto* taken = std::get_if<Taken>(&answer);
    if (taken == nullptr) return;
    if (taken->standing == Standing::not_needed) {
      ++report_.not_needed;
      return;
    }
    if (false_claims_.contains(claim.contribution) || false_states_.contains(claim.states.back())) {
      ++report_.lies_received;
      liars_heard_.insert(claim.volunteer);
    }
  }

  void act(std::size_t i, const SendHello& a) { request(i, a.request, Hello{nodes_[i].id, fmt::format("v{}", i)}); }
  void act(std::size_t i, const SendAsk& a) { request(i, a.request, AskWork{nodes_[i].id}); }
  void act(std::size_t i, const SendHeartbeat& a) { request(i, a.request, Heartbeat{nodes_[i].id, a.unit, a.done}); }
  void act(std::size_t i, const SendClaim& a) { request(i, a.request, Claimed{a.claim}); }
  void act(std::size_t i, const Fetch& a) {
    after(between(5, 400), [this, i, a, life = nodes_[i].life, lost = happens(options_.loss)] {
      if (nodes_[i].life != life) return;
      if (lost)
        return volunteer(i, Unanswered{a.request, {ErrorCode::malformed, "the shard's digest differs", {}, {}}});
      volunteer(i, Fetched{a.request});
    });
  }
  void act(std::size_t i, const ComputeUnit& a) {
    Node& node = nodes_[i];
    node.computing = a.work.unit;
    if (node.behaviour == Behaviour::silent) return;
    const std::uint64_t speed = 1 + chance::mix(node.id.bytes[3]) % 6;  // volunteers differ in speed, up to six times
    after(between(500, 2'500) * speed, [this, i, a, life = node.life] {
      Node& n = nodes_[i];
      if (n.life != life || n.computing != a.work.unit) return;
      n.computing.reset();
      volunteer(i, UnitComputed{a.work.unit, claim_of(n, a.work)});
    });
  }
  void act(std::size_t i, const CancelCompute&) { nodes_[i].computing.reset(); }
  void act(std::size_t i, const KeepClaim& a) { nodes_[i].kept = a.claim; }
  void act(std::size_t i, const DropClaim&) { nodes_[i].kept.reset(); }
  void act(std::size_t i, const Leave& a) {
    nodes_[i].left = true;
    if (a.final == VolunteerState::put_out && nodes_[i].behaviour == Behaviour::honest)
      violated("an honest volunteer was told that it is put out");
    if (a.error) violated("a volunteer gave up: " + a.error->message);
    for (const Node& node : nodes_)
      if (node.behaviour == Behaviour::honest && !node.left) return;
    finished_ = true;
  }

  Claim claim_of(Node& node, const Assignment& work) {
    const Replay truth = toy_compute(plan_, work);
    Claim claim{work.unit, work.checkpoint, node.id, truth.contribution, truth.states, truth.mean_loss, {}};
    ++node.units;
    const auto lie = [&] { false_claims_.insert(claim.contribution = sha256(fmt::format("lie {}", draw()))); };
    switch (node.behaviour) {
      case Behaviour::honest:
      case Behaviour::silent:
        break;
      case Behaviour::wrong_contribution:
        lie();
        break;
      case Behaviour::late_liar:
        if (node.units > 2) lie();
        break;
      case Behaviour::wrong_states:
        for (std::size_t s = draw() % claim.states.size(); s < claim.states.size(); ++s)
          false_states_.insert(claim.states[s] = sha256(fmt::format("false state {}", draw())));
        break;
      case Behaviour::copied: {
        const UnitId other{work.unit.round, (work.unit.lane + 1) % plan_.lanes};
        const Replay copy = toy_compute(plan_, {other, work.checkpoint, plan_.shard(other)});
        claim.contribution = copy.contribution;
        claim.states = copy.states;
        break;
      }
      case Behaviour::stale:
        if (node.first) {
          claim.contribution = node.first->contribution;
          claim.states = node.first->states;
        }
        break;
    }
    if (!node.first) node.first = claim;
    return claim;
  }

  // --- at the end ---

  void conclude() {
    report_.simulated_ms = now_ms_;
    if (!report_.violation.empty()) return;
    if (!finished_ || !coordinator_ || coordinator_->run().phase != RunPhase::complete)
      return violated(fmt::format("the run is not complete: round {} of {}", store_.run.round, plan_.rounds));
    report_.model = coordinator_->run().checkpoint;
    report_.reissued = coordinator_->run().reissued;
    report_.audits = coordinator_->run().audits;
    report_.put_out = coordinator_->run().cheats;
    if (options_.audit_share < 1) return;
    if (report_.model != simulated_model(options_)) violated("the model is not the plan's");
    for (const VolunteerId& liar : liars_heard_)
      if (coordinator_->volunteers().at(liar).phase != VolunteerPhase::put_out)
        violated("a lie was received, and its volunteer was not put out");
  }

  SimulationOptions options_;
  Plan plan_;
  std::uint64_t random_;
  SimulationReport report_;
  std::priority_queue<Item> queue_;
  std::uint64_t now_ms_ = 0, order_ = 0, tick_at_ = 0, coordinator_life_ = 0;
  bool finished_ = false;
  std::optional<Coordinator> coordinator_;
  Store store_;
  std::vector<Node> nodes_;
  std::map<std::uint32_t, Digest> merged_;
  std::map<UnitId, Digest> settled_;
  std::set<Digest> false_claims_, false_states_;
  std::set<VolunteerId> liars_heard_;
};

}  // namespace

SimulationReport simulate(const SimulationOptions& options) {
  return World(options).run();
}

Digest simulated_model(const SimulationOptions& options) {
  const Plan plan = toy_plan(options);
  Digest model = plan.checkpoint;
  for (std::uint32_t round = 0; round < plan.rounds; ++round) {
    std::vector<Digest> contributions;
    for (std::uint32_t lane = 0; lane < plan.lanes; ++lane) {
      const UnitId unit{round, lane};
      contributions.push_back(toy_compute(plan, {unit, model, plan.shard(unit)}).contribution);
    }
    model = toy_merge(model, contributions);
  }
  return model;
}

}  // namespace cairn::swarm
