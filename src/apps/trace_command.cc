#include "apps/asset_options.h"
#include "apps/commands.h"

namespace cairn::apps {
namespace {

Result<std::vector<ledger::AssetSummary>> summaries(const ledger::Ledger& ledger, const std::vector<AssetId>& ids) {
  std::vector<ledger::AssetSummary> out;
  for (const AssetId& id : ids) {
    CAIRN_ASSIGN(ledger::AssetSummary summary, ledger.summary(id));
    out.push_back(std::move(summary));
  }
  return out;
}

std::string list_of(const char* title, const std::vector<ledger::AssetSummary>& assets) {
  std::string out = fmt::format("\n{} ({}):", title, assets.size());
  for (const auto& asset : assets) out += "\n  " + line_of(asset);
  return out;
}

Json json_list(const std::vector<ledger::AssetSummary>& assets) {
  Json out = Json::array();
  for (const auto& asset : assets) out.push_back(json_of(asset));
  return out;
}

}  // namespace

void add_trace(CLI::App& app, Shell& shell) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("trace", "All that an asset was made from, and all that it has reached");
  command->footer("Example: cairn trace mailbox");
  command->add_option("ASSET", *what, "Its name, or the beginning of its id")->required();
  on_chosen(*command, shell, [what, &shell]() -> Result<int> {
    CAIRN_ASSIGN(const ledger::Ledger ledger, ledger::Ledger::open(shell.site, shell.env));
    CAIRN_ASSIGN(const AssetId asset, ledger.find(*what));
    CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(asset));
    CAIRN_ASSIGN(const std::vector<AssetId> above, ledger.ancestors(asset));
    CAIRN_ASSIGN(const std::vector<AssetId> below, ledger.descendants(asset));
    CAIRN_ASSIGN(const auto made_from, summaries(ledger, above));
    CAIRN_ASSIGN(const auto reached, summaries(ledger, below));
    print(shell, line_of(summary) + list_of("Made from", made_from) + list_of("Reached", reached),
          Json{{"asset", json_of(summary)}, {"made_from", json_list(made_from)}, {"reached", json_list(reached)}});
    return 0;
  });
}

}  // namespace cairn::apps
