#include "apps/asset_options.h"
#include "apps/commands.h"

namespace cairn::apps {

void add_revoke(CLI::App& app, Shell& shell) {
  struct Options {
    std::string what, reason;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "revoke", "End permission for an asset and all that descends from it, from the next request on");
  command->footer("Example: cairn revoke mailbox --reason \"withdrawn by its owner\"");
  command->add_option("ASSET", options->what, "Its name, or the beginning of its id")->required();
  command->add_option("--reason", options->reason, "Why; every later refusal says so")->required();
  on_chosen(*command, shell, [options, &shell]() -> Result<int> {
    CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn revoke"}, shell.env));
    CAIRN_ASSIGN(const AssetId asset, guard.ledger().find(options->what));
    CAIRN_ASSIGN(const guard::Withdrawal done, guard.revoke(asset, options->reason));
    CAIRN_ASSIGN(const ledger::AssetSummary summary, guard.ledger().summary(asset));
    std::string text = fmt::format(
        "Revoked, from epoch {} on:\n  {}\nWith it, {} that descend{} from it:", done.revocation.epoch.value,
        line_of(summary), done.reached.size(), done.reached.size() == 1 ? "s" : "");
    Json reached = Json::array();
    for (const auto& below : done.reached) {
      text += "\n  " + line_of(below);
      reached.push_back(json_of(below));
    }
    print(shell, text,
          Json{{"asset", json_of(summary)},
               {"epoch", done.revocation.epoch.value},
               {"reason", done.revocation.reason},
               {"reached", std::move(reached)}});
    return 0;
  });
}

}  // namespace cairn::apps
