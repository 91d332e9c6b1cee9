#include "train/run.h"

#include <algorithm>
#include <new>

#include "base/files.h"
#include "model/backward.h"
#include "train/run_file.h"
#include "train/steps.h"

namespace cairn::train {
namespace {

constexpr const char* kWhat = "run";
// Keep a run's draws apart from each other and from those of the initial weights under the same seed.
constexpr std::uint64_t kWindowsKey = 0x72756E0077696E00ULL, kSampleKey = 0x72756E0073616D00ULL,
                        kDropoutKey = 0x72756E0064726F00ULL;

tl::unexpected<Error> out_of_memory(const model::ModelConfig& config) {
  return fail_with_hint(ErrorCode::failed,
                        fmt::format("{}: not enough memory to train {} weights", kWhat, model::parameter_count(config)),
                        "fewer sequences per grain need less memory");
}

model::Room room_of(const RunSettings& settings, const model::ModelConfig& config, std::uint64_t pass_bytes) {
  return model::room_within(config, size_of(batch_of(settings)), pass_bytes);
}

}  // namespace

struct TrainingRun::State {
  State(tensor::Context& with, model::Model start, Tokens tokens, const RunSettings& chosen, const model::Room& room)
      : context(with),
        settings(chosen),
        text(digest_of_tokens(tokens, start.config().vocabulary)),
        model(std::move(start)),
        compute(context, model),
        work(model.config(), room),
        steps(at_once(batch_of(settings), room), tokens, {.key = settings.seed ^ kWindowsKey, .stream = 0},
              {model.parameters(), optimiser_of(settings)}, settings.draw) {}

  RunHeading heading() const { return {settings, model.config(), steps.done(), text}; }
  void weights_changed() { compute.copy_gains(model.weights()); }
  model::PassDropout dropout(std::uint64_t first_sequence) const {
    return {settings.dropout, {.key = settings.seed ^ kDropoutKey, .stream = steps.done()}, first_sequence};
  }
  double window_losses(std::size_t count, std::size_t time, std::span<const std::int32_t> ids,
                       std::span<const std::int32_t> targets);

  tensor::Context& context;
  RunSettings settings;
  Digest text;
  model::Model model;
  model::ComputeWeights compute;
  model::Workspace work;
  Steps steps;
};

TrainingRun::TrainingRun(std::unique_ptr<State> state) : state_(std::move(state)) {}
TrainingRun::TrainingRun(TrainingRun&&) noexcept = default;
TrainingRun::~TrainingRun() = default;

const RunSettings& TrainingRun::settings() const {
  return state_->settings;
}
const model::Model& TrainingRun::model() const {
  return state_->model;
}
std::uint32_t TrainingRun::done() const {
  return state_->steps.done();
}

Result<TrainingRun> TrainingRun::begin(tensor::Context& context, model::Model model, Tokens tokens,
                                       const RunSettings& settings, std::uint64_t pass_bytes) {
  CAIRN_TRY(check(settings, model.config()));
  CAIRN_TRY(check_tokens(kWhat, tokens, settings.context, model.config().vocabulary, settings.draw));
  const model::ModelConfig config = model.config();
  try {
    return TrainingRun(
        std::make_unique<State>(context, std::move(model), tokens, settings, room_of(settings, config, pass_bytes)));
  } catch (const std::bad_alloc&) {
    return out_of_memory(config);
  }
}

Result<TrainingRun> TrainingRun::resume(tensor::Context& context, ByteView file, Tokens tokens,
                                        std::uint64_t pass_bytes) {
  CAIRN_ASSIGN(const RunHeading heading, decode_run_heading(file));
  if (const Digest text = digest_of_tokens(tokens, heading.config.vocabulary); text != heading.tokens)
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("{}: the tokens have the digest {}, the run was begun with {}", kWhat,
                                      text.brief(), heading.tokens.brief()),
                          "give the text that it was begun with, or begin another run");
  CAIRN_TRY(check_tokens(kWhat, tokens, heading.settings.context, heading.config.vocabulary, heading.settings.draw));
  CAIRN_ASSIGN(model::Model model, model::Model::make(heading.config));
  try {
    auto state = std::make_unique<State>(context, std::move(model), tokens, heading.settings,
                                         room_of(heading.settings, heading.config, pass_bytes));
    const std::vector<StateTensor> kept = state->steps.optimiser().state();
    CAIRN_TRY(decode_run_tensors(file, heading, state->model, kept));
    CAIRN_TRY(state->steps.optimiser().restore(heading.step));
    state->steps.resume(heading.step);
    state->compute = model::ComputeWeights(context, state->model);
    return TrainingRun(std::move(state));
  } catch (const std::bad_alloc&) {
    return out_of_memory(heading.config);
  }
}

