#include "learning/options.h"

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <span>

namespace cairn::learning {
namespace {

constexpr const char* kExamples = R"(
Examples:
  learning input.txt                                     nanoGPT's CPU setting, into learning-cpu/
  learning input.txt --preset gpu --out runs/gpu         its GPU setting; run it again to go on after a kill
  learning input.txt --optimiser muon --learning-rate 0.01 --out runs/muon --json
  learning input.txt --iterations 500 --descent wsd --decay-steps 100 --out runs/wsd

The folder holds run.safetensors (all that a run goes on from), log.jsonl, model.safetensors (the end) and
best.safetensors (the best evaluation). The same command goes on where the last one stopped, to the same bits.)";

// nanoGPT's config/train_shakespeare_char.py and the CPU variant that its README gives, here without biases too.
void apply_preset(const std::string& preset, Options& o) {
  const bool small = preset == "cpu";
  o.config.layers = small ? 4 : 6;
  o.config.width = small ? 128 : 384;
  o.config.heads = o.config.kv_heads = small ? 4 : 6;
  o.config.context = o.settings.context = small ? 64 : 256;
  o.settings.sequences = small ? 12 : 64;
  o.settings.grain = small ? 12 : 8;
  o.settings.steps = small ? 2000 : 5000;
  o.settings.learning_rate = 1e-3F;
  o.settings.final_fraction = 0.1F;
  o.settings.warmup_steps = 100;
  o.settings.beta1 = 0.9F;
  o.settings.beta2 = 0.99F;
  o.settings.weight_decay = 0.1F;
  o.settings.clip = 1.0F;
  o.settings.dropout = small ? 0.0F : 0.2F;
  o.out = "learning-" + preset;
}

// llama: RMSNorm, rotary positions, SwiGLU whose three matrices have no more weights than GELU's two. gpt2: LayerNorm,
// learned positions, GELU. Both without biases, with the embedding as head.
void apply_block(const std::string& block, std::optional<std::uint32_t> hidden, Options& o) {
  model::ModelConfig& c = o.config;
  if (block == "gpt2") {
    c.family = "gpt2";
    c.norm = model::Norm::layer;
    c.activation = model::Activation::gelu;
    c.positions = model::Positions::learned;
    c.hidden = 4 * c.width;
  } else {
    c.hidden = 8 * c.width / 3 / 16 * 16;
  }
  if (hidden) c.hidden = *hidden;
}

// Options that replace a preset's value where they are given.
class Overrides {
 public:
  explicit Overrides(CLI::App& app) : app_(app) {}

  template <class T>
  void add(const char* name, T Options::*part, auto T::*field, const char* help) {
    using Value = std::remove_reference_t<decltype(std::declval<T>().*field)>;
    auto given = std::make_shared<std::optional<Value>>();
    app_.add_option(name, *given, help);
    acts_.push_back([=](Options& o) {
      if (*given) (o.*part).*field = **given;
    });
  }
  template <class T, class E>
  requires std::is_enum_v<E>
  void add_word(const char* name, T Options::*part, E T::*field, const char* help) {
    auto given = std::make_shared<std::optional<std::string>>();
    const std::span<const std::string_view> names = names_of(E{});
    app_.add_option(name, *given, help)->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())));
    acts_.push_back([=](Options& o) {
      if (*given) (o.*part).*field = static_cast<E>(std::ranges::find(names, **given) - names.begin());
    });
  }
  void apply(Options& o) const {
    for (const auto& act : acts_) act(o);
  }

 private:
  CLI::App& app_;
  std::vector<std::function<void(Options&)>> acts_;
};

