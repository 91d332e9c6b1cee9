// Which stretches of a shard a unit reads, in which order: windows of context + 1 tokens that overlap by one,
// shuffled by Philox, each read once before any is read again.
// A value over a view: the shard must outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/random.h"

namespace cairn::train {

class Windows {
 public:
  // tokens: at least context + 1.
  Windows(std::span<const std::uint16_t> tokens, std::uint32_t context, tensor::Stream stream);

  // The next `count` windows: ids [count, context] and, one place later, targets [count, context].
  void next(std::uint32_t count, std::span<std::int32_t> ids, std::span<std::int32_t> targets);

 private:
  void shuffle();

  std::span<const std::uint16_t> tokens_;
  std::uint32_t context_;
  tensor::Stream stream_;
  std::vector<std::uint32_t> order_;  // of window numbers
  std::size_t at_ = 0;                // in order_
  std::uint64_t drawn_ = 0;           // words of the stream used so far
};

}  // namespace cairn::train
