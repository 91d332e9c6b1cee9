#include <algorithm>
#include <cmath>
#include <csignal>
#include <thread>

#include "apps/process.h"
#include "apps/tour/event_file.h"
#include "apps/tour/tour.h"
#include "base/files.h"
#include "swarm/site_run.h"
#include "swarm/summary.h"
#include "tensor/context.h"

namespace cairn::apps {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);

struct Helper {
  const char* name;
  const char* about;
  std::vector<std::string> options;
};

// Four volunteers as a run meets them.
const std::vector<Helper>& helpers() {
  static const std::vector<Helper> all{
      {"Ada", "fast", {}},
      {"Bao", "slow: lends a third of its time", {"--throttle", "0.33"}},
      {"Cleo", "killed in mid-unit", {}},
      {"Dishonest", "alters what it computed", {"--cheat", "contribution"}},
  };
  return all;
}

// The run's processes: a coordinator that is started anew where it dies, and volunteers likewise, but for the one that
// the tour kills for good.
class Run {
 public:
  Run(Tour& tour, std::filesystem::path folder)
      : tour_(tour), folder_(std::move(folder)), events_(folder_ / "events.jsonl") {}

  Status start_host() {
    CAIRN_ASSIGN(host_,
                 Process::start({.arguments = {"--site", tour_.options.site.string(), "--json", "host",
                                               (folder_ / "plan.json").string(), "--run", (folder_ / "run").string(),
                                               "--checkpoint", (folder_ / "first.safetensors").string(), "--shards",
                                               tour_.tokens->shards.hex(), "--port", std::to_string(port_), "--threads",
                                               "1", "--events", (folder_ / "events.jsonl").string()},
                                 .environment = {},
                                 .output = folder_ / "host.log"}));
    return {};
  }

  Status start(std::size_t i) {
    const Helper& helper = helpers()[i];
    std::vector<std::string> arguments{"--json", "join",      url_,        "--folder", (folder_ / helper.name).string(),
                                       "--name", helper.name, "--threads", "1"};
    arguments.insert(arguments.end(), helper.options.begin(), helper.options.end());
    CAIRN_ASSIGN(Process process, Process::start({.arguments = std::move(arguments),
                                                  .environment = {},
                                                  .output = folder_ / (std::string(helper.name) + ".log")}));
    if (volunteers_.size() <= i) volunteers_.resize(i + 1);
    volunteers_[i].emplace(std::move(process));
    return {};
  }

  // Until the coordinator has ended of itself; its exit code 0 means that the run is complete.
  Status watch() {
    for (;;) {
      if (interrupted()) return fail(ErrorCode::interrupted, "interrupted; the run is kept in {}", folder_.string());
      for (const Json& event : events_.fresh()) CAIRN_TRY(note(event));
      if (const auto code = host_->poll()) {
        if (*code == 0) break;
        if (*code < 128)
          return fail_with_hint(ErrorCode::failed, fmt::format("the coordinator ended with code {}", *code),
                                fmt::format("its words are in {}", (folder_ / "host.log").string()));
        tour_.say("The coordinator was killed; it is started anew and goes on from what it had kept.");
        CAIRN_TRY(start_host());
      }
      CAIRN_TRY(revive());
      std::this_thread::sleep_for(kPoll);
    }
    for (const Json& event : events_.fresh()) CAIRN_TRY(note(event));
    return {};
  }

 private:
  Status note(const Json& event) {
    const std::string kind = event.value("event", "");
    const std::string unit = event.value("unit", "");
    const std::string name = event.value("name", "");
    if (kind == "listening" && volunteers_.empty()) {
      url_ = event.value("url", "");
      port_ = static_cast<std::uint16_t>(std::stoul(url_.substr(url_.rfind(':') + 1)));
      tour_.say("The coordinator listens at {}. Four volunteers join:", url_);
      for (std::size_t i = 0; i < helpers().size(); ++i) {
        tour_.say("  {}: {}", helpers()[i].name, helpers()[i].about);
        CAIRN_TRY(start(i));
      }
    }
    if (kind == "handed-out" && name == "Cleo" && !killed_) {
      killed_ = true;
      volunteers_[2]->signal(SIGKILL);
      tour_.say("Cleo is killed (kill -9) in the middle of unit {}.", unit);
      lost_unit_ = unit;
    }
    if (kind == "handed-out" && unit == lost_unit_ && name != "Cleo" && !lost_unit_.empty()) {
      tour_.say("Unit {} is given to {}; nothing is lost.", unit, name);
      lost_unit_.clear();
    }
    if (kind == "put-out") tour_.say("{} is caught and put out: {}", name, event.value("explanation", ""));
    if (kind == "merged") {
      const double round = event.value("round", 0) + 1, rounds = event.value("rounds", 1);
      if (std::fmod(round, std::ceil(rounds / 8)) != 0 && round != rounds) return {};
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
      tour_.say(
          "Round {:.0f} of {:.0f} merged: loss {:.3f} nats a token, {:.0f} tokens/s with every unit computed twice, "
          "{:.0f} s left.",
          round, rounds, event.value("loss", 0.0), tokens_per_round_ * round / seconds,
          seconds / round * (rounds - round));
    }
    return {};
  }

