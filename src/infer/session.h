// Generation: a session holds a model's bf16 weights, a KV cache and, while one is switched on, a module.
// Logits are bit for bit those of the training forward pass over the same tokens: one arithmetic, two ways to walk it.
// Not scheduling of many clients (serve/). Thread rule: one thread per Session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "infer/weights.h"
#include "model/low_rank.h"
#include "model/model.h"
#include "tensor/context.h"
#include "text/tokenizer.h"

namespace cairn::infer {

class Session {
 public:
  // The model and the module are read here and need not outlive the call; the Context must outlive the Session.
  // invalid: the module is for another configuration. unsupported: a model that is not causal.
  static Result<Session> open(tensor::Context& context, const model::Model& model,
                              const model::LowRank* module = nullptr);
  // Over weights that others use too.
  static Result<Session> open(tensor::Context& context, std::shared_ptr<const Weights> weights);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Appends tokens to the cache and returns the logits [V] after the last one, valid until the next call.
  // invalid: no token, an id of V or more, or more tokens than the context has room for. failed: not enough memory for
  // their keys and values. Then nothing was read.
  Result<std::span<const float>> feed(std::span<const TokenId> tokens);
  // Forgets all but the first `kept` tokens (at most length()).
  void rewind(std::uint32_t kept);
  std::uint32_t length() const;
  std::uint32_t context() const;     // T
  std::uint32_t vocabulary() const;  // V

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct SamplingSettings {
  float temperature = 1.0F;  // 0: the likeliest token, always
  std::uint32_t top_k = 0;   // 0: all
  float top_p = 1.0F;        // in (0, 1]
  float min_p = 0.0F;        // in [0, 1]: the least probability, as a share of the likeliest token's
  std::uint64_t seed = 0;    // with the settings and the prompt it fixes the text, on every machine
  std::uint32_t max_tokens = 64;
  std::vector<std::string> stop;     // at most 16, none empty; the text ends before the first that appears
  std::vector<TokenId> stop_tokens;  // end the generation and are not part of its text: tokenizer.end_of_text(), say
  std::uint32_t logprobs = 0;        // alternatives per token to report, at most 20
};
Status check(const SamplingSettings& settings);

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0;  // natural logarithm, of the model's distribution before temperature and cuts
};
struct GeneratedToken {
  TokenLogprob chosen;
  std::vector<TokenLogprob> alternatives;  // the likeliest, best first
};
enum class Finish : std::uint8_t { stop, length };  // a stop string or the end of the text; max_tokens or the context

struct Generation {
  std::string text;  // up to, not including, the stop string; whole bytes as the tokenizer gives them
  std::vector<GeneratedToken> tokens;
  Finish finish = Finish::length;
  std::uint32_t prompt_tokens = 0;  // that were read: a prompt too long for the context loses its beginning
};

// Called with each piece of text that is final: the beginning of what may become a stop string, and bytes of a
// character that is not whole, are held back. false ends the generation.
using TextSink = std::function<bool(std::string_view piece)>;

// The session is rewound first. invalid: settings out of range, an empty prompt.
Result<Generation> generate(Session& session, const text::Tokenizer& tokenizer, std::span<const TokenId> prompt,
                            const SamplingSettings& settings, const TextSink& sink = {});

}  // namespace cairn::infer
