#include "swarm/coordinator_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "train/contribution.h"

namespace cairn::swarm {
namespace {

constexpr std::size_t kMostWaiting = 24;  // requests held open; fewer than the HTTP server has workers

std::optional<VolunteerId> sender_of(const CoordinatorEvent& event) {
  if (const auto* e = std::get_if<Hello>(&event)) return e->volunteer;
  if (const auto* e = std::get_if<AskWork>(&event)) return e->volunteer;
  if (const auto* e = std::get_if<Heartbeat>(&event)) return e->volunteer;
  if (const auto* e = std::get_if<Claimed>(&event)) return e->claim.volunteer;
  return std::nullopt;
}

}  // namespace

CoordinatorService::CoordinatorService(RunFolder& folder, Coordinator machine, Workbench& bench,
                                       const HostOptions& options)
    : folder_(folder), bench_(bench), options_(options), machine_(std::move(machine)) {
  started_ = options_.env.clock.now();
  settled_at_start_ = settled_units();
  for (const auto& [id, row] : machine_.volunteers()) seen_[id] = started_;  // they may be trying to reach us
}

CoordinatorService::~CoordinatorService() {
  stop();
}

void CoordinatorService::start() {
  {
    const std::lock_guard lock(mutex_);
    if (!apply_locked(Opened{})) return;
  }
  worker_ = std::thread([this] { work(); });
}

void CoordinatorService::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ++wakes_;
  }
  changed_.notify_all();
  work_due_.notify_all();
  if (worker_.joinable()) worker_.join();
}

