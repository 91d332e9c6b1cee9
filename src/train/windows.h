// Which stretches of a shard a unit reads, in which order: windows of context + 1 tokens, drawn by Philox.
// A value over a view: the shard must outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/tokens.h"
#include "tensor/random.h"

namespace cairn::train {

// How windows are drawn.
enum class Draw : std::uint8_t {
  shuffled,  // the shard cut into windows that overlap by one token, shuffled; each is read once before any is again
  shifted,   // the same, but each pass over the shard cuts it anew, from a first token drawn below `context`
  random,    // each from a place of its own, with replacement
};
std::span<const std::string_view> names_of(Draw);  // found by argument

// Tokens [first, first + ids.size()) as a pass reads them.
void copy_ids(Tokens tokens, std::size_t first, std::span<std::int32_t> ids);

class Windows {
 public:
  // tokens: at least context + 1.
  Windows(Tokens tokens, std::uint32_t context, tensor::Stream stream, Draw draw = Draw::shuffled);

  // The next `count` windows: ids [count, context] and, one place later, targets [count, context].
  void next(std::uint32_t count, std::span<std::int32_t> ids, std::span<std::int32_t> targets);
  // As if `count` windows had been drawn: where a run goes on.
  void skip(std::uint64_t count);

 private:
  void shuffle();
  std::size_t start();  // of the next window

  Tokens tokens_;
  std::uint32_t context_;
  tensor::Stream stream_;
  Draw draw_;
  std::vector<std::uint32_t> order_;  // of window numbers
  std::size_t first_ = 0;             // where window 0 begins
  std::size_t at_ = 0;                // in order_
  std::uint64_t drawn_ = 0;           // words of the stream used so far
};

}  // namespace cairn::train
