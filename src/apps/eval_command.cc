// cairn eval: what a model can do and how it is biased, as reports.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/step_text.h"
#include "tensor/context.h"
#include "work/lineage.h"

namespace cairn::apps {
namespace {

struct EvalOptions {
  std::string model, corpus, only;
  std::uint64_t seed = 7;
  int threads = 0;
  bool wants(const char* what) const { return only.empty() || only == what; }
};

Result<int> evaluate(const Shell& shell, const EvalOptions& options) {
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn eval"}, shell.env));
  const ledger::Ledger& ledger = guard.ledger();
  CAIRN_ASSIGN(const AssetId model, work::find_of_kind(ledger, options.model, "model"));
  CAIRN_ASSIGN(const AssetId tokenizer, work::tokenizer_of_model(ledger, model));
  CAIRN_ASSIGN(const AssetId corpus, options.corpus.empty() ? work::origin_of_kind(ledger, model, "corpus")
                                                            : work::find_of_kind(ledger, options.corpus, "corpus"));
  CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(model));
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make({.threads = options.threads}));
  std::string text = line_of(summary);
  Json json{{"model", model.hex()}};
  shell.env.progress({"eval", 0, 0, "reports", "held-out text"});
  if (options.wants("bits")) {
    CAIRN_ASSIGN(const work::BitsEvaluated bits,
                 work::evaluate_bits(guard, context, model, tokenizer, corpus, [] { return interrupted(); }));
    text += fmt::format("\n{}\n  report {}", text_of(bits), bits.report.brief());
    json["capability"] = json_of(bits);
  }
  if (options.wants("bias")) {
    CAIRN_ASSIGN(const work::BiasEvaluated bias, work::evaluate_bias(guard, context, model, tokenizer, options.seed));
    text += fmt::format("\n{}\n  report {}", text_of(bias), bias.report.brief());
    json["bias"] = json_of(bias);
  }
  print(shell, text, json);
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<EvalOptions>();
  CLI::App* command = app.add_subcommand("eval", "Measure a model: bits per byte of text it has not seen, and bias");
  command->add_option("MODEL", options->model, "Its name, or the beginning of its id; without it, the newest");
  command->add_option("--corpus", options->corpus, "Whose held-out text is read; without it, the model's own");
  command->add_option("--only", options->only, "bits or bias")->check(CLI::IsMember({"bits", "bias"}));
  command->add_option("--seed", options->seed, "Of the intervals' resampling")->capture_default_str();
  command->add_option("--threads", options->threads, "0: one per processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->footer(
      "Beside the model stand an order-3 byte model of the same training text, and xz -9.\n"
      "Example: cairn eval base");
  on_chosen(*command, shell, [&shell, options] { return evaluate(shell, *options); });
}

}  // namespace cairn::apps
