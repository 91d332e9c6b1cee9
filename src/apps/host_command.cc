// cairn host: coordinate a run. Volunteers come with `cairn join URL`.
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/events.h"
#include "base/files.h"
#include "ledger/ledger.h"
#include "swarm/host.h"
#include "swarm/site_run.h"

namespace cairn::apps {
namespace {

struct HostArguments {
  std::filesystem::path plan, run, checkpoint, events;
  std::string shards, address = "127.0.0.1";
  std::uint16_t port = 0;
  int threads = 0;
};

Result<int> host(const Shell& shell, const HostArguments& arguments) {
  swarm::HostOptions options{.run = arguments.run, .env = shell.env};
  std::optional<swarm::Plan> plan;
  if (!arguments.plan.empty()) {
    CAIRN_ASSIGN(const std::string text, read_text(arguments.plan));
    CAIRN_ASSIGN(plan, swarm::plan_from_json(text));
    options.plan = plan;
  }
  if (!arguments.checkpoint.empty()) {
    CAIRN_ASSIGN(options.checkpoint, read_file(arguments.checkpoint, swarm::kMostCheckpointBytes));
  }
  std::optional<guard::Guard> guard;
  if (!arguments.shards.empty()) {
    if (!plan)
      return fail_with_hint(ErrorCode::invalid, "--shards needs the PLAN that they are cut for",
                            "name the plan's file first");
    CAIRN_ASSIGN(guard, guard::Guard::open(shell.site, {"cairn host"}, shell.env));
    CAIRN_ASSIGN(const AssetId shards, guard->ledger().find(arguments.shards));
    CAIRN_ASSIGN(work::TrainingTokens tokens, work::TrainingTokens::open(*guard, shards));
    options.shards =
        swarm::shards_through_guard(*guard, std::make_shared<work::TrainingTokens>(std::move(tokens)), *plan);
    options.keep_shards = true;
  }
  if (arguments.shards.empty() && !std::filesystem::is_directory(arguments.run / "shards"))
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("{} has no folder \"shards\", so there is nothing to give to volunteers", arguments.run.string()),
        "name the shards that the plan was cut from: --shards ASSET");
  options.address = arguments.address;
  options.port = arguments.port;
  options.compute.threads = arguments.threads;
  CAIRN_ASSIGN(options.on_event, event_sink(arguments.events));
  options.on_listening = [&shell](const std::string& url) {
    if (!shell.json) fmt::print("Volunteers join with: cairn join {}\n", url);
    std::fflush(stdout);
  };
  options.stop = interrupted;
  CAIRN_ASSIGN(const swarm::HostSummary summary, swarm::host(std::move(options)));
  CAIRN_ASSIGN(const Json json, parse_json(swarm::to_json(summary)));
  print(shell,
        fmt::format("The run is complete: {} rounds, {} contributions, {} replayed, loss {:.3f} nats a token.\nModel "
                    "{}\n      {}",
                    summary.rounds, summary.contributions, summary.audits, summary.loss, summary.model.hex(),
                    summary.model_file.string()),
        json);
  return 0;
}

}  // namespace

void add_host(CLI::App& app, Shell& shell) {
  CLI::App* command = app.add_subcommand("host", "Coordinate a run; volunteers come with cairn join");
  const auto arguments = std::make_shared<HostArguments>();
  command->add_option("plan", arguments->plan, "The run's plan (JSON); without it the run in --run is continued");
  command->add_option("--run", arguments->run, "The run's folder; made where there is none")->required();
  command->add_option("--checkpoint", arguments->checkpoint, "The file of the model that the first round starts from");
  command->add_option(
      "--shards", arguments->shards,
      "The site's shards asset: handed out through the guard, which is asked for each (default: files in RUN/shards)");
  command->add_option("--address", arguments->address, "To listen on; plain HTTP, so keep it on loopback")
      ->capture_default_str();
  command->add_option("--port", arguments->port, "0 lets the system choose")->capture_default_str();
  command->add_option("--threads", arguments->threads, "For replays and merges; 0: one per processor")
      ->capture_default_str();
  command->add_option("--events", arguments->events, "Append events to this file, a line of JSON each");
  command->footer(
      "Interrupted or killed, the same command goes on from what was accepted.\n"
      "Example: cairn host plan.json --run run --checkpoint first.safetensors");
  on_chosen(*command, shell, [&shell, arguments] { return host(shell, *arguments); });
}

}  // namespace cairn::apps
