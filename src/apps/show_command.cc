#include "apps/asset_options.h"
#include "apps/commands.h"

namespace cairn::apps {
namespace {

Result<int> show_all(const Shell& shell, const ledger::Ledger& ledger, const std::string& kind) {
  CAIRN_ASSIGN(const std::vector<ledger::AssetSummary> assets, ledger.list(kind));
  std::string text =
      fmt::format("{} asset{} in the site \"{}\"", assets.size(), assets.size() == 1 ? "" : "s", ledger.site().name);
  Json json = Json::array();
  for (const auto& asset : assets) {
    text += "\n  " + line_of(asset);
    json.push_back(json_of(asset));
  }
  print(shell, text, Json{{"assets", std::move(json)}});
  return 0;
}

Result<int> show_one(const Shell& shell, const ledger::Ledger& ledger, const std::string& what) {
  CAIRN_ASSIGN(const AssetId id, ledger.find(what));
  CAIRN_ASSIGN(const ledger::Asset asset, ledger.asset(id));
  CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(id));
  const ledger::Manifest& manifest = asset.manifest;
  std::string text =
      fmt::format("{}\n  id          {}\n  made        {} by {} ({})\n  permit      {}", line_of(summary), id.hex(),
                  to_iso(manifest.created), manifest.actor, manifest.step, manifest.permit.brief());
  for (const ledger::BlobRef& blob : manifest.blobs)
    text +=
        fmt::format("\n  {:<11} {} bytes, {}{}", blob.role, blob.size, blob.id.brief(), blob.sealed ? ", sealed" : "");
  for (const AssetId& input : manifest.inputs) {
    CAIRN_ASSIGN(const ledger::AssetSummary made_from, ledger.summary(input));
    text += "\n  from        " + line_of(made_from);
  }
  text += fmt::format("\n  settings    {}\n  properties  {}", manifest.settings, manifest.properties);
  CAIRN_ASSIGN(Json json, parse_json(ledger::body_of(manifest)));
  json["id"] = id.hex();
  json["signature"] = asset.signature.hex();
  json["revoked"] = summary.revoked;
  print(shell, text, json);
  return 0;
}

}  // namespace

void add_show(CLI::App& app, Shell& shell) {
  struct Options {
    std::string what, kind;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("show", "List the site's assets, or show one");
  command->footer("Example: cairn show --kind model");
  command->add_option("ASSET", options->what, "Its name, or the beginning of its id; without it, all are listed");
  command->add_option("--kind", options->kind, "List only this kind: record-set, corpus, model, module ...");
  on_chosen(*command, shell, [options, &shell]() -> Result<int> {
    CAIRN_ASSIGN(const ledger::Ledger ledger, ledger::Ledger::open(shell.site, shell.env));
    return options->what.empty() ? show_all(shell, ledger, options->kind) : show_one(shell, ledger, options->what);
  });
}

}  // namespace cairn::apps
