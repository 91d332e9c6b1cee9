// Log-probabilities of given text, many windows at a time: what evaluation is made of.
// The arithmetic is the training forward pass; bits do not depend on how windows are batched.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/tokens.h"
#include "model/low_rank.h"
#include "model/model.h"
#include "tensor/context.h"

namespace cairn::infer {

struct ScoreSettings {
  std::uint32_t context = 0;    // window length; 0: the model's
  std::uint32_t stride = 0;     // tokens that each later window adds; 0: half the window. Every token after the first
                                // window is scored with at least context - stride tokens before it.
  std::uint32_t sequences = 8;  // windows per pass; no influence on the result
};

// Holds the bf16 weights, so that many texts are scored for one conversion. One thread per Scorer.
class Scorer {
 public:
  // The model and the module need not outlive the call; the Context must outlive the Scorer. Errors as Session::open.
  static Result<Scorer> open(tensor::Context& context, const model::Model& model,
                             const model::LowRank* module = nullptr);
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;
  ~Scorer();

  // One text: out[i] = ln p(tokens[i + 1] | tokens before it in its window), so out has tokens.size() - 1 values.
  // The first token is given, never scored: put a beginning-of-text token there. invalid: fewer than 2 tokens, an id of
  // V or more, settings out of range. interrupted: cancelled() said so.
  Result<std::vector<float>> score(std::span<const TokenId> tokens, const ScoreSettings& settings = {},
                                   const std::function<bool()>& cancelled = {});
  // Many texts, each on its own; short ones share passes.
  Result<std::vector<std::vector<float>>> score_all(std::span<const std::vector<TokenId>> texts,
                                                    const ScoreSettings& settings = {},
                                                    const std::function<bool()>& cancelled = {});

 private:
  struct State;
  Result<std::vector<std::vector<float>>> score_texts(std::span<const std::span<const TokenId>> texts,
                                                      const ScoreSettings& settings,
                                                      const std::function<bool()>& cancelled);
  explicit Scorer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::infer
