// cairn status: how a run stands, as its coordinator tells anyone who asks.
#include <fmt/format.h>

#include "apps/command.h"
#include "apps/commands.h"
#include "swarm/status.h"

namespace cairn::apps {
namespace {

Result<int> status(const Shell& shell, const std::string& url) {
  CAIRN_ASSIGN(const swarm::RunStatus status, swarm::ask_status(url));
  CAIRN_ASSIGN(const Json json, parse_json(status.json));
  print(shell, status.text, json);
  return 0;
}

}  // namespace

void add_status(CLI::App& app, Shell& shell) {
  CLI::App* command = app.add_subcommand("status", "Show how a run stands");
  const auto url = std::make_shared<std::string>();
  command->add_option("url", *url, "The run's address, as its coordinator prints it")->required();
  command->footer("Example: cairn status http://127.0.0.1:4711");
  on_chosen(*command, shell, [&shell, url] { return status(shell, *url); });
}

}  // namespace cairn::apps
