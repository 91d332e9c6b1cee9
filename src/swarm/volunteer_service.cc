#include "swarm/volunteer_service.h"

#include <array>
#include <chrono>

namespace cairn::swarm {
namespace {

constexpr Duration kPoll{200};    // how often stop() is asked
constexpr Duration kHeld{4'000};  // how long the coordinator may hold a request for work

VolunteerOptions machine_options(const Plan& plan, const JoinOptions& options) {
  VolunteerOptions out;
  out.heartbeat = plan.pace.heartbeat;
  out.most_units = options.most_units;
  return out;
}

}  // namespace

VolunteerService::VolunteerService(CoordinatorClient& client, Workbench& bench, VolunteerFolder& folder,
                                   const JoinOptions& options)
    : client_(client),
      bench_(bench),
      folder_(folder),
      options_(options),
      cheater_(options.cheat),
      machine_(machine_options(client.plan(), options)) {}

VolunteerService::~VolunteerService() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = cancelled_ = true;
  }
  request_due_.notify_all();
  job_due_.notify_all();
  if (network_.joinable()) network_.join();
  if (compute_.joinable()) compute_.join();
}

std::uint64_t VolunteerService::seed() {
  std::array<std::uint8_t, 8> bytes;
  options_.env.entropy.fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

void VolunteerService::emit(Json event) {
  if (!options_.on_event) return;
  event["at"] = to_iso(options_.env.clock.now());
  const std::lock_guard lock(event_mutex_);
  options_.on_event(canonical(event));
}

void VolunteerService::post(VolunteerEvent event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  event_due_.notify_all();
}

Leave VolunteerService::run() {
  network_ = std::thread([this] { network(); });
  compute_ = std::thread([this] { compute(); });
  Start start;
  if (auto kept = folder_.kept(client_.run(), client_.plan()); kept && *kept) {
    start.kept = (*kept)->claim;
    const std::lock_guard lock(mutex_);
    contribution_ = std::move((*kept)->contribution);
  }
  turn(start);
  while (!left_) {
    std::optional<VolunteerEvent> event;
    std::optional<train::StepReport> shown;
    {
      std::unique_lock lock(mutex_);
      Duration wait = kPoll;
      if (const auto tick = machine_.next_tick())
        wait = std::clamp(Duration(*tick - options_.env.clock.now()), Duration(0), kPoll);
      event_due_.wait_for(lock, wait, [&] { return !events_.empty(); });
      if (!events_.empty()) {
        event = std::move(events_.front());
        events_.pop_front();
      }
      std::swap(shown, shown_);
    }
    if (shown) show_progress(*shown);
    if (event) turn(*event);
    if (!left_ && options_.stop && options_.stop()) turn(Stop{});
    if (!left_) turn(TimePassed{});
  }
  return *left_;
}

void VolunteerService::turn(const VolunteerEvent& event) {
  for (const VolunteerAction& action : machine_.step(event, options_.env.clock.now(), seed())) perform(action);
}

void VolunteerService::perform(const VolunteerAction& action) {
  if (const auto* a = std::get_if<SendHello>(&action)) {
    request(a->request, [this] { return client_.hello(options_.name); });
  } else if (const auto* ask = std::get_if<SendAsk>(&action)) {
    request(ask->request, [this] { return client_.ask_work(kHeld); });
  } else if (const auto* beat = std::get_if<SendHeartbeat>(&action)) {
    request(beat->request, [this, beat = *beat] { return client_.heartbeat(beat.unit, beat.done); });
  } else if (const auto* claim = std::get_if<SendClaim>(&action)) {
    request(claim->request, [this, claim = claim->claim] { return send_claim(claim); });
  } else if (const auto* get = std::get_if<Fetch>(&action)) {
    emit({{"event", "assigned"}, {"unit", get->work.unit.text()}});
    const std::lock_guard lock(mutex_);
    requests_.push_back([this, get = *get] { fetch(get); });
    request_due_.notify_all();
  } else if (std::holds_alternative<ComputeUnit>(action)) {
    const std::lock_guard lock(mutex_);
    job_ = std::move(fetched_);
    fetched_.reset();
    cancelled_ = false;
    job_due_.notify_all();
  } else if (std::holds_alternative<CancelCompute>(action)) {
    const std::lock_guard lock(mutex_);
    job_.reset();
    cancelled_ = true;
    job_due_.notify_all();
  } else if (const auto* keep = std::get_if<KeepClaim>(&action)) {
    Bytes contribution;
    {
      const std::lock_guard lock(mutex_);
      contribution = *contribution_;
    }
    if (const Status kept = folder_.keep(keep->claim, contribution); !kept)
      emit({{"event", "not-kept"}, {"message", kept.error().message}});  // a crash now would cost this unit, no more
  } else if (std::holds_alternative<DropClaim>(action)) {
    folder_.drop();
  } else if (const auto* leave = std::get_if<Leave>(&action)) {
    left_ = *leave;
  }
}

void VolunteerService::request(std::uint64_t number, std::function<Result<Answer>()> ask) {
  const std::lock_guard lock(mutex_);
  requests_.push_back([this, number, ask = std::move(ask)] {
    auto answer = ask();
    post(answer ? VolunteerEvent(Answered{number, std::move(*answer)})
                : VolunteerEvent(Unanswered{number, std::move(answer).error()}));
  });
  request_due_.notify_all();
}

// --- the network thread ---

void VolunteerService::network() {
  std::unique_lock lock(mutex_);
  for (;;) {
    request_due_.wait(lock, [&] { return ending_ || !requests_.empty(); });
    if (ending_) return;
    const auto act = std::move(requests_.front());
    requests_.pop_front();
    lock.unlock();
    act();
    lock.lock();
  }
}

Result<Answer> VolunteerService::send_claim(const Claim& claim) {
  Bytes contribution;
  {
    const std::lock_guard lock(mutex_);
    contribution = *contribution_;
  }
  CAIRN_ASSIGN(const CoordinatorClient::Taking taking, client_.claim(claim, contribution));
  if (!taking.receipt.empty()) (void)folder_.keep_receipt(taking.receipt);
  if (const auto* taken = std::get_if<Taken>(&taking.answer))
    emit({{"event", "claimed"}, {"unit", claim.unit.text()}, {"standing", name_of(taken->standing)}});
  return taking.answer;
}

void VolunteerService::fetch(const Fetch& fetch) {
  const auto get = [&]() -> Status {
    if (checkpoint_.empty() || checkpoint_digest_ != fetch.work.checkpoint) {
      CAIRN_ASSIGN(checkpoint_, client_.checkpoint(fetch.work.checkpoint));
      checkpoint_digest_ = fetch.work.checkpoint;
    }
    CAIRN_ASSIGN(Bytes shard, client_.shard(fetch.work.unit, fetch.work.shard));
    const std::lock_guard lock(mutex_);
    fetched_ = Job{fetch.work, checkpoint_, std::move(shard)};
    return {};
  };
  if (Status got = get(); !got) return post(Unanswered{fetch.request, std::move(got).error()});
  post(Fetched{fetch.request});
}

// --- the computing thread ---

void VolunteerService::compute() {
  std::unique_lock lock(mutex_);
  for (;;) {
    job_due_.wait(lock, [&] { return ending_ || job_; });
    if (ending_) return;
    const Job job = std::move(*job_);
    job_.reset();
    lock.unlock();
    compute_unit(job);
    lock.lock();
  }
}

void VolunteerService::compute_unit(const Job& job) {
  if (cheater_.kind() == CheatKind::silence) return stay_silent();
  const auto began = std::chrono::steady_clock::now();
  auto computed = result_of(job);
  if (!computed) return post(ComputeFailed{job.work.unit, std::move(computed).error()});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  Claim claim;
  claim.unit = job.work.unit;
  claim.checkpoint = job.work.checkpoint;
  claim.contribution = computed->replay.contribution;
  claim.states = std::move(computed->replay.states);
  claim.mean_loss = computed->replay.mean_loss;
  claim = sign(client_.run(), std::move(claim), folder_.key());
  emit({{"event", "computed"},
        {"unit", claim.unit.text()},
        {"seconds", seconds},
        {"tokens_per_second", static_cast<double>(client_.plan().tokens_per_unit()) / std::max(seconds, 1e-6)},
        {"loss", claim.mean_loss}});
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return;
    contribution_ = std::move(computed->contribution);
  }
  post(UnitComputed{claim.unit, std::move(claim)});
}

