#include "apps/asset_options.h"

#include "permit/verdict.h"
#include "permit/vocabulary.h"

namespace cairn::apps {

Result<permit::Use> UseOptions::read() const {
  permit::Use out = use;
  if (!when.empty()) {
    const auto day = permit::parse_day(when);
    if (!day) return fail_with_hint(ErrorCode::invalid, "--when: " + day.error().message, "a day is YYYY-MM-DD");
    out.when = *day;
  }
  // A misspelt term is a mistake of the question; only a permit can be unknown.
  if (const auto known = permit::Vocabulary::standard().resolve(out); !known)
    return fail_with_hint(ErrorCode::invalid, known.error().message, known.error().hint);
  return out;
}

std::string UseOptions::unnamed() const {
  std::string options;
  const std::pair<const std::string*, const char*> named[] = {
      {&use.task, "--task"}, {&use.purpose, "--purpose"}, {&use.audience, "--audience"}, {&use.place, "--place"}};
  for (const auto& [value, option] : named)
    if (value->empty()) options += (options.empty() ? "" : ", ") + std::string(option);
  return options.empty()
             ? ""
             : fmt::format("Without {} the question is about every one; name the use that you mean.", options);
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
