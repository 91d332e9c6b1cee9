#include "train/unit.h"

#include <algorithm>
#include <new>

#include "tensor/random.h"
#include "train/contribution.h"
#include "train/replay.h"
#include "train/schedule.h"
#include "train/steps.h"

namespace cairn::train {
namespace {

// Keeps the draws of windows apart from those of the initial weights under the same seed.
constexpr std::uint64_t kWindowsKey = 0x77696E646F777300ULL;

tensor::Stream windows_stream(const UnitKey& key) {
  return {.key = key.run_seed ^ kWindowsKey, .stream = (std::uint64_t{key.round} << 32) | key.lane};
}

Digest state_digest(const model::Model& model) {
  const std::span<const float> weights = model.weights();
  return sha256(ByteView(reinterpret_cast<const std::uint8_t*>(weights.data()), weights.size_bytes()));
}

// A unit under way: the model as it stands, its optimiser and its place in the shard.
class LocalRun {
 public:
  LocalRun(tensor::Context& context, const Checkpoint& checkpoint, Tokens tokens, const UnitSettings& settings,
           const UnitKey& key, const model::Room& room)
      : context_(context),
        settings_(settings),
        model_(checkpoint.model),
        compute_(context, model_),
        work_(model_.config(), room),
        steps_(at_once(batch_of(settings), room), tokens, windows_stream(key),
               {model_.parameters(), optimiser_of(settings)}) {
    if (!checkpoint.moments.empty()) steps_.optimiser().resume(checkpoint.moments, settings.first_step);
  }

  // One optimiser step. failed: the loss or the gradient is not finite.
  Result<StepReport> step() {
    auto report =
        steps_.take(context_, {.rate = rate(), .weights = model_.weights(), .copies = compute_.copies()},
                    [this](const model::MicroBatch& batch, float* gradient) {
                      return model::loss_and_gradient(context_, compute_, batch, work_, {.weights = gradient});
                    });
    if (!report) return fail(std::move(report).error().within(fmt::format("unit: local step {}", steps_.done())));
    compute_.copy_gains(model_.weights());
    report->steps = settings_.steps;
    return report;
  }

  bool at_boundary() const { return steps_.done() % settings_.stretch == 0 || steps_.done() == settings_.steps; }
  const model::Model& model() const { return model_; }
  std::vector<float> moments() const { return block_means(steps_.optimiser().second_moments()); }

 private:
  float rate() const {
    return rate_at({.peak = settings_.learning_rate,
                    .final_fraction = settings_.final_fraction,
                    .warmup = settings_.warmup_steps,
                    .total = settings_.total_steps},
                   settings_.first_step + steps_.done());
  }

  tensor::Context& context_;
  const UnitSettings& settings_;
  model::Model model_;
  model::ComputeWeights compute_;
  model::Workspace work_;
  Steps steps_;
};

struct LocalSteps {
  std::vector<Digest> states;
  std::vector<float> losses;
};

Result<LocalSteps> take_steps(LocalRun& run, std::uint32_t steps, const Watch& watch) {
  LocalSteps out;
  for (std::uint32_t i = 0; i < steps; ++i) {
    if (watch.cancelled && watch.cancelled()) {
      return fail(ErrorCode::interrupted, "unit: stopped after {} of {} local steps", i, steps);
    }
    CAIRN_ASSIGN(const StepReport report, run.step());
    out.losses.push_back(report.loss);
    if (run.at_boundary()) out.states.push_back(state_digest(run.model()));
    if (watch.progress) watch.progress(report);
  }
  return out;
}

model::Room room_of(const Checkpoint& checkpoint, const UnitSettings& settings, const Watch& watch) {
  return model::room_within(checkpoint.model.config(), size_of(batch_of(settings)), watch.pass_bytes);
}

Error out_of_memory(const model::Model& model) {
  return {ErrorCode::failed,
          fmt::format("unit: not enough memory to train {} weights", model.weights().size()),
          "fewer sequences per grain need less memory",
          {}};
}

}  // namespace

Result<UnitResult> run_unit(tensor::Context& context, const Checkpoint& checkpoint, Tokens tokens,
                            const UnitSettings& settings, const UnitKey& key, const Watch& watch) {
  CAIRN_TRY(check(settings, checkpoint.model.config()));
  CAIRN_TRY(check_tokens("unit", tokens, settings.context, checkpoint.model.config().vocabulary));
  try {
    LocalRun run(context, checkpoint, tokens, settings, key, room_of(checkpoint, settings, watch));
    CAIRN_ASSIGN(LocalSteps steps, take_steps(run, settings.steps, watch));
    CAIRN_ASSIGN(Contribution change,
                 quantise(checkpoint.model.weights(), run.model().weights(), settings.contribution_bits));
    change.moments = run.moments();
    UnitResult out;
    out.tokens = std::uint64_t{settings.steps} * settings.sequences * settings.context;
    change.tokens = out.tokens;
    change.checkpoint = digest_of(checkpoint);
    out.contribution = encode(change);
    out.states = std::move(steps.states);
    out.root = state_root(out.states);
    for (const float loss : steps.losses) out.mean_loss += static_cast<double>(loss);
    out.mean_loss /= static_cast<double>(steps.losses.size());
    out.first_loss = steps.losses.front();
    out.last_loss = steps.losses.back();
    return out;
  } catch (const std::bad_alloc&) {
    return fail(out_of_memory(checkpoint.model));
  }
}

Result<std::vector<Digest>> replay_stretches(tensor::Context& context, const Checkpoint& checkpoint, Tokens tokens,
                                             const UnitSettings& settings, const UnitKey& key, std::uint32_t stretches,
                                             const Watch& watch) {
  CAIRN_TRY(check(settings, checkpoint.model.config()));
  CAIRN_TRY(check_tokens("unit", tokens, settings.context, checkpoint.model.config().vocabulary));
  const std::uint32_t all = (settings.steps + settings.stretch - 1) / settings.stretch;
  if (stretches < 1 || stretches > all) {
    return fail(ErrorCode::invalid, "replay: {} stretches, the unit has {}", stretches, all);
  }
  try {
    LocalRun run(context, checkpoint, tokens, settings, key, room_of(checkpoint, settings, watch));
    const std::uint64_t steps = std::min<std::uint64_t>(std::uint64_t{stretches} * settings.stretch, settings.steps);
    CAIRN_ASSIGN(LocalSteps taken, take_steps(run, static_cast<std::uint32_t>(steps), watch));
    return std::move(taken.states);
  } catch (const std::bad_alloc&) {
    return fail(out_of_memory(checkpoint.model));
  }
}

}  // namespace cairn::train
