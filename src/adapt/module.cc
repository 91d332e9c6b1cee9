#include "adapt/module.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "model/backward.h"
#include "model/checkpoint.h"
#include "train/optimiser.h"
#include "train/windows.h"

namespace cairn::adapt {
namespace {

// Keeps the draws of windows apart from those of the initial matrices under the same seed.
constexpr std::uint64_t kWindowsStream = 0x6D6F64756C650000ULL;

Status check_tokens(std::span<const std::uint16_t> tokens, const ModuleSettings& settings,
                    const model::ModelConfig& config) {
  if (tokens.size() < std::size_t{settings.context} + 1) {
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("module: {} tokens, at least {} (context + 1) are needed", tokens.size(), settings.context + 1),
        "give more text or a shorter context");
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= config.vocabulary) {
      return fail(ErrorCode::invalid, "module: token {} is {}, the vocabulary ends at {}", i, tokens[i],
                  config.vocabulary - 1);
    }
  }
  return {};
}

// Training under way: the base's products stay as they are, only the low-rank matrices move.
class Adaptation {
 public:
  Adaptation(tensor::Context& context, const model::Model& base, model::LowRank& delta,
             std::span<const std::uint16_t> tokens, const ModuleSettings& settings, std::uint64_t seed)
      : context_(context),
        settings_(settings),
        delta_(delta),
        base_(context, base),
        compute_(context, delta),
        work_(base.config(), std::size_t{settings.grain} * settings.context, settings.rank),
        optimiser_(delta.parameters(), {.beta1 = settings.beta1,
                                        .beta2 = settings.beta2,
                                        .epsilon = settings.epsilon,
                                        .weight_decay = settings.weight_decay,
                                        .clip = settings.clip}),
        windows_(tokens, settings.context, {.key = seed, .stream = kWindowsStream}),
        gradient_(delta.weights().size()),
        ids_(std::size_t{settings.sequences} * settings.context),
        targets_(ids_.size()) {}

  Result<train::StepReport> step() {
    windows_.next(settings_.sequences, ids_, targets_);
    const float loss = batch_gradient();
    const auto at = [&](Error error) { return std::move(error).within(fmt::format("module: step {}", done_)); };
    if (!std::isfinite(loss)) return fail(at({ErrorCode::failed, fmt::format("the loss is {}", loss), {}, {}}));
    const float rate = train::rate_at({.peak = settings_.learning_rate,
                                       .final_fraction = 0.1F,
                                       .warmup = settings_.warmup_steps,
                                       .total = settings_.steps},
                                      done_);
    auto norm = optimiser_.step(
        context_,
        {.rate = rate, .weights = delta_.weights(), .gradient = gradient_.span(), .copies = compute_.copies()});
    if (!norm) return fail(at(std::move(norm).error()));
    ++done_;
    return train::StepReport{.step = done_,
                             .steps = settings_.steps,
                             .loss = loss,
                             .gradient_norm = *norm,
                             .tokens = std::uint64_t{done_} * ids_.size()};
  }

 private:
  float batch_gradient() {
    std::ranges::fill(gradient_.span(), 0.0F);
    const std::size_t grain_tokens = std::size_t{settings_.grain} * settings_.context;
    const float share = 1.0F / static_cast<float>(ids_.size());
    float total = 0;
    for (std::size_t first = 0; first < ids_.size(); first += grain_tokens) {
      total += model::loss_and_gradient(context_, base_,
                                        {.batch = settings_.grain,
                                         .time = settings_.context,
                                         .ids = std::span(ids_).subspan(first, grain_tokens),
                                         .targets = std::span(targets_).subspan(first, grain_tokens),
                                         .scale = share,
                                         .delta = &compute_},
                                        work_, {.low_rank = gradient_.span().data()});
    }
    return total * share;
  }

  tensor::Context& context_;
  const ModuleSettings& settings_;
  model::LowRank& delta_;
  model::ComputeWeights base_;
  model::ComputeLowRank compute_;
  model::Workspace work_;
  train::Optimiser optimiser_;
  train::Windows windows_;
  model::FloatBuffer gradient_;              // as the delta's weights
  std::vector<std::int32_t> ids_, targets_;  // [B, T]
  std::uint32_t done_ = 0;
};

}  // namespace

Result<TrainedModule> train_module(tensor::Context& context, const model::Model& base,
                                   std::span<const std::uint16_t> tokens, const ModuleSettings& settings,
                                   std::uint64_t seed, const train::Watch& watch) {
  CAIRN_TRY(check(settings, base.config()));
  CAIRN_TRY(check_tokens(tokens, settings, base.config()));
  try {
    CAIRN_ASSIGN(model::LowRank delta, model::LowRank::make(base.config(), settings.rank, settings.scale, seed));
    TrainedModule out{
        .module = {.base = model::digest_of(base), .settings = settings, .seed = seed, .delta = std::move(delta)}};
    Adaptation adaptation(context, base, out.module.delta, tokens, settings, seed);
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
