// cairn import: a model that others made becomes a model of the site, with a permit.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/declared_options.h"
#include "apps/words.h"
#include "work/import.h"

namespace cairn::apps {
namespace {

struct ImportOptions {
  std::filesystem::path path;
  std::string name;
  std::uint32_t context = 0;
};

std::string name_from(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  const std::filesystem::path last = (whole.has_filename() ? whole : whole.parent_path()).filename();
  return (last.extension() == ".gguf" ? last.stem() : last).string();
}

std::string text_of(const work::Imported& imported, const std::string& name) {
  const model::ModelConfig& c = imported.config;
  std::string text =
      fmt::format("{}: {} parameters, family {}, {} layers of width {}, context {}, vocabulary {}", name,
                  grouped(imported.parameters), c.family, c.layers, c.width, grouped(c.context), grouped(c.vocabulary));
  text += fmt::format("\nThe model:     {}\n  digest       {}", imported.model.brief(), imported.digest.hex());
  text += imported.tokenizer ? fmt::format("\nThe tokenizer: {}", imported.tokenizer->brief())
                             : fmt::format("\nWithout a tokenizer: {}", imported.without_tokenizer);
  return text;
}

Json json_of(const work::Imported& imported, const std::string& name) {
  const model::ModelConfig& c = imported.config;
  Json json = {{"model", imported.model.hex()},
               {"name", name},
               {"source", imported.source},
               {"family", c.family},
               {"parameters", imported.parameters},
               {"vocabulary", c.vocabulary},
               {"context", c.context},
               {"model_digest", imported.digest.hex()},
               {"without_tokenizer", imported.without_tokenizer}};
  if (imported.tokenizer) json["tokenizer"] = imported.tokenizer->hex();
  return json;
}

}  // namespace

void add_import(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<ImportOptions>();
  const auto declared = std::make_shared<DeclaredOptions>();
  CLI::App* command = app.add_subcommand("import", "Take in a model of other programs, with its permit");
  command
      ->add_option("PATH", options->path, "A folder with config.json and safetensors (Hugging Face), or a .gguf file")
      ->required();
  command->add_option("--name", options->name, "To call it by; without it, the folder's or file's name");
  command
      ->add_option(
          "--context", options->context,
          "To take it with at most so many positions: for models with rotary ones that have more than 65,536, or "
          "whose window is shorter than their context")
      ->check(CLI::Range(2U, model::kMostContext));
  add_declared_options(*command, declared);
  command->footer(
      "Read are llama, mistral, qwen2, qwen3, gpt2, gpt_neox and gptj; weights in F32, F16, BF16 and, in GGUF, Q8_0.\n"
      "What cannot be represented exactly is refused, with the reason (exit code 11).\n"
      "Example: cairn import pythia-14m --licence Apache-2.0 --declared-in pythia-14m/README.md\n"
      "Example: cairn import model.gguf --name story --licence MIT --declared-in https://example.org/story\n"
      "Example: cairn import Llama-3.2-1B --context 8192 --permit llama.permit.toml --declared-in "
      "Llama-3.2-1B/LICENSE.txt");
  on_chosen(*command, shell, [options, declared, &shell]() -> Result<int> {
    CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn import"}, shell.env));
    CAIRN_ASSIGN(const guard::Declared permit, declared->read(guard.ledger().site().name));
    const std::string name = options->name.empty() ? name_from(options->path) : options->name;
    CAIRN_ASSIGN(const work::Imported imported,
                 work::import_model(guard, options->path, name, permit, shell.env, options->context));
    print(shell, text_of(imported, name), json_of(imported, name));
    return 0;
  });
}

}  // namespace cairn::apps
