#include "apps/asset_options.h"
#include "apps/commands.h"

namespace cairn::apps {
namespace {

int exit_code_of(permit::Answer answer) {
  switch (answer) {
    case permit::Answer::allowed:
      return 0;
    case permit::Answer::denied:
      return static_cast<int>(ErrorCode::denied);
    case permit::Answer::unknown:
      return static_cast<int>(ErrorCode::unknown);
  }
  return static_cast<int>(ErrorCode::unknown);
}

}  // namespace

void add_can(CLI::App& app, Shell& shell) {
  auto what = std::make_shared<std::string>();
  auto options = std::make_shared<UseOptions>();
  CLI::App* command = app.add_subcommand("can", "May I? Exit code 0: allowed, 3: denied, 4: unknown (and refused)");
  command->footer("Example: cairn can drafts --task text.translation --audience members --place own-machine");
  command->add_option("ASSET", *what, "Its name, or the beginning of its id")->required();
  add_use_options(*command, options);
  on_chosen(*command, shell, [what, options, &shell]() -> Result<int> {
    CAIRN_ASSIGN(const permit::Use use, options->read());
    CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn can"}, shell.env));
    CAIRN_ASSIGN(const AssetId asset, guard.ledger().find(*what));
    CAIRN_ASSIGN(const permit::Verdict verdict, guard.judge(use, asset));
    CAIRN_ASSIGN(const ledger::AssetSummary summary, guard.ledger().summary(asset));
    Json json = permit::to_json(verdict);
    json["asset"] = json_of(summary);
    std::string text =
        fmt::format("{} \"{}\" ({})\n{}", summary.kind, summary.name, asset.brief(), permit::to_text(verdict));
    if (const std::string hint = verdict.answer == permit::Answer::allowed ? "" : options->unnamed(); !hint.empty()) {
      json["hint"] = hint;
      text += "\n  " + hint;
    }
    print(shell, text, json);
    return exit_code_of(verdict.answer);
  });
}

}  // namespace cairn::apps