  // Volunteers that died of something else than the tour's own hand come back.
  Status revive() {
    for (std::size_t i = 0; i < volunteers_.size(); ++i) {
      if (!volunteers_[i] || (i == 2 && killed_)) continue;
      const auto code = volunteers_[i]->poll();
      if (code && *code >= 128) CAIRN_TRY(start(i));
    }
    return {};
  }

  Tour& tour_;
  std::filesystem::path folder_;
  EventFile events_;
  std::optional<Process> host_;
  std::vector<std::optional<Process>> volunteers_;
  std::string url_, lost_unit_;
  std::uint16_t port_ = 0;
  bool killed_ = false;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();

 public:
  double tokens_per_round_ = 0;
};

Result<swarm::PreparedRun> prepare(Tour& tour, const work::TrainingTokens& tokens,
                                   const std::filesystem::path& folder) {
  const swarm::RunSettings settings{
      .name = "base",
      .seed = tour.options.seed,
      .training = train::tour_plan(tokens.vocabulary()),
      .pace = {.heartbeat = Duration(1'000), .lease = Duration(4'000), .late = Duration(60'000)}};
  CAIRN_ASSIGN(swarm::PreparedRun run, swarm::prepare_run(tokens, settings));
  CAIRN_TRY(swarm::write_prepared(folder, run));
  return run;
}

}  // namespace

Status train_by_volunteers(Tour& tour) {
  const std::filesystem::path folder = tour.options.site / "training";
  tour.run_folder = folder / "run";
  CAIRN_ASSIGN(const work::TrainingTokens tokens, work::TrainingTokens::open(tour.guard, tour.tokens->shards));
  CAIRN_ASSIGN(const swarm::PreparedRun prepared, prepare(tour, tokens, folder));
  const swarm::Plan& plan = prepared.plan;
  tour.say("A decoder of {} parameters; {} rounds of {} units, {} local steps each, {} tokens in all.",
           grouped(plan.parameters), plan.rounds, plan.lanes, plan.unit.steps,
           grouped(plan.units() * plan.tokens_per_unit()));
  Run run(tour, folder);
  run.tokens_per_round_ = static_cast<double>(plan.tokens_per_unit() * plan.lanes);
  const auto begun = std::chrono::steady_clock::now();
  CAIRN_TRY(run.start_host());
  CAIRN_TRY(run.watch());
  CAIRN_ASSIGN(const swarm::HostSummary done, swarm::read_summary(tour.run_folder, tour.shell.env));
  tour.model_digest = done.model;
  CAIRN_ASSIGN(tour.model, swarm::commit_run(tour.guard, tour.tokens->shards, tour.tokens->tokenizer, tokens, plan,
                                             done, tour.energy.read()));
  CAIRN_ASSIGN(const Json summary, parse_json(swarm::to_json(done)));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  tour.say(
      "{} contributions, each replayed before it was merged ({} audits); {} units were given out again; {} cheat put "
      "out.",
      done.contributions, done.audits, done.reissued, done.cheats.size());
  tour.say("The model: {}", tour.model_digest.hex());
  tour.figures["train"] = {{"run", summary},
                           {"parameters", plan.parameters},
                           {"tokens_per_second", static_cast<double>(plan.units() * plan.tokens_per_unit()) / seconds}};
  tour.figures["model_digest"] = tour.model_digest.hex();
  tour.figures["base_model"] = tour.model->hex();
  return {};
}

}  // namespace cairn::apps
