#include "infer/sampling.h"

#include <algorithm>
#include <numeric>

#include "tensor/math.h"
#include "tensor/random.h"

namespace cairn::infer {
namespace {

// Keeps a generation's draws apart from other uses of the same seed.
constexpr std::uint64_t kSamplingStream = 0x73616D706C650000ULL;

}  // namespace

LogSoftmax::LogSoftmax(std::span<const float> logits) : logits_(logits), largest_(*std::ranges::max_element(logits)) {
  double sum = 0;
  for (const float x : logits) sum += static_cast<double>(tensor::math::exp(x - largest_));
  log_sum_ = tensor::math::log(static_cast<float>(sum));
}

std::vector<TokenId> likeliest(std::span<const float> logits, std::size_t count) {
  std::vector<TokenId> ids(logits.size());
  std::iota(ids.begin(), ids.end(), TokenId{0});
  const auto better = [&](TokenId a, TokenId b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; };
  count = std::min(count, ids.size());
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(), better);
  ids.resize(count);
  return ids;
}

TokenId sample(std::span<const float> logits, const SamplingSettings& settings, std::uint64_t position) {
  if (settings.temperature == 0.0F) return likeliest(logits, 1).front();
  std::vector<TokenId> ids = likeliest(logits, settings.top_k == 0 ? logits.size() : settings.top_k);
  const float largest = logits[ids.front()];
  std::vector<float> weights;  // relative to the likeliest token's, best first
  std::vector<double> upto;    // their running sum
  double total = 0;
  for (const TokenId id : ids) {
    weights.push_back(tensor::math::exp((logits[id] - largest) / settings.temperature));
    total += static_cast<double>(weights.back());
    upto.push_back(total);
  }
  const double wanted = static_cast<double>(settings.top_p) * total;
  std::size_t last = 0;  // of those that are kept
  while (last + 1 < ids.size() && upto[last] < wanted) ++last;
  while (last > 0 && weights[last] < settings.min_p) --last;
  const double draw =
      static_cast<double>(tensor::random_uniform({.key = settings.seed, .stream = kSamplingStream}, position)) *
      upto[last];
  const auto at = std::upper_bound(upto.begin(), upto.begin() + static_cast<std::ptrdiff_t>(last), draw);
  return ids[static_cast<std::size_t>(at - upto.begin())];
}

}  // namespace cairn::infer
