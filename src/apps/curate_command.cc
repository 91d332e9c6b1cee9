// cairn curate: a base planned from the permit it is to have, and the corpus of what may go in.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/step_text.h"
#include "work/base_corpus.h"

namespace cairn::apps {
namespace {

struct CurateOptions {
  std::vector<std::string> sets, off, languages{"en"};
  work::BaseCorpusSettings settings;
};

Result<std::vector<work::RecordSet>> sets_of(const guard::Guard& guard, const std::vector<std::string>& names) {
  if (names.empty()) {
    CAIRN_ASSIGN(auto all, work::ingested_sets(guard));
    if (all.empty())
      return fail_with_hint(ErrorCode::not_found, "the site has no record set to curate", "add data first: cairn add");
    return all;
  }
  std::vector<work::RecordSet> out;
  for (const std::string& name : names) {
    CAIRN_ASSIGN(const AssetId id, guard.ledger().find(name));
    CAIRN_ASSIGN(work::RecordSet set, work::record_set_of(guard, id));
    out.push_back(std::move(set));
  }
  return out;
}

Result<int> curate(const Shell& shell, CurateOptions options) {
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn curate"}, shell.env));
  CAIRN_ASSIGN(const std::vector<work::RecordSet> sets, sets_of(guard, options.sets));
  options.settings.curate.off.insert(options.off.begin(), options.off.end());
  options.settings.curate.languages = {options.languages.begin(), options.languages.end()};
  CAIRN_ASSIGN(const work::Plan before, work::plan_base(sets, options.settings.licence));
  auto base = work::make_base_corpus(guard, sets, options.settings, shell.env);
  if (!base && base.error().hint.empty()) base.error().hint = "cairn curate --help names the passes and their switches";
  if (!base) return fail(std::move(base).error());
  print(shell,
        fmt::format("{}\n{}\nThe corpus \"{}\": {}", text_of(before), text_of(*base), options.settings.name,
                    base->corpus.id.brief()),
        json_of(*base));
  return 0;
}

}  // namespace

void add_curate(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<CurateOptions>();
  work::BaseCorpusSettings& settings = options->settings;
  CLI::App* command = app.add_subcommand("curate", "Plan a base by its licence, clean the data, join what may go in");
  command->add_option("SET", options->sets, "Record sets, by name or the beginning of the id; without any, all");
  command->add_option("--licence", settings.licence, "Under which everyone is to use, adapt and share the base")
      ->capture_default_str();
  command->add_option("--name", settings.name, "Of the corpus")->capture_default_str();
  command->add_option("--heldout", settings.heldout_per_thousand, "Records in a thousand that are kept for measuring")
      ->check(CLI::Range(1, 999))
      ->capture_default_str();
  command->add_option("--language", options->languages, "Texts in this language are kept; may be repeated")
      ->capture_default_str();
  command->add_option("--without", options->off,
                      fmt::format("Leave out a pass: {}", fmt::join(data::pass_names(), ", ")));
  command->add_option("--threads", settings.curate.threads, "Change the time and nothing else")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->footer(
      "Sets whose permit does not allow it are not opened; those that do not imply the licence stay out of the base,\n"
      "and each is named with the reason. A copy of a text carries the permits of all its copies.\n"
      "Example: cairn curate --licence GPL-3.0-or-later");
  on_chosen(*command, shell, [&shell, options] { return curate(shell, *options); });
}

}  // namespace cairn::apps
