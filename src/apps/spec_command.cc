// cairn spec: a model's specification from all that the site knows of it, signed.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/step_text.h"
#include "base/files.h"
#include "work/lineage.h"

namespace cairn::apps {
namespace {

struct SpecOptions {
  std::string model, name, maker;
  std::filesystem::path out;
};

// The files have the digests that the signed manifest names.
Status write_out(const std::filesystem::path& folder, const eval::Spec& spec) {
  CAIRN_TRY(make_folder(folder));
  CAIRN_TRY(write_file(folder / "spec.json", canonical(eval::to_json(spec))));
  return write_file(folder / "spec.html", eval::to_html(spec));
}

Result<int> specify(const Shell& shell, const SpecOptions& options) {
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn spec"}, shell.env));
  CAIRN_ASSIGN(const AssetId model, work::find_of_kind(guard.ledger(), options.model, "model"));
  CAIRN_ASSIGN(work::SpecInputs inputs, work::gather_spec(guard, model));
  if (!options.name.empty()) inputs.name = options.name;
  if (!options.maker.empty()) inputs.maker = options.maker;
  CAIRN_ASSIGN(const work::Specified made, work::specify(guard, inputs, shell.env));
  std::string text = text_of(made);
  for (const std::string& limit : made.content.limits) text += "\n  limit: " + limit;
  Json json{{"spec", made.spec.hex()}, {"model", model.hex()}, {"content", eval::to_json(made.content)}};
  if (!options.out.empty()) {
    CAIRN_TRY(write_out(options.out, made.content));
    text +=
        fmt::format("\nWritten: {} and {}", (options.out / "spec.json").string(), (options.out / "spec.html").string());
    json["json"] = (options.out / "spec.json").string();
    json["html"] = (options.out / "spec.html").string();
  }
  print(shell, text, json);
  return 0;
}

}  // namespace

void add_spec(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<SpecOptions>();
  CLI::App* command =
      app.add_subcommand("spec", "Specify a model: what it is, was measured to be, and may be used for");
  command->add_option("MODEL", options->model, "Its name, or the beginning of its id; without it, the newest");
  command->add_option("--name", options->name, "What the spec calls the model; without it, the asset's name");
  command->add_option("--maker", options->maker, "Who made it; without it, the site's name");
  command->add_option("--out", options->out, "Write spec.json and spec.html into this folder too");
  command->footer(
      "What was not measured (cairn eval) is missing from the spec, which says so.\n"
      "cairn show ASSET --json prints the signed manifest, with the digests of both files.\n"
      "Example: cairn spec base --out public");
  on_chosen(*command, shell, [&shell, options] { return specify(shell, *options); });
}

}  // namespace cairn::apps
