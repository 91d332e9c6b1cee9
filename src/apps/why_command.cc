#include <algorithm>

#include "apps/asset_options.h"
#include "apps/commands.h"

namespace cairn::apps {
namespace {

// One source of an asset's permit, with the way from the asset to it.
struct Shown {
  std::string text;
  Json json;
};

Result<Shown> show_source(const guard::Guard& guard, const AssetId& asset, const ledger::Ledger::Source& source) {
  CAIRN_ASSIGN(std::vector<AssetId> path, guard.ledger().path(source.asset, asset));
  std::reverse(path.begin(), path.end());
  CAIRN_ASSIGN(const ledger::Asset found, guard.ledger().asset(source.asset));
  const auto& declared = found.manifest.declared ? found.manifest.declared : found.manifest.restriction;
  Shown out{.json = {{"permit", source.permit.hex()}, {"undeclared", source.undeclared}, {"path", Json::array()}}};
  for (const AssetId& step : path) {
    CAIRN_ASSIGN(const ledger::AssetSummary summary, guard.ledger().summary(step));
    out.text +=
        fmt::format("{}{} \"{}\" ({})", out.text.empty() ? "" : " <- ", summary.kind, summary.name, step.brief());
    out.json["path"].push_back(json_of(summary));
  }
  if (declared) {
    out.text +=
        fmt::format("\n    declared in {}{}", declared->where, declared->by.empty() ? "" : " by " + declared->by);
    out.json["where"] = declared->where;
    out.json["by"] = declared->by;
  } else {
    out.text += "\n    nobody declared a permit for it: every use is unknown, and refused";
  }
  return out;
}

}  // namespace

void add_why(CLI::App& app, Shell& shell) {
  auto what = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("why", "What an asset's permit is, and from which sources it came by which path");
  command->footer("Example: cairn why drafts");
  command->add_option("ASSET", *what, "Its name, or the beginning of its id")->required();
  on_chosen(*command, shell, [what, &shell]() -> Result<int> {
    CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn why"}, shell.env));
    CAIRN_ASSIGN(const AssetId asset, guard.ledger().find(*what));
    CAIRN_ASSIGN(const ledger::AssetSummary summary, guard.ledger().summary(asset));
    CAIRN_ASSIGN(const permit::Permit effective, guard.permit_of(asset));
    CAIRN_ASSIGN(const std::vector<ledger::Revocation> revocations, guard.ledger().revocations(asset));
    CAIRN_ASSIGN(const std::vector<ledger::Ledger::Source> sources, guard.ledger().sources(asset));
    std::string text = fmt::format("{}\n", line_of(summary));
    Json json{{"asset", json_of(summary)},
              {"permit", permit::to_json(effective)},
              {"revocations", Json::array()},
              {"sources", Json::array()}};
    for (const ledger::Revocation& revocation : revocations) {
      text += fmt::format("\nRevoked with {} on {}: {}\n", revocation.root.brief(), to_iso(revocation.at),
                          revocation.reason);
      json["revocations"].push_back({{"asset", revocation.root.hex()},
                                     {"epoch", revocation.epoch.value},
                                     {"reason", revocation.reason},
                                     {"at", to_iso(revocation.at)}});
    }
    text += "\n" + permit::to_text(effective) +
            fmt::format("\n\nIt came from {} source{}, nearest first:", sources.size(), sources.size() == 1 ? "" : "s");
    for (const auto& source : sources) {
      CAIRN_ASSIGN(Shown shown, show_source(guard, asset, source));
      text += "\n  " + shown.text;
      json["sources"].push_back(std::move(shown.json));
    }
    print(shell, text, json);
    return 0;
  });
}

}  // namespace cairn::apps
