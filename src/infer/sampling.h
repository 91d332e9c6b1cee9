// From logits to a token: temperature, top-k, top-p, min-p and a Philox draw, in profile c1's arithmetic, so that equal
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
std::vector<TokenId> likeliest(std::span<const float> logits, std::size_t count);

// The token drawn at `position` of a generation. In this order:
//   1. temperature divides the logits (0: the likeliest token, and nothing of what follows);
//   2. top_k keeps the likeliest k;
//   3. top_p keeps the smallest set of the likeliest whose share of what step 2 kept reaches p (Holtzman et al.,
//      arXiv 1904.09751, equation 2);
//   4. min_p keeps what has at least that share of the likeliest token's probability (Nguyen et al., arXiv 2407.01082);
//      a ratio of two tokens, so the cuts before do not change it;
//   5. one draw among what is left, in proportion. The likeliest token always is left.
TokenId sample(std::span<const float> logits, const SamplingSettings& settings, std::uint64_t position);

}  // namespace cairn::infer
