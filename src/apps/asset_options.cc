#include "apps/asset_options.h"

#include "permit/verdict.h"

namespace cairn::apps {

Result<permit::Use> UseOptions::read() const {
  permit::Use out = use;
  if (!when.empty()) {
    CAIRN_ASSIGN(out.when, permit::parse_day(when));
  }
  return out;
}

void add_use_options(CLI::App& command, const std::shared_ptr<UseOptions>& options) {
  command.add_option("--action", options->use.action, "collect, curate, train, adapt, evaluate, share, deploy or use")
      ->capture_default_str();
  command.add_option("--task", options->use.task,
                     "What for: text.draft-reply, text.translation ...; without it, any task");
  command.add_option("--purpose", options->use.purpose,
                     "commercial, non-commercial.research ...; without it, any purpose");
  command.add_option("--audience", options->use.audience,
                     "By or for whom: owner, members, volunteers, public ...; without it, anyone");
  command.add_option("--place", options->use.place, "Where: own-machine ...; without it, anywhere");
  command.add_option("--licence", options->use.licence, "For --action share: the licence to share under");
  command.add_option("--when", options->when, "The day, YYYY-MM-DD; without it, today");
}

std::string line_of(const ledger::AssetSummary& asset) {
  return fmt::format("{}  {:<12} {}{}", asset.id.brief(), asset.kind, asset.name, asset.revoked ? "  (revoked)" : "");
}

Json json_of(const ledger::AssetSummary& asset) {
  return {{"id", asset.id.hex()},         {"kind", asset.kind},
          {"name", asset.name},           {"created", to_iso(asset.created)},
          {"permit", asset.permit.hex()}, {"revoked", asset.revoked}};
}

}  // namespace cairn::apps
