#include "adapt/module.h"

#include <cmath>
#include <new>

#include "model/checkpoint.h"
#include "train/steps.h"

namespace cairn::adapt {
namespace {

// Keeps the draws of windows apart from those of the initial matrices under the same seed.
constexpr std::uint64_t kWindowsStream = 0x6D6F64756C650000ULL;

// Training under way: the base's products stay as they are, only the low-rank matrices move.
class Adaptation {
 public:
  Adaptation(tensor::Context& context, const model::Model& base, model::LowRank& delta, Tokens tokens,
             const ModuleSettings& settings, std::uint64_t seed, const model::Room& room)
      : context_(context),
        settings_(settings),
        delta_(delta),
        base_(context, base),
        compute_(context, delta),
        work_(base.config(), room),
        steps_(train::at_once(train::batch_of(settings), room), tokens, {.key = seed, .stream = kWindowsStream},
               {delta.parameters(), train::optimiser_of(settings)}) {}

  Result<train::StepReport> step() {
    const float rate = train::rate_at({.peak = settings_.learning_rate,
                                       .final_fraction = 0.1F,
                                       .warmup = settings_.warmup_steps,
                                       .total = settings_.steps},
                                      steps_.done());
    auto report = steps_.take(context_, {.rate = rate, .weights = delta_.weights(), .copies = compute_.copies()},
                              [this](model::MicroBatch batch, float* gradient) {
                                batch.delta = &compute_;
                                return model::loss_and_gradient(context_, base_, batch, work_, {.low_rank = gradient});
                              });
    if (!report) return fail(std::move(report).error().within(fmt::format("module: step {}", steps_.done())));
    report->steps = settings_.steps;
    return report;
  }

 private:
  tensor::Context& context_;
  const ModuleSettings& settings_;
  model::LowRank& delta_;
  model::ComputeWeights base_;
  model::ComputeLowRank compute_;
  model::Workspace work_;
  train::Steps steps_;
};

}  // namespace

Result<TrainedModule> train_module(tensor::Context& context, const model::Model& base, Tokens tokens,
                                   const ModuleSettings& settings, std::uint64_t seed, const train::Watch& watch) {
  CAIRN_TRY(check(settings, base.config()));
  CAIRN_TRY(train::check_tokens("module", tokens, settings.context, base.config().vocabulary));
  try {
    CAIRN_ASSIGN(model::LowRank delta, model::LowRank::make(base.config(), settings.rank, settings.scale, seed));
    TrainedModule out{
        .module = {.base = model::digest_of(base), .settings = settings, .seed = seed, .delta = std::move(delta)}};
    const model::Room room =
        model::room_within(base.config(), train::size_of(train::batch_of(settings)), watch.pass_bytes, settings.rank);
    Adaptation adaptation(context, base, out.module.delta, tokens, settings, seed, room);
    for (std::uint32_t i = 0; i < settings.steps; ++i) {
      if (watch.cancelled && watch.cancelled()) {
        return fail(ErrorCode::interrupted, "module: stopped after {} of {} steps", i, settings.steps);
      }
      CAIRN_ASSIGN(const train::StepReport report, adaptation.step());
      if (i == 0) out.first_loss = report.loss;
      out.last_loss = report.loss;
      out.tokens = report.tokens;
      if (watch.progress) watch.progress(report);
    }
    for (const float weight : out.module.delta.weights()) {
      if (!std::isfinite(weight)) return fail(ErrorCode::failed, "module: training diverged: a weight is not finite");
    }
    return out;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "module: not enough memory for {} sequences of {} tokens at once", settings.grain,
                settings.context);
  }
}

}  // namespace cairn::adapt