void add_overrides(Overrides& o) {
  using train::RunSettings;
  const auto config = &Options::config;
  const auto settings = &Options::settings;
  o.add("--layers", config, &model::ModelConfig::layers, "blocks");
  o.add("--width", config, &model::ModelConfig::width, "channels");
  o.add("--context", config, &model::ModelConfig::context, "characters that a prediction sees");
  o.add("--batch", settings, &RunSettings::sequences, "sequences per step");
  o.add("--grain", settings, &RunSettings::grain, "sequences per grain; divides the batch");
  o.add("--iterations", settings, &RunSettings::steps, "steps of the whole run");
  o.add_word("--draw", settings, &RunSettings::draw, "how windows are drawn: shuffled, shifted, random");
  o.add("--learning-rate", settings, &RunSettings::learning_rate, "its peak");
  o.add("--embedding-rate", settings, &RunSettings::embedding_rate, "times the rate, for the embedding");
  o.add("--final-fraction", settings, &RunSettings::final_fraction, "of the peak, at the end");
  o.add("--warmup", settings, &RunSettings::warmup_steps, "steps of the warm-up");
  o.add_word("--descent", settings, &RunSettings::descent, "cosine, linear, wsd, wsd-sqrt");
  o.add("--decay-steps", settings, &RunSettings::decay_steps, "of wsd and wsd-sqrt");
  o.add_word("--optimiser", settings, &RunSettings::algorithm, "adamw or muon");
  o.add("--state-bits", settings, &RunSettings::state_bits, "of the optimiser's moments: 32 or 8");
  o.add("--momentum", settings, &RunSettings::momentum, "of muon");
  o.add("--beta1", settings, &RunSettings::beta1, "of AdamW");
  o.add("--beta2", settings, &RunSettings::beta2, "of AdamW");
  o.add("--epsilon", settings, &RunSettings::epsilon, "of AdamW");
  o.add("--weight-decay", settings, &RunSettings::weight_decay, "decoupled, on matrices");
  o.add("--clip", settings, &RunSettings::clip, "of the gradient's norm");
  o.add("--dropout", settings, &RunSettings::dropout, "rate, at nanoGPT's places");
  o.add("--z-loss", settings, &RunSettings::z_loss, "times the square of the logits' log-sum-exp, added to the loss");
  o.add("--seed", settings, &RunSettings::seed, "of the initial weights and the draws");
}

}  // namespace

Parsed parse(int argc, char** argv) {
  CLI::App app("Trains a character-level model on a text; the first nine tenths train, the last tenth evaluates.");
  app.footer(kExamples);
  Options o;
  std::string preset = "cpu", block = "llama";
  std::optional<std::uint32_t> heads, hidden;
  std::optional<std::filesystem::path> out;
  app.add_option("text", o.text, "a file of UTF-8")->required()->check(CLI::ExistingFile);
  app.add_option("--preset", preset, "nanoGPT's settings for tiny Shakespeare: cpu or gpu")
      ->check(CLI::IsMember({"cpu", "gpu"}));
  app.add_option("--block", block, "llama or gpt2")->check(CLI::IsMember({"llama", "gpt2"}));
  app.add_option("--out", out, "folder of the run; learning-PRESET where not given");
  app.add_option("--heads", heads, "attention heads");
  app.add_option("--hidden", hidden, "channels of the feed-forward part");
  app.add_option("--evaluate-every", o.evaluate_every, "steps; 0: at no time but the end")->capture_default_str();
  app.add_option("--save-every", o.save_every, "steps")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--sample-batches", o.sample_batches, "random batches of nanoGPT's kind of estimate; 0: none")
      ->capture_default_str();
  app.add_flag("--fresh,!--resume", o.fresh, "begin anew although the folder holds a run; the default is to go on");
  app.add_flag("--json", o.json, "end with one line of JSON on standard output");
  Overrides overrides(app);
  add_overrides(overrides);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return {{}, code == 0 ? 0 : 2};
  }
  const std::filesystem::path text = o.text;
  apply_preset(preset, o);
  overrides.apply(o);
  if (heads) o.config.heads = o.config.kv_heads = *heads;
  apply_block(block, hidden, o);
  o.settings.context = o.config.context;
  if (out) o.out = *out;
  return {std::move(o), -1};
}

}  // namespace cairn::learning