std::uint64_t CoordinatorService::seed() {
  std::array<std::uint8_t, 8> bytes;
  options_.env.entropy.fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

std::uint64_t CoordinatorService::settled_units() const {
  const auto accepted = [](const UnitRow& unit) { return unit.phase == UnitPhase::accepted; };
  return machine_.run().accepted +
         static_cast<std::uint64_t>(std::count_if(machine_.units().begin(), machine_.units().end(), accepted));
}

std::string CoordinatorService::name_of_volunteer(const VolunteerId& id) const {
  const auto it = machine_.volunteers().find(id);
  return it == machine_.volunteers().end() ? id.brief() : it->second.name;
}

void CoordinatorService::emit(Json event) {
  if (!options_.on_event) return;
  event["at"] = to_iso(options_.env.clock.now());
  const std::lock_guard lock(event_mutex_);
  options_.on_event(canonical(event));
}

Result<std::optional<Answer>> CoordinatorService::apply(const CoordinatorEvent& event) {
  const std::lock_guard lock(mutex_);
  return apply_locked(event);
}

Result<std::optional<Answer>> CoordinatorService::apply_locked(const CoordinatorEvent& event) {
  if (error_) return fail(*error_);
  const TimePoint now = options_.env.clock.now();
  const CoordinatorStep step = machine_.step(event, now, seed());
  Status saved;
  for (const CoordinatorAction& action : step.actions)  // what the rows will name is on the disk before them
    if (const auto* evidence = std::get_if<KeepEvidence>(&action); evidence != nullptr && saved)
      saved = folder_.keep_evidence(evidence->cheat);
  for (const CoordinatorAction& action : step.actions)
    if (const auto* save = std::get_if<Save>(&action); save != nullptr && saved) saved = folder_.save(*save, machine_);
  if (!saved) {  // nobody was told: what is on the disk still holds
    end(saved.error());
    return fail(saved.error());
  }
  if (const auto sender = sender_of(event)) seen_[*sender] = now;
  note_changes(event, step);
  if (step.answer) note_answer(event, *step.answer);
  for (const CoordinatorAction& action : step.actions) perform(action);
  changed_.notify_all();
  return step.answer;
}

void CoordinatorService::note_answer(const CoordinatorEvent& event, const Answer& answer) {
  const auto sender = sender_of(event);
  if (!sender) return;
  const std::string name = name_of_volunteer(*sender);
  const Json who{{"volunteer", sender->brief()}, {"name", name}};
  const auto say = [&](const char* kind, Json more) {
    more["event"] = kind;
    more.update(who);
    emit(std::move(more));
  };
  if (std::holds_alternative<RunOver>(answer)) told_.insert(*sender);
  if (std::holds_alternative<Welcome>(answer)) say("joined", Json::object());
  if (const auto* assigned = std::get_if<Assigned>(&answer))
    say("handed-out",
        {{"unit", assigned->work.unit.text()}, {"holders", machine_.units()[assigned->work.unit.lane].holders.size()}});
  if (const auto* taken = std::get_if<Taken>(&answer))
    say("claimed", {{"unit", taken->unit.text()}, {"standing", name_of(taken->standing)}});
  if (const auto* refused = std::get_if<Refused>(&answer)) say("refused", {{"message", refused->error.message}});
}

void CoordinatorService::note_changes(const CoordinatorEvent& event, const CoordinatorStep& step) {
  for (const CoordinatorAction& action : step.actions) {
    if (const auto* evidence = std::get_if<KeepEvidence>(&action)) {
      const Cheat& cheat = evidence->cheat;
      const Digest digest = sha256(evidence_file(machine_.plan(), cheat));
      emit({{"event", "put-out"},
            {"volunteer", cheat.claim.volunteer.brief()},
            {"name", name_of_volunteer(cheat.claim.volunteer)},
            {"unit", cheat.claim.unit.text()},
            {"first_wrong", cheat.first_wrong},
            {"evidence", folder_.evidence_path(digest).string()},
            {"explanation", explain(machine_.plan(), cheat)}});
    }
    const auto* save = std::get_if<Save>(&action);
    if (save == nullptr || !std::holds_alternative<Tick>(event)) continue;
    for (const UnitId& unit : save->units) emit({{"event", "lapsed"}, {"unit", unit.text()}});
  }
  if (const auto* replayed = std::get_if<Replayed>(&event)) {
    const auto units = machine_.units();
    const UnitId unit = replayed->unit;
    const bool stands = machine_.run().round != unit.round || (unit.lane < units.size() && units[unit.lane].audited);
    emit({{"event", "replayed"}, {"unit", unit.text()}, {"equal", stands}});
  }
  if (const auto* merged = std::get_if<Merged>(&event))
    emit({{"event", "merged"},
          {"round", merged->round},
          {"rounds", machine_.plan().rounds},
          {"loss", machine_.run().loss},
          {"checkpoint", merged->checkpoint.hex()}});
}

void CoordinatorService::perform(const CoordinatorAction& action) {
  if (const auto* replay = std::get_if<DoReplay>(&action)) {
    tasks_.push_back(*replay);
    work_due_.notify_all();
  } else if (const auto* merge = std::get_if<DoMerge>(&action)) {
    tasks_.push_back(*merge);
    work_due_.notify_all();
  } else if (std::holds_alternative<Wake>(action)) {
    ++wakes_;
  } else if (const auto* finish = std::get_if<Finish>(&action)) {
    if (!finish->error) {
      if (const auto kept = folder_.completed(options_.env.clock.now()); !kept) return end(kept.error());
    }
    end(finish->error);
  }
}

void CoordinatorService::end(std::optional<Error> error) {
  over_ = true;
  if (error && !error_) error_ = std::move(error);
  ++wakes_;
  changed_.notify_all();
}

Result<Answer> CoordinatorService::ask_work(const VolunteerId& volunteer, Duration wait) {
  const auto until = std::chrono::steady_clock::now() + std::min(wait, Duration(10'000));
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::uint64_t wakes = wakes_;
    CAIRN_ASSIGN(const std::optional<Answer> answer, apply_locked(AskWork{volunteer}));
    const bool hold = std::holds_alternative<NoWork>(*answer) && waiting_ < kMostWaiting && !stopping_;
    if (!hold || std::chrono::steady_clock::now() >= until) return *answer;
    ++waiting_;
    changed_.wait_until(lock, until, [&] { return wakes_ != wakes || stopping_; });
    --waiting_;
  }
}

Result<Answer> CoordinatorService::claim(const Claim& claim, ByteView contribution) {
  const std::lock_guard lock(mutex_);
  const UnitId unit = claim.unit;
  const bool current = unit.round == machine_.run().round && unit.lane < machine_.units().size();
  const auto holds = [&](const UnitRow& row) {
    return std::find(row.holders.begin(), row.holders.end(), claim.volunteer) != row.holders.end();
  };
  if (current && holds(machine_.units()[unit.lane])) {
    if (contribution.size() != machine_.plan().contribution_bytes())
      return fail(ErrorCode::malformed, "contribution to unit {}: expected {} bytes, got {}", unit.text(),
                  machine_.plan().contribution_bytes(), contribution.size());
    if (auto kept = folder_.blobs().keep(contribution); !kept) {
      end(kept.error());
      return fail(std::move(kept).error());
    }
  }
  CAIRN_ASSIGN(const std::optional<Answer> answer, apply_locked(Claimed{claim, mergeable(contribution)}));
  return *answer;
}

// Whether a merge of this round could read it, and weighs it as the plan says.
bool CoordinatorService::mergeable(ByteView contribution) const {
  const Plan& plan = machine_.plan();
  if (plan.audit_share >= 1) return true;  // the replay will tell
  const auto decoded = train::decode_contribution(contribution, plan.parameters);
  return decoded && decoded->tokens == plan.tokens_per_unit() && decoded->bits == plan.unit.contribution_bits &&
         decoded->checkpoint == machine_.run().checkpoint;
}

Result<Bytes> CoordinatorService::shard_for(const VolunteerId& volunteer, UnitId unit) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = machine_.volunteers().find(volunteer);
    const bool active = known != machine_.volunteers().end() && known->second.phase == VolunteerPhase::active;
    const bool current = unit.round == machine_.run().round && unit.lane < machine_.units().size();
    const auto holder = [&](const Lease& lease) { return lease.volunteer == volunteer; };
    if (!active || !current ||
        std::none_of(machine_.units()[unit.lane].leases.begin(), machine_.units()[unit.lane].leases.end(), holder))
      return fail(ErrorCode::not_found, "unit {} is not in this volunteer's hands", unit.text());
  }
  auto bytes = shard_bytes({unit, volunteer});
  if (!bytes) {  // its permit speaks of volunteers, not of this one: nobody else would get it either
    emit({{"event", "shard-refused"}, {"unit", unit.text()}, {"message", bytes.error().message}});
    const std::lock_guard lock(mutex_);
    end(bytes.error());
  }
  return bytes;
}

