// cairn join: lend this computer to a run. Outbound requests only; data comes in, never code.
#include "apps/command.h"
#include "apps/commands.h"
#include "apps/events.h"
#include "swarm/join.h"

namespace cairn::apps {
namespace {

struct JoinArguments {
  std::string url, name = "volunteer", cheat = "none";
  std::filesystem::path folder = ".cairn-volunteer", events;
  int threads = 0;
  double throttle = 1.0;
  std::uint64_t most_units = 0;
};

Result<int> join(const Shell& shell, const JoinArguments& arguments) {
  swarm::JoinOptions options{
      .url = arguments.url, .folder = arguments.folder, .name = arguments.name, .env = shell.env};
  options.compute.threads = arguments.threads;
  options.throttle = arguments.throttle;
  options.most_units = arguments.most_units;
  CAIRN_ASSIGN(options.cheat, swarm::cheat_kind_from(arguments.cheat));
  CAIRN_ASSIGN(options.on_event, event_sink(arguments.events));
  options.stop = interrupted;
  CAIRN_ASSIGN(const swarm::JoinSummary summary, swarm::join(std::move(options)));
  CAIRN_ASSIGN(const Json json, parse_json(swarm::to_json(summary)));
  print(shell,
        summary.put_out
            ? fmt::format("Put out of the run: a replay of this computer's work gave something else. Evidence {}",
                          summary.evidence.hex())
            : fmt::format("Thank you. {} units, {} tokens, {:.0f} s.", summary.units, summary.tokens, summary.seconds),
        json);
  return 0;
}

}  // namespace

void add_join(CLI::App& app, Shell& shell) {
  CLI::App* command = app.add_subcommand("join", "Lend this computer to a run");
  const auto arguments = std::make_shared<JoinArguments>();
  command->add_option("url", arguments->url, "The run's address, as its coordinator prints it")->required();
  command->add_option("--folder", arguments->folder, "For this volunteer's key and receipts")->capture_default_str();
  command->add_option("--name", arguments->name, "To be listed by")->capture_default_str();
  command->add_option("--threads", arguments->threads, "0: one per processor")->capture_default_str();
  command->add_option("--throttle", arguments->throttle, "The share of the time that it computes")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();
  command->add_option("--max-units", arguments->most_units, "Leave after as many; 0: stay to the end")
      ->capture_default_str();
  command->add_option("--events", arguments->events, "Append events to this file, a line of JSON each");
  command
      ->add_option("--cheat", arguments->cheat,
                   "For demonstrations: cheat in this way and be caught (contribution, states, skip, stale, silence)")
      ->capture_default_str();
  command->footer("Example: cairn join http://127.0.0.1:4711 --name Ada --threads 1");
  on_chosen(*command, shell, [&shell, arguments] { return join(shell, *arguments); });
}

}  // namespace cairn::apps
