// From logits to a token: temperature, top-k, top-p and a Philox draw, in profile c1's arithmetic, so that equal
// logits, settings and seed give the same token on every machine. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "infer/session.h"

namespace cairn::infer {

// ln of the softmax of logits [V], of the tokens asked for. Ties and order do not matter: the sum runs over ascending
// ids.
class LogSoftmax {
 public:
  explicit LogSoftmax(std::span<const float> logits);
  float operator()(std::uint32_t token) const { return logits_[token] - largest_ - log_sum_; }

 private:
  std::span<const float> logits_;
  float largest_ = 0, log_sum_ = 0;
};

// The `count` likeliest tokens, best first; equal logits in ascending order of id.
std::vector<std::uint16_t> likeliest(std::span<const float> logits, std::size_t count);

// The token drawn at `position` of a generation. top_k and top_p cut before the draw, top_p after top_k (Holtzman et
// al., arXiv 1904.09751, equation 2: the smallest set of the likeliest whose probability reaches p).
std::uint16_t sample(std::span<const float> logits, const SamplingSettings& settings, std::uint64_t position);

}  // namespace cairn::infer