Result<Computed> VolunteerService::result_of(const Job& job) {
  if (cheater_.kind() == CheatKind::skip) return cheater_.invent(client_.plan(), job.work.unit);
  auto last = std::chrono::steady_clock::now();
  train::Watch watch;
  watch.cancelled = [this] {
    const std::lock_guard lock(mutex_);
    return cancelled_ || ending_;
  };
  watch.progress = [&](const train::StepReport& report) {
    {
      const std::lock_guard lock(mutex_);
      shown_ = report;
    }
    post(Progressed{job.work.unit, static_cast<double>(report.step) / std::max(1U, report.steps)});
    rest(std::chrono::steady_clock::now() - last);
    last = std::chrono::steady_clock::now();
  };
  CAIRN_ASSIGN(Computed computed, bench_.compute(job.work, job.checkpoint, job.shard, watch));
  if (cheater_.kind() == CheatKind::none) return computed;
  return cheater_.alter(std::move(computed), client_.plan());
}

// So long that the time spent computing is the throttle's share; ends at once where the unit is given up.
void VolunteerService::rest(std::chrono::steady_clock::duration busy) {
  if (options_.throttle >= 1) return;
  std::unique_lock lock(mutex_);
  job_due_.wait_for(lock, busy * (1 / options_.throttle - 1), [&] { return cancelled_ || ending_; });
}

void VolunteerService::stay_silent() {
  std::unique_lock lock(mutex_);
  job_due_.wait(lock, [&] { return cancelled_ || ending_; });
}

void VolunteerService::show_progress(const train::StepReport& report) {
  const std::string note =
      fmt::format("unit {}, loss {:.3f}, {} units taken", machine_.work() ? machine_.work()->unit.text() : "",
                  report.loss, machine_.units_taken());
  options_.env.progress(
      {options_.name, static_cast<double>(report.step), static_cast<double>(report.steps), "steps", note});
}

}  // namespace cairn::swarm
