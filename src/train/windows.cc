#include "train/windows.h"

#include <numeric>
#include <utility>

namespace cairn::train {

Windows::Windows(std::span<const std::uint16_t> tokens, std::uint32_t context, tensor::Stream stream)
    : tokens_(tokens), context_(context), stream_(stream), order_((tokens.size() - 1) / context) {
  std::iota(order_.begin(), order_.end(), 0U);
  shuffle();
}

// Fisher and Yates's shuffle, from the end.
void Windows::shuffle() {
  for (std::size_t left = order_.size(); left > 1; --left) {
    std::swap(order_[left - 1], order_[tensor::random_below(stream_, drawn_++, static_cast<std::uint32_t>(left))]);
  }
  at_ = 0;
}

void Windows::next(std::uint32_t count, std::span<std::int32_t> ids, std::span<std::int32_t> targets) {
  for (std::uint32_t i = 0; i < count; ++i) {
    if (at_ == order_.size()) shuffle();
    const std::size_t start = std::size_t{order_[at_++]} * context_, to = std::size_t{i} * context_;
    for (std::uint32_t t = 0; t < context_; ++t) {
      ids[to + t] = tokens_[start + t];
      targets[to + t] = tokens_[start + t + 1];
    }
  }
}

}  // namespace cairn::train