Result<Bytes> CoordinatorService::shard_bytes(const ShardRequest& request) {
  const Digest& digest = folder_.plan().shard(request.unit);
  const auto provider = options_.shards ? options_.shards : shards_from_folder(folder_.shards_path(), folder_.plan());
  CAIRN_ASSIGN(Bytes bytes, provider(request));
  if (sha256(bytes) != digest)
    return fail(ErrorCode::malformed, "shard of unit {}: the plan has the digest {}, the bytes {}", request.unit.text(),
                digest.hex(), sha256(bytes).hex());
  if (options_.keep_shards) CAIRN_TRY(folder_.shards().keep(bytes));
  return bytes;
}

bool CoordinatorService::may_fetch(const VolunteerId& volunteer, const Digest& checkpoint) {
  const std::lock_guard lock(mutex_);
  const auto known = machine_.volunteers().find(volunteer);
  return known != machine_.volunteers().end() && known->second.phase == VolunteerPhase::active &&
         machine_.run().checkpoint == checkpoint;
}

bool CoordinatorService::wait(Duration at_most) {
  std::unique_lock lock(mutex_);
  if (over_) return true;
  const TimePoint now = options_.env.clock.now();
  const auto tick = machine_.next_tick(now);
  if (tick) at_most = std::clamp(Duration(*tick - now), Duration(0), at_most);
  changed_.wait_for(lock, at_most, [&] { return over_; });
  if (!over_ && tick && options_.env.clock.now() >= *tick) (void)apply_locked(Tick{});
  return over_;
}

void CoordinatorService::linger(Duration at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most);
}

std::optional<Error> CoordinatorService::error() {
  const std::lock_guard lock(mutex_);
  return error_;
}

bool CoordinatorService::all_told() {
  const std::lock_guard lock(mutex_);
  const TimePoint now = options_.env.clock.now();
  return std::all_of(seen_.begin(), seen_.end(), [&](const auto& entry) {
    const auto row = machine_.volunteers().find(entry.first);
    return told_.contains(entry.first) || now - entry.second > 3 * machine_.plan().pace.heartbeat ||
           row == machine_.volunteers().end() || row->second.phase == VolunteerPhase::put_out;
  });
}

// --- the working thread ---

void CoordinatorService::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_due_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    if (const auto* one = std::get_if<DoReplay>(&task)) {
      const auto units = machine_.units();
      const UnitId unit = one->work.unit;
      if (unit.round != machine_.run().round || unit.lane >= units.size() || units[unit.lane].replay) continue;
      lock.unlock();
      auto done = replay(one->work);
      lock.lock();
      if (stopping_) return;
      (void)apply_locked(done ? CoordinatorEvent(Replayed{unit, std::move(*done)})
                              : CoordinatorEvent(ReplayFailed{unit, std::move(done).error()}));
    } else {
      const auto& round = std::get<DoMerge>(task);
      lock.unlock();
      auto done = merge(round);
      lock.lock();
      if (stopping_) return;
      (void)apply_locked(done ? CoordinatorEvent(Merged{round.round, *done})
                              : CoordinatorEvent(MergeFailed{std::move(done).error()}));
    }
  }
}

