// cairn adapt: a module over a frozen base, from data that stays on this machine.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/step_text.h"
#include "work/commit.h"
#include "work/lineage.h"

namespace cairn::apps {
namespace {

struct AdaptOptions {
  std::string data, base;
  permit::Use use = work::own_use("adapt");
  adapt::ModuleSettings settings;
  std::uint64_t seed = 7;
  int threads = 0;
};

train::Watch watch_of(const Shell& shell) {
  return {.progress =
              [&shell](const train::StepReport& report) {
                const std::string note = fmt::format("loss {:.3f}", report.loss);
                shell.env.progress({"adapt", double(report.step), double(report.steps), "steps", note});
              },
          .cancelled = [] { return interrupted(); }};
}

Result<int> adapt_to(const Shell& shell, const AdaptOptions& options) {
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn adapt"}, shell.env));
  const ledger::Ledger& ledger = guard.ledger();
  CAIRN_ASSIGN(const AssetId data, work::find_of_kind(ledger, options.data, "record-set"));
  CAIRN_ASSIGN(const AssetId base, work::find_of_kind(ledger, options.base, "model"));
  CAIRN_ASSIGN(const AssetId tokenizer, work::tokenizer_of_model(ledger, base));
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make({.threads = options.threads}));
  const work::AdaptInputs inputs{.base = base, .tokenizer = tokenizer, .data = data, .use = options.use};
  CAIRN_ASSIGN(const work::Adapted adapted,
               work::adapt_to_records(guard, context, inputs, options.settings, options.seed, watch_of(shell)));
  CAIRN_ASSIGN(const ledger::AssetSummary on, ledger.summary(data));
  CAIRN_ASSIGN(const ledger::AssetSummary over, ledger.summary(base));
  CAIRN_ASSIGN(const ledger::AssetSummary made, ledger.summary(adapted.module));
  print(shell, fmt::format("On   {}\nover {}\n{}\n{}", line_of(on), line_of(over), text_of(adapted), line_of(made)),
        json_of(adapted));
  return 0;
}

}  // namespace

void add_adapt(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<AdaptOptions>();
  CLI::App* command = app.add_subcommand("adapt", "Train a module over a frozen base, on data that stays here");
  command->add_option("DATA", options->data, "A record set, by name or the beginning of the id")->required();
  command->add_option("--base", options->base, "The model; without it, the newest");
  command->add_option("--task", options->use.task,
                      "What the module is for: text.draft-reply ...; without it, any task");
  command->add_option("--purpose", options->use.purpose,
                      "To what end: non-commercial.personal ...; without it, any purpose");
  command->add_option("--audience", options->use.audience, "By whom")->capture_default_str();
  command->add_option("--place", options->use.place, "Where")->capture_default_str();
  command->add_option("--rank", options->settings.rank, "Of the change to each matrix")->capture_default_str();
  command->add_option("--steps", options->settings.steps, "Of training")->capture_default_str();
  command->add_option("--sequences", options->settings.sequences, "For each step")->capture_default_str();
  command->add_option("--context", options->settings.context, "Tokens of a sequence, at most the base's")
      ->capture_default_str();
  command->add_option("--learning-rate", options->settings.learning_rate, "At its peak")->capture_default_str();
  command->add_option("--seed", options->seed, "Decides the module, with data and base")->capture_default_str();
  command->add_option("--threads", options->threads, "0: one per processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->footer(
      "From a mailbox the module learns to answer as its owner does; other records it continues.\n"
      "The permit is asked for this use; the module inherits it. A refusal exits with 3 or 4 and says why.\n"
      "Example: cairn adapt mailbox --task text.draft-reply --purpose non-commercial.personal");
  on_chosen(*command, shell, [&shell, options] {
    AdaptOptions chosen = *options;
    chosen.settings.warmup_steps = std::min(chosen.settings.warmup_steps, chosen.settings.steps / 4);
    if (chosen.settings.sequences % chosen.settings.grain != 0) chosen.settings.grain = chosen.settings.sequences;
    return adapt_to(shell, chosen);
  });
}

}  // namespace cairn::apps
