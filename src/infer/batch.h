// Several sequences that advance together: each has its own cache and length, prompts are read and tokens are drawn in
// shared passes, so that the weights are read once for all of them. Every logit has the bits that it has in a Session
// of its own. Not the order in which clients are served (serve/). Thread rule: one thread per Batch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tokens.h"
#include "infer/session.h"
#include "infer/weights.h"
#include "tensor/context.h"
#include "text/tokenizer.h"

namespace cairn::infer {

inline constexpr std::uint32_t kMostSequences = 256;

class Batch {
 public:
  // `sequences`: how many there may be, numbered from 0; each one's cache grows with its length. The Context must
  // outlive it. invalid: not 1 to kMostSequences; failed: not enough memory.
  static Result<Batch> open(tensor::Context& context, std::shared_ptr<const Weights> weights, std::uint32_t sequences);
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  struct Feed {
    std::uint32_t sequence = 0;
    std::span<const TokenId> tokens;
  };
  // Appends to each sequence its tokens and returns the logits [V] after its last one, in the order given, valid until
  // the next call. invalid: a sequence twice or of no such number, no token, an id of V or more, more tokens than the
  // context has room for; then nothing was read. failed: not enough memory for keys and values, and then nothing was
  // read.
  Result<std::vector<std::span<const float>>> feed(std::span<const Feed> feeds);
  // Forgets all but the sequence's first `kept` tokens (at most its length).
  void rewind(std::uint32_t sequence, std::uint32_t kept);

  std::uint32_t sequences() const;
  std::uint32_t length(std::uint32_t sequence) const;
  std::uint32_t context() const;     // T
  std::uint32_t vocabulary() const;  // V

 private:
  struct State;
  explicit Batch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Prompt {
  std::span<const TokenId> tokens;
  SamplingSettings settings;
};
// Each answer is, to the bit, what generate() makes of its prompt alone. More prompts than sequences wait until one
// ends. `sink` hears which prompt a piece belongs to; false ends that one. All sequences are rewound as they are taken.
// invalid: as generate(), with the prompt's number.
Result<std::vector<Generation>> generate_all(Batch& batch, const text::Tokenizer& tokenizer,
                                             std::span<const Prompt> prompts,
                                             const std::function<bool(std::size_t, std::string_view)>& sink = {});

}  // namespace cairn::infer
