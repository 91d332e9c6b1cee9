#include "train/unit.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "model/backward.h"
#include "tensor/random.h"
#include "train/contribution.h"
#include "train/optimiser.h"
#include "train/replay.h"
#include "train/windows.h"

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

Status check_tokens(std::span<const std::uint16_t> tokens, const UnitSettings& settings,
                    const model::ModelConfig& config) {
  if (tokens.size() < std::size_t{settings.context} + 1) {
    return fail(ErrorCode::invalid, "unit: a shard of {} tokens, at least {} (context + 1) are needed", tokens.size(),
                settings.context + 1);
  }
  if ((tokens.size() - 1) / settings.context > std::size_t{0xFFFFFFFFU}) {
    return fail(ErrorCode::invalid, "unit: a shard of {} tokens is too long", tokens.size());
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= config.vocabulary) {
      return fail(ErrorCode::invalid, "unit: token {} of the shard is {}, the vocabulary ends at {}", i, tokens[i],
                  config.vocabulary - 1);
    }
  }
  return {};
}

// A unit under way: the model as it stands, its optimiser and its place in the shard.
class LocalRun {
 public:
  LocalRun(tensor::Context& context, const Checkpoint& checkpoint, std::span<const std::uint16_t> tokens,
           const UnitSettings& settings, const UnitKey& key)
      : context_(context),
        settings_(settings),
        model_(checkpoint.model),
        compute_(context, model_),
        work_(model_.config(), std::size_t{settings.grain} * settings.context),
        optimiser_(model_.parameters(), {.beta1 = settings.beta1,
                                         .beta2 = settings.beta2,
                                         .epsilon = settings.epsilon,
                                         .weight_decay = settings.weight_decay,
                                         .embedding_rate = settings.embedding_rate,
                                         .clip = settings.clip}),
        windows_(tokens, settings.context, windows_stream(key)),
        gradient_(model_.weights().size()),
        ids_(std::size_t{settings.sequences} * settings.context),
        targets_(ids_.size()) {
    if (!checkpoint.moments.empty()) optimiser_.resume(checkpoint.moments, settings.first_step);
  }

  // One optimiser step. failed: the loss or the gradient is not finite.
  Result<StepReport> step() {
    windows_.next(settings_.sequences, ids_, targets_);
    const float loss = batch_gradient();
    const auto at = [&](Error error) { return std::move(error).within(fmt::format("unit: local step {}", done_)); };
    if (!std::isfinite(loss)) return fail(at({ErrorCode::failed, fmt::format("the loss is {}", loss), {}, {}}));
    auto norm = optimiser_.step(
        context_,
        {.rate = rate(), .weights = model_.weights(), .gradient = gradient_.span(), .copies = compute_.copies()});
    if (!norm) return fail(at(std::move(norm).error()));
    compute_.copy_gains(model_.weights());
    ++done_;
    return StepReport{.step = done_,
                      .steps = settings_.steps,
                      .loss = loss,
                      .gradient_norm = *norm,
                      .tokens = std::uint64_t{done_} * ids_.size()};
  }

  bool at_boundary() const { return done_ % settings_.stretch == 0 || done_ == settings_.steps; }
  const model::Model& model() const { return model_; }
  std::vector<float> moments() const { return block_means(optimiser_.second_moments()); }

 private:
  // The left fold over the batch's grains; returns the mean loss over its tokens.
  float batch_gradient() {
    std::ranges::fill(gradient_.span(), 0.0F);
    const std::size_t grain_tokens = std::size_t{settings_.grain} * settings_.context;
    const float share = 1.0F / static_cast<float>(ids_.size());
    float total = 0;
    for (std::size_t first = 0; first < ids_.size(); first += grain_tokens) {
      total += model::loss_and_gradient(context_, compute_,
                                        {.batch = settings_.grain,
                                         .time = settings_.context,
                                         .ids = std::span(ids_).subspan(first, grain_tokens),
                                         .targets = std::span(targets_).subspan(first, grain_tokens),
                                         .scale = share},
                                        work_, {.weights = gradient_.span().data()});
    }
    return total * share;
  }

  float rate() const {
    return rate_at({.peak = settings_.learning_rate,
                    .final_fraction = settings_.final_fraction,
                    .warmup = settings_.warmup_steps,
                    .total = settings_.total_steps},
                   settings_.first_step + done_);
  }

  tensor::Context& context_;
  const UnitSettings& settings_;
  model::Model model_;
  model::ComputeWeights compute_;
  model::Workspace work_;
  Optimiser optimiser_;
  Windows windows_;
  model::FloatBuffer gradient_;              // [P]
  std::vector<std::int32_t> ids_, targets_;  // [B, T]
  std::uint32_t done_ = 0;
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

Error out_of_memory(const model::Model& model) {
  return {ErrorCode::failed,
          fmt::format("unit: not enough memory to train {} weights", model.weights().size()),
          "fewer sequences per grain need less memory",
          {}};
}

}  // namespace

Result<UnitResult> run_unit(tensor::Context& context, const Checkpoint& checkpoint,
                            std::span<const std::uint16_t> tokens, const UnitSettings& settings, const UnitKey& key,
                            const Watch& watch) {
  CAIRN_TRY(check(settings, checkpoint.model.config()));
  CAIRN_TRY(check_tokens(tokens, settings, checkpoint.model.config()));
  try {
    LocalRun run(context, checkpoint, tokens, settings, key);
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

Result<std::vector<Digest>> replay_stretches(tensor::Context& context, const Checkpoint& checkpoint,
                                             std::span<const std::uint16_t> tokens, const UnitSettings& settings,
                                             const UnitKey& key, std::uint32_t stretches, const Watch& watch) {
  CAIRN_TRY(check(settings, checkpoint.model.config()));
  CAIRN_TRY(check_tokens(tokens, settings, checkpoint.model.config()));
  const std::uint32_t all = (settings.steps + settings.stretch - 1) / settings.stretch;
  if (stretches < 1 || stretches > all) {
    return fail(ErrorCode::invalid, "replay: {} stretches, the unit has {}", stretches, all);
  }
  try {
    LocalRun run(context, checkpoint, tokens, settings, key);
    const std::uint64_t steps = std::min<std::uint64_t>(std::uint64_t{stretches} * settings.stretch, settings.steps);
    CAIRN_ASSIGN(LocalSteps taken, take_steps(run, static_cast<std::uint32_t>(steps), watch));
    return std::move(taken.states);
  } catch (const std::bad_alloc&) {
    return fail(out_of_memory(checkpoint.model));
  }
}

}  // namespace cairn::train
