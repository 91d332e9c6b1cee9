// cairn export: a model of the site as files that other programs read, where its permit allows sharing it.
#include <map>

#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/words.h"
#include "work/export.h"
#include "work/lineage.h"

namespace cairn::apps {
namespace {

struct ExportOptions {
  std::string model, tokenizer;
  bool without_tokenizer = false;
  work::ExportRequest request{.use = {.action = "share", .audience = "public"}};
  double shard_gigabytes = 0;
};

// The tokenizer to go with the model: the one named, or its own; none where there is none.
Result<std::optional<AssetId>> tokenizer_for(const ledger::Ledger& ledger, const ExportOptions& options) {
  if (options.without_tokenizer) return std::nullopt;
  if (!options.tokenizer.empty()) {
    CAIRN_ASSIGN(const AssetId id, work::find_of_kind(ledger, options.tokenizer, "tokenizer"));
    return id;
  }
  auto own = work::tokenizer_of_model(ledger, options.request.model);
  if (!own && own.error().code == ErrorCode::not_found) return std::nullopt;
  if (!own) return fail(std::move(own).error());
  return *own;
}

Json json_of(const work::Exported& exported, const ExportOptions& options) {
  Json duties = Json::array();
  for (const permit::Duty& duty : exported.duties)
    duties.push_back({{"kind", permit::name_of(duty.kind)}, {"text", duty.text}, {"ground", duty.ground}});
  return {{"model", options.request.model.hex()},
          {"path", options.request.to.string()},
          {"files", exported.files},
          {"bytes", exported.bytes},
          {"tokenizer", options.request.tokenizer.has_value()},
          {"duties", std::move(duties)}};
}

Result<int> export_it(const Shell& shell, ExportOptions options) {
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn export"}, shell.env));
  const ledger::Ledger& ledger = guard.ledger();
  CAIRN_ASSIGN(options.request.model, work::find_of_kind(ledger, options.model, "model"));
  CAIRN_ASSIGN(options.request.tokenizer, tokenizer_for(ledger, options));
  options.request.shard_bytes = static_cast<std::uint64_t>(options.shard_gigabytes * 1e9);
  CAIRN_ASSIGN(const work::Exported exported,
               work::export_model(guard, options.request, shell.env, [] { return interrupted(); }));
  CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(options.request.model));
  std::string text = fmt::format("{}\n{}: {} in {}", line_of(summary), options.request.to.string(),
                                 megabytes(exported.bytes), counted(exported.files.size(), "file"));
  if (!options.request.tokenizer) text += "\nWithout a tokenizer.";
  for (const permit::Duty& duty : exported.duties) text += fmt::format("\nOwed by whoever shares it: {}", duty.text);
  print(shell, text, json_of(exported, options));
  return 0;
}

// An option that takes one of these names. `to` must live as long as the command.
template <class Enum>
CLI::Option* add_named(CLI::App& command, const char* name, const char* help, Enum& to,
                       const std::map<std::string, Enum>& meanings) {
  std::vector<std::string> names;
  for (const auto& [said, meant] : meanings) names.push_back(said);
  const auto set = [&to, meanings](const std::string& said) { to = meanings.at(said); };
  return command.add_option_function<std::string>(name, set, help)->check(CLI::IsMember(names));
}

}  // namespace

void add_export(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "A model as files that other programs read");
  command->add_option("MODEL", options->model, "Its name, or the beginning of its id; without it, the newest");
  add_named<work::ExportFormat>(*command, "--format", "huggingface: a folder; gguf: a file", options->request.format,
                                {{"huggingface", work::ExportFormat::huggingface}, {"gguf", work::ExportFormat::gguf}})
      ->required();
  add_named<model::ElementType>(
      *command, "--type", "Of the weights: f32 (exact, the default), bf16, q8_0 (gguf)", options->request.type,
      {{"f32", model::ElementType::f32}, {"bf16", model::ElementType::bf16}, {"q8_0", model::ElementType::q8_0}});
  command->add_option("--to", options->request.to, "The folder or file, which must not be there yet")->required();
  command->add_option("--tokenizer", options->tokenizer, "To go with it; without this, the model's own");
  command->add_flag("--without-tokenizer", options->without_tokenizer, "Weights and configuration alone");
  command->add_option("--shard", options->shard_gigabytes, "Gigabytes of a safetensors file at most (default: 5)")
      ->check(CLI::Range(0.0, 1e6));
  command->add_option("--audience", options->request.use.audience, "Whom it is shared with")->capture_default_str();
  command->add_option("--licence", options->request.use.licence, "The licence it is shared under");
  command->add_option("--task", options->request.use.task, "For one task alone");
  command->add_option("--purpose", options->request.use.purpose, "For one purpose alone");
  command->footer(
      "The permit is asked whether the model may be shared; a refusal exits with 3 or 4 and says why. The permit goes\n"
      "with the files. What the format cannot hold is refused (exit code 11), and nothing is left half written.\n"
      "Example: cairn export base --format gguf --type q8_0 --to base.gguf\n"
      "Example: cairn export base --format huggingface --to base-hf --licence Apache-2.0");
  on_chosen(*command, shell, [options, &shell] { return export_it(shell, *options); });
}

}  // namespace cairn::apps
