#include "learning/learning.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>

#include "base/files.h"
#include "learning/characters.h"
#include "learning/journal.h"
#include "model/checkpoint.h"
#include "train/run.h"

namespace cairn::learning {
namespace {

std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

using Seconds = std::chrono::duration<double>;
using Steady = std::chrono::steady_clock;

// "1 h 02 min", "3 min 20 s"
std::string spoken(double seconds) {
  const auto s = static_cast<long>(seconds);
  return s >= 3600 ? fmt::format("{} h {:02} min", s / 3600, s / 60 % 60)
                   : fmt::format("{} min {:02} s", s / 60, s % 60);
}

class ProgressLine {
 public:
  void show(const train::StepReport& report, std::uint64_t tokens_per_step) {
    const auto now = Steady::now();
    if (!start_) {  // the first step of this process follows an evaluation: it says nothing about the rate
      start_ = shown_ = now;
      first_ = report.step;
      return;
    }
    if (now - shown_ < (terminal_ ? std::chrono::milliseconds(200) : std::chrono::seconds(10))) return;
    shown_ = now;
    const double spent = Seconds(now - *start_).count(), steps = report.step - first_;
    fmt::print(stderr, "{}  step {}/{}  loss {:.4f}  {:.0f} characters/s  {} left{}", terminal_ ? "\r\x1b[K" : "",
               report.step, report.steps, report.loss, steps * static_cast<double>(tokens_per_step) / spent,
               spoken((report.steps - report.step) * spent / steps), terminal_ ? "" : "\n");
  }
  void say(const std::string& line) const { fmt::print(stderr, "{}{}\n", terminal_ ? "\r\x1b[K" : "", line); }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  std::optional<Steady::time_point> start_;
  Steady::time_point shown_{};
  std::uint32_t first_ = 0;
};

constexpr const char* kFiles[] = {"run.safetensors", "best.safetensors", "model.safetensors", "log.jsonl"};

// What a kill in the middle of a write left beside the files; with `all`, the files too.
void remove_files(const std::filesystem::path& folder, bool all) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    for (const char* file : kFiles)
      if (is_unfinished(name, file) || (all && name == file)) std::filesystem::remove(entry.path(), ignored);
  }
}

// The first setting that differs, by name.
std::string difference(const std::string& begun, const std::string& asked) {
  const Json was = Json::parse(begun), is = Json::parse(asked);
  for (const auto& item : was.items())
    if (is.value(item.key(), Json()) != item.value())
      return fmt::format("{} {}, not {}", item.key(), canonical(item.value()), canonical(is.value(item.key(), Json())));
  return "other settings";
}

class Learning {
 public:
  Learning(const Options& options, Characters text, tensor::Context context)
      : options_(options), text_(std::move(text)), context_(std::move(context)) {}

  Result<Json> learn() {
    CAIRN_ASSIGN(train::TrainingRun run, begin_or_resume());
    CAIRN_ASSIGN(Journal journal, Journal::open(options_.out / "log.jsonl", run.done(), first_line(run)));
    ProgressLine line;
    line.say(fmt::format("{} characters, {} different; {} weights; {}", text_.tokens.size(), text_.alphabet.size(),
                         run.model().weights().size(),
                         run.done() > 0 ? fmt::format("going on after step {}", run.done()) : "from the start"));
    const auto start = Steady::now();
    const double before = journal.seconds();
    const std::uint32_t from = run.done();
    const auto seconds = [&] { return before + Seconds(Steady::now() - start).count(); };
    CAIRN_TRY(train::run_to_end(
        run,
        {.file = options_.out / "run.safetensors",
         .save_every = options_.save_every,
         .evaluate_every = options_.evaluate_every,
         .on_step = [&](const train::StepReport& r) { on_step(r, line); },
         .on_evaluation = [&](const train::StepReport& r) { return on_evaluation(run, r, journal, line, seconds()); },
         .cancelled = [] { return g_interrupted.load(); }}));
    CAIRN_TRY(write_file(options_.out / "model.safetensors", model::encode(run.model())));
    const double spent = Seconds(Steady::now() - start).count();
    return figures(run, journal, spent > 0 ? (run.done() - from) * tokens_per_step() / spent : 0, seconds());
  }

 private:
  double tokens_per_step() const {
    return static_cast<double>(std::uint64_t{options_.settings.sequences} * options_.settings.context);
  }

  model::ModelConfig config() const {
    model::ModelConfig c = options_.config;
    c.vocabulary = static_cast<std::uint32_t>(text_.alphabet.size());
    return c;
  }