Result<Replay> CoordinatorService::replay(const Assignment& work) {
  CAIRN_ASSIGN(const Bytes shard, shard_bytes({work.unit, std::nullopt}));
  CAIRN_ASSIGN(const Bytes checkpoint, folder_.blobs().get(work.checkpoint, kMostCheckpointBytes));
  train::Watch watch;
  watch.cancelled = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  CAIRN_ASSIGN(const Computed computed, bench_.compute(work, checkpoint, shard, watch));
  return computed.replay;
}

Result<Digest> CoordinatorService::merge(const DoMerge& task) {
  const Plan& plan = folder_.plan();
  CAIRN_ASSIGN(const Digest outer_digest, folder_.outer_state(task.round));
  Bytes outer;
  if (task.round > 0) {
    CAIRN_ASSIGN(outer, folder_.blobs().get(outer_digest, kMostCheckpointBytes));
  }
  std::vector<Bytes> contributions;
  for (const Claim& claim : task.claims) {
    CAIRN_ASSIGN(Bytes bytes, folder_.blobs().get(claim.contribution, plan.contribution_bytes()));
    contributions.push_back(std::move(bytes));
  }
  CAIRN_ASSIGN(const Bytes checkpoint, folder_.blobs().get(task.checkpoint, kMostCheckpointBytes));
  CAIRN_ASSIGN(const MergedModel merged, bench_.merge(checkpoint, outer, contributions));
  RoundRecord record;
  record.round = task.round;
  record.checkpoint = task.checkpoint;
  record.outer_state = outer_digest;
  record.claims = task.claims;
  record.audited = task.audited;
  CAIRN_ASSIGN(record.next_checkpoint, folder_.blobs().keep(merged.checkpoint));
  CAIRN_ASSIGN(record.next_outer_state, folder_.blobs().keep(merged.outer_state));
  const Digest next = record.next_checkpoint;
  CAIRN_TRY(folder_.publish(std::move(record)));
  return next;
}

// --- what is shown ---

Json CoordinatorService::status() {
  const std::lock_guard lock(mutex_);
  const RunRow& run = machine_.run();
  Json units = Json::array(), volunteers = Json::array();
  for (const UnitRow& unit : machine_.units()) {
    Json leases = Json::array();
    for (const Lease& lease : unit.leases)
      leases.push_back(
          {{"volunteer", lease.volunteer.brief()}, {"name", name_of_volunteer(lease.volunteer)}, {"done", lease.done}});
    units.push_back({{"unit", unit.id.text()}, {"phase", name_of(unit.phase)}, {"leases", leases}});
  }
  for (const auto& [id, row] : machine_.volunteers())
    volunteers.push_back({{"id", id.hex()},
                          {"name", row.name},
                          {"phase", name_of(row.phase)},
                          {"units", row.units},
                          {"tokens", row.tokens}});
  return {{"name", machine_.plan().name},
          {"run", run_id(machine_.plan()).hex()},
          {"phase", name_of(run.phase)},
          {"round", run.round},
          {"rounds", machine_.plan().rounds},
          {"lanes", machine_.plan().lanes},
          {"checkpoint", run.checkpoint.hex()},
          {"loss", run.loss},
          {"contributions", run.accepted},
          {"audits", run.audits},
          {"cheats", run.cheats},
          {"reissued", run.reissued},
          {"tokens", run.accepted * machine_.plan().tokens_per_unit()},
          {"units", units},
          {"volunteers", volunteers}};
}

void CoordinatorService::report_progress() {
  Progress progress;
  std::string note;
  {
    const std::lock_guard lock(mutex_);
    const Plan& plan = machine_.plan();
    const std::uint64_t settled = settled_units();
    const double seconds = static_cast<double>((options_.env.clock.now() - started_).count()) / 1000;
    const double here = static_cast<double>(settled - settled_at_start_);
    const double left = here > 0 ? seconds / here * static_cast<double>(plan.units() - settled) : 0;
    progress = {"train", static_cast<double>(settled), static_cast<double>(plan.units()), "units", {}};
    note = fmt::format("round {} of {}", std::min(machine_.run().round + 1, plan.rounds), plan.rounds);
    if (machine_.run().round > 0) note += fmt::format(", loss {:.3f}", machine_.run().loss);  // of the last one merged
    if (here > 0 && seconds > 0)
      note += fmt::format(", {:.0f} tokens/s, {:.0f} s left",
                          here * static_cast<double>(plan.tokens_per_unit()) / seconds, left);
  }
  progress.note = note;
  options_.env.progress(progress);
}

}  // namespace cairn::swarm
