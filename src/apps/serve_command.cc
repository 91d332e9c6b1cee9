// cairn serve: a deployment behind an OpenAI-compatible endpoint, until interrupted.
#include <poll.h>

#include "apps/command.h"
#include "apps/commands.h"
#include "guard/guard.h"
#include "ledger/ledger.h"
#include "serve/deployment.h"
#include "serve/service.h"

namespace cairn::apps {
namespace {

constexpr int kLookMilliseconds = 200;  // a signal may reach another thread; then the flag is seen this late at most

struct ServeOptions {
  std::string deployment, model, tokenizer, spec;
  std::vector<std::string> modules;
  std::string address = "127.0.0.1";
  std::string place = "own-machine";
  std::uint16_t port = 8080;
  int threads = 0;
};

Result<serve::DeploymentPlan> plan_of(const guard::Guard& guard, const ServeOptions& options) {
  const ledger::Ledger& ledger = guard.ledger();
  if (!options.deployment.empty()) {
    CAIRN_ASSIGN(const AssetId id, ledger.find(options.deployment));
    return serve::load_deployment(guard, id);
  }
  if (options.model.empty() || options.tokenizer.empty())
    return fail_with_hint(ErrorCode::invalid, "nothing to serve",
                          "name a --deployment, or a --model and its --tokenizer");
  CAIRN_ASSIGN(const AssetId base, ledger.find(options.model));
  CAIRN_ASSIGN(const AssetId tokenizer, ledger.find(options.tokenizer));
  std::vector<AssetId> modules;
  for (const std::string& module : options.modules) {
    CAIRN_ASSIGN(const AssetId id, ledger.find(module));
    modules.push_back(id);
  }
  std::optional<AssetId> spec;
  if (!options.spec.empty()) {
    CAIRN_ASSIGN(spec, ledger.find(options.spec));
  }
  return serve::plan_of_parts(guard, base, tokenizer, modules, spec);
}

Result<int> serve_until_interrupted(const Shell& shell, const ServeOptions& options) {
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn serve"}, shell.env));
  CAIRN_ASSIGN(serve::DeploymentPlan plan, plan_of(guard, options));
  serve::ServiceOptions service_options;
  service_options.http.address = options.address;
  service_options.http.port = options.port;
  service_options.engine.context.threads = options.threads;
  service_options.place = options.place;
  CAIRN_ASSIGN(serve::Service service, serve::Service::start(guard, plan, service_options, shell.env));
  print(shell,
        fmt::format("{} is served at {}\n  the page       {}/\n  OpenAI clients {}/v1\nStop with Ctrl-C.", plan.name,
                    service.url(), service.url(), service.url()),
        Json{{"url", service.url()}, {"port", service.port()}, {"deployment", plan.name}});
  while (!interrupted()) ::poll(nullptr, 0, kLookMilliseconds);
  service.stop();
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App* command =
      app.add_subcommand("serve", "Serve a deployment: an OpenAI-compatible endpoint that asks for the purpose");
  command->footer("Example: cairn serve --deployment 3f9a2c --port 8080");
  command->add_option("--deployment", options->deployment, "The deployment: id, beginning of an id, or name");
  command->add_option("--model", options->model, "Without a deployment: the base");
  command->add_option("--tokenizer", options->tokenizer, "Without a deployment: the base's tokenizer");
  command->add_option("--module", options->modules, "Without a deployment: a module over the base; may be repeated");
  command->add_option("--spec", options->spec, "Without a deployment: the base's spec");
  command->add_option("--port", options->port, "The port; 0 lets the system choose")->capture_default_str();
  command->add_option("--address", options->address, "The address to listen on; plain HTTP, so keep it on loopback")
      ->capture_default_str();
  command->add_option("--place", options->place, "Where the answers are computed, as permits name places")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads for the model; 0: one per processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  on_chosen(*command, shell, [&shell, options] { return serve_until_interrupted(shell, *options); });
}

}  // namespace cairn::apps