  Result<train::TrainingRun> begin_or_resume() {
    const auto path = options_.out / "run.safetensors";
    if (!std::filesystem::exists(path)) {
      CAIRN_TRY(train::check(options_.settings, config()));
      CAIRN_ASSIGN(model::Model model, model::Model::initialise(config(), options_.settings.seed));
      return train::TrainingRun::begin(context_, std::move(model), text_.training(), options_.settings);
    }
    CAIRN_ASSIGN(const MappedFile file, MappedFile::open(path));
    CAIRN_ASSIGN(train::TrainingRun run, train::TrainingRun::resume(context_, file.bytes(), text_.training()));
    const bool same = run.settings() == options_.settings;
    if (!same || run.model().config() != config())
      return fail_with_hint(
          ErrorCode::invalid,
          fmt::format("{} was begun with {}", path.string(),
                      same ? difference(model::to_json(run.model().config()), model::to_json(config()))
                           : difference(to_json(run.settings()), to_json(options_.settings))),
          "give the options that it was begun with, another --out, or --fresh to begin anew");
    return run;
  }

  Json first_line(const train::TrainingRun& run) const {
    return {{"step", 0},
            {"text", text_.file.hex()},
            {"characters", text_.tokens.size()},
            {"config", Json::parse(model::to_json(run.model().config()))},
            {"settings", Json::parse(to_json(run.settings()))},
            {"parameters", run.model().weights().size()},
            {"isa", tensor::name_of(context_.isa())},
            {"threads", context_.threads()}};
  }

  void on_step(const train::StepReport& report, ProgressLine& line) {
    loss_ += static_cast<double>(report.loss);
    ++losses_;
    line.show(report, static_cast<std::uint64_t>(tokens_per_step()));
  }

  // Over the last tenth: "validation", and "validation_sampled" where it is asked for.
  Result<Json> evaluate(train::TrainingRun& run) const {
    CAIRN_ASSIGN(const train::Evaluation whole, run.evaluate(text_.validation()));
    Json out{{"validation", whole.loss}};
    if (options_.sample_batches > 0) {
      CAIRN_ASSIGN(const train::Evaluation sampled,
                   run.sample(text_.validation(), options_.sample_batches * run.settings().sequences));
      out["validation_sampled"] = sampled.loss;
    }
    return out;
  }

  Status on_evaluation(train::TrainingRun& run, const train::StepReport& report, Journal& journal,
                       const ProgressLine& line, double seconds) {
    CAIRN_ASSIGN(Json entry, evaluate(run));
    last_ = entry;
    const double loss = entry.at("validation");
    line.say(fmt::format("step {}: {:.4f} nats per character{}", report.step, loss,
                         entry.contains("validation_sampled")
                             ? fmt::format(" ({:.4f} sampled)", entry.at("validation_sampled").get<double>())
                             : ""));
    entry["step"] = report.step;
    entry["seconds"] = seconds;
    if (losses_ > 0) entry["training"] = loss_ / losses_;
    loss_ = losses_ = 0;
    const bool better = !journal.best() || loss < journal.best()->loss;
    // First the model, then the line that says it is there.
    if (better && report.step > 0) CAIRN_TRY(write_file(options_.out / "best.safetensors", model::encode(run.model())));
    return journal.add(entry);
  }

  Result<Json> figures(train::TrainingRun& run, const Journal& journal, double rate, double seconds) {
    Json out = last_;
    // A run that had come to its end before was evaluated then, by another process.
    if (out.is_null()) {
      CAIRN_ASSIGN(out, evaluate(run));
    }
    out["step"] = run.done();
    if (journal.best()) out["best"] = {{"validation", journal.best()->loss}, {"step", journal.best()->step}};
    out["digest"] = model::digest_of(run.model()).hex();
    out["parameters"] = run.model().weights().size();
    out["seconds"] = seconds;
    if (rate > 0) out["characters_per_second"] = rate;
    return out;
  }

  const Options& options_;
  Characters text_;
  tensor::Context context_;
  double loss_ = 0, losses_ = 0;  // since the last evaluation
  Json last_;                     // evaluation of this process; null before the first
};

}  // namespace

Result<Json> learn(const Options& options) {
  CAIRN_ASSIGN(Characters text, read_characters(options.text));
  CAIRN_TRY(make_folder(options.out));
  CAIRN_ASSIGN(const FolderLock lock, FolderLock::take(options.out));
  remove_files(options.out, options.fresh);
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make());
  return Learning(options, std::move(text), std::move(context)).learn();
}

void watch_for_interrupts() {
  const auto note = [](int) { g_interrupted = true; };
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
}

}  // namespace cairn::learning
