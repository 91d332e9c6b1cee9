// The yardstick beside a model's bits per byte: a byte model of order 3 with interpolated Witten-Bell smoothing
// (Witten and Bell 1991, "The zero-frequency problem", method C; interpolation as in Chen and Goodman 1998,
// section 2.6):
//   P_k(c | h) = (N(h c) + T(h) P_{k-1}(c | h')) / (N(h) + T(h)),   P_{-1}(c) = 1 / 256
// h: the last k bytes, h': without its first; N: how often in the training text; T: how many different bytes followed
// h. A document begins after three NUL bytes. Not a language model to use. Immutable once made; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::eval {

class Order3 {
 public:
  // invalid: no byte of text, or 2^32 bytes or more.
  static Result<Order3> train(std::span<const std::string_view> documents);

  // Bits that the model needs for the document: the sum of -log2 P over its bytes.
  double bits(std::string_view document) const;
  double probability(std::uint32_t history, std::uint8_t next) const;  // history: the last three bytes, oldest highest

 private:
  struct Entry {
    std::uint32_t gram;  // the context's bytes and the next one, oldest highest
    std::uint32_t count;
  };
  std::array<std::vector<Entry>, 4> orders_;  // by gram; [k] holds contexts of k bytes
};

}  // namespace cairn::eval
