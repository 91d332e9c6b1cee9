#include "train/windows.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace cairn::train {

std::span<const std::string_view> names_of(Draw) {
  static constexpr std::array<std::string_view, 3> kNames{"shuffled", "shifted", "random"};
  return kNames;
}

void copy_ids(Tokens tokens, std::size_t first, std::span<std::int32_t> ids) {
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(tokens[first + i]);
}

Windows::Windows(Tokens tokens, std::uint32_t context, tensor::Stream stream, Draw draw)
    : tokens_(tokens), context_(context), stream_(stream), draw_(draw) {
  if (draw_ == Draw::random) return;
  order_.resize((tokens.size() - 1) / context);
  std::iota(order_.begin(), order_.end(), 0U);
  shuffle();
}

// Fisher and Yates's shuffle, from the end.
void Windows::shuffle() {
  if (draw_ == Draw::shifted) {
    // A shift never costs the only window there is.
    const std::size_t spare = tokens_.size() - 1 - context_;
    const auto bound = static_cast<std::uint32_t>(std::min<std::size_t>(context_, spare + 1));
    first_ = tensor::random_below(stream_, drawn_++, bound);
    order_.resize((tokens_.size() - 1 - first_) / context_);
    std::iota(order_.begin(), order_.end(), 0U);
  }
  for (std::size_t left = order_.size(); left > 1; --left) {
    std::swap(order_[left - 1], order_[tensor::random_below(stream_, drawn_++, static_cast<std::uint32_t>(left))]);
  }
  at_ = 0;
}

std::size_t Windows::start() {
  if (draw_ == Draw::random)
    return tensor::random_below(stream_, drawn_++, static_cast<std::uint32_t>(tokens_.size() - context_));
  if (at_ == order_.size()) shuffle();
  return first_ + std::size_t{order_[at_++]} * context_;
}

void Windows::next(std::uint32_t count, std::span<std::int32_t> ids, std::span<std::int32_t> targets) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t from = start(), to = std::size_t{i} * context_;
    copy_ids(tokens_, from, ids.subspan(to, context_));
    copy_ids(tokens_, from + 1, targets.subspan(to, context_));
  }
}

void Windows::skip(std::uint64_t count) {
  if (draw_ == Draw::random) {
    drawn_ += count;
    return;
  }
  while (count > order_.size() - at_) {
    count -= order_.size() - at_;
    shuffle();
  }
  at_ += static_cast<std::size_t>(count);
}

}  // namespace cairn::train
