// A run of one process: a model, step after step over one text, that can be killed at any moment and goes on to the
// same bits (train/run_file.h). Not the swarm's unit (train/unit.h), which keeps nothing and gives back a change.
// Owns model, optimiser and scratch; the tokens and the Context must outlive it. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "base/tokens.h"
#include "model/memory.h"
#include "model/model.h"
#include "tensor/context.h"
#include "train/run_settings.h"
#include "train/unit.h"

namespace cairn::train {

// Loss over a text that a model is not trained on.
struct Evaluation {
  double loss = 0;           // nats per token
  std::uint64_t tokens = 0;  // that it is the mean over
};

class TrainingRun {
 public:
  // The model as it is before the first step. tokens: at least context + 1 ids below V. invalid: settings or tokens out
  // of range, or a model that cannot be computed. failed: not enough memory. pass_bytes: for activations and scratch
  // (model/memory.h); changes no bit.
  static Result<TrainingRun> begin(tensor::Context& context, model::Model model, Tokens tokens,
                                   const RunSettings& settings, std::uint64_t pass_bytes = model::kUsualPassBytes);
  // From the bytes of a run's file. Errors as run_file.h; invalid: these are not the tokens it was begun with.
  static Result<TrainingRun> resume(tensor::Context& context, ByteView file, Tokens tokens,
                                    std::uint64_t pass_bytes = model::kUsualPassBytes);
  TrainingRun(TrainingRun&&) noexcept;
  ~TrainingRun();

  const RunSettings& settings() const;
  const model::Model& model() const;
  std::uint32_t done() const;
  bool finished() const { return done() == settings().steps; }

  // One step; not after the last. failed: a loss or gradient that is not finite, with the step; nothing was moved.
  Result<StepReport> step();

  // Atomic and durable: the file is the old one or the new one, whatever happens. no_space or failed.
  Status save(const std::filesystem::path& path);

  // Over the whole of `tokens`, cut into windows of the settings' context, the last perhaps shorter: each token but the
  // first is predicted once, from those before it in its window. Errors as begin() for tokens.
  Result<Evaluation> evaluate(Tokens tokens);
  // Over `windows` random windows, the same ones each time.
  Result<Evaluation> sample(Tokens tokens, std::uint32_t windows);

 private:
  struct State;
  explicit TrainingRun(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What happens between the steps of a run, none of which changes its bits.
struct Habits {
  std::filesystem::path file;          // of the run
  std::uint32_t save_every = 250;      // steps; also saved at the end, and when cancelled
  std::uint32_t evaluate_every = 250;  // steps, also before the first; 0: after the last alone, as always
  std::function<void(const StepReport&)> on_step;
  std::function<Status(const StepReport& last)> on_evaluation;  // evaluates as it likes
  std::function<bool()> cancelled;                              // asked between steps; all three may be empty
};

// Takes the steps that are left. Errors of step(), save() and on_evaluation; interrupted: cancelled() said so, and the
// run is saved.
Status run_to_end(TrainingRun& run, const Habits& habits);

}  // namespace cairn::train