Result<StepReport> TrainingRun::step() {
  State& s = *state_;
  CAIRN_CHECK(!finished());
  auto report =
      s.steps.take(s.context,
                   {.rate = rate_at(schedule_of(s.settings), s.steps.done()),
                    .weights = s.model.weights(),
                    .copies = s.compute.copies()},
                   [&s](model::MicroBatch batch, float* gradient) {
                     batch.z_loss = s.settings.z_loss;
                     batch.dropout = s.dropout(batch.dropout.first_sequence);
                     return model::loss_and_gradient(s.context, s.compute, batch, s.work, {.weights = gradient});
                   });
  if (!report) return fail(std::move(report).error().within(fmt::format("{}: step {}", kWhat, done())));
  s.weights_changed();
  report->steps = s.settings.steps;
  return report;
}

Status TrainingRun::save(const std::filesystem::path& path) {
  const model::FileParts file = encode_run(state_->heading(), state_->model, state_->steps.optimiser().state());
  return write_file(path, file.bytes());
}

// The sum of the losses of `count` windows of `time` tokens, in nats.
double TrainingRun::State::window_losses(std::size_t count, std::size_t time, std::span<const std::int32_t> ids,
                                         std::span<const std::int32_t> targets) {
  const std::size_t at_once = std::max<std::size_t>(1, work.activations.room.rows / time);
  double sum = 0;
  for (std::size_t first = 0; first < count; first += at_once) {
    const std::size_t batch = std::min(at_once, count - first), at = first * time, rows = batch * time;
    model::loss(context, compute,
                {.batch = batch,
                 .time = time,
                 .ids = ids.subspan(at, rows),
                 .targets = targets.subspan(at, rows),
                 .grain_rows = settings.grain * time},
                work);
    // Token by token, so that it does not depend on how many windows there is room for.
    for (std::size_t i = 0; i < rows; ++i) sum += static_cast<double>(work.loss[i]);
  }
  return sum;
}

Result<Evaluation> TrainingRun::evaluate(Tokens tokens) {
  State& s = *state_;
  const std::size_t time = s.settings.context;
  CAIRN_TRY(check_tokens("evaluation", tokens, s.settings.context, s.model.config().vocabulary));
  const std::size_t predicted = tokens.size() - 1, whole = predicted / time, rest = predicted % time;
  std::vector<std::int32_t> ids(predicted), targets(predicted);
  copy_ids(tokens, 0, ids);
  copy_ids(tokens, 1, targets);
  double sum = s.window_losses(whole, time, ids, targets);
  if (rest > 0)
    sum += s.window_losses(1, rest, std::span(ids).subspan(whole * time), std::span(targets).subspan(whole * time));
  return Evaluation{sum / static_cast<double>(predicted), predicted};
}

Result<Evaluation> TrainingRun::sample(Tokens tokens, std::uint32_t windows) {
  State& s = *state_;
  const std::size_t time = s.settings.context;
  CAIRN_TRY(check_tokens("evaluation", tokens, s.settings.context, s.model.config().vocabulary));
  std::vector<std::int32_t> ids(windows * time), targets(ids.size());
  Windows(tokens, s.settings.context, {.key = s.settings.seed ^ kSampleKey, .stream = 0}, Draw::random)
      .next(windows, ids, targets);
  return Evaluation{s.window_losses(windows, time, ids, targets) / static_cast<double>(ids.size()), ids.size()};
}

Status run_to_end(TrainingRun& run, const Habits& habits) {
  const auto due = [&run](std::uint32_t every) { return every > 0 && run.done() % every == 0; };
  StepReport last{.step = run.done(), .steps = run.settings().steps, .loss = 0, .gradient_norm = 0, .tokens = 0};
  if (run.done() == 0 && habits.evaluate_every > 0 && habits.on_evaluation) CAIRN_TRY(habits.on_evaluation(last));
  while (!run.finished()) {
    if (habits.cancelled && habits.cancelled()) {
      CAIRN_TRY(run.save(habits.file));
      return fail(ErrorCode::interrupted, "{}: stopped after {} of {} steps; {} holds it", kWhat, run.done(),
                  run.settings().steps, habits.file.string());
    }
    CAIRN_ASSIGN(last, run.step());
    if (habits.on_step) habits.on_step(last);
    const bool end = run.finished();
    if ((due(habits.evaluate_every) || end) && habits.on_evaluation) CAIRN_TRY(habits.on_evaluation(last));
    if (due(habits.save_every) || end) CAIRN_TRY(run.save(habits.file));
  }
  return {};
}

}  // namespace cairn::train
