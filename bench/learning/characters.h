// A text as characters: its code points, numbered in ascending order of those that occur. What nanoGPT's tiny
// Shakespeare does. Not a tokenizer of the product (text/). Values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace cairn::learning {

struct Characters {
  Digest file;                        // SHA-256 of the text's bytes
  std::vector<char32_t> alphabet;     // ascending
  std::vector<std::uint16_t> tokens;  // indices into it

  // The first nine tenths, rounded down, and the rest.
  std::span<const std::uint16_t> training() const {
    return std::span(tokens).first(tokens.size() / 10 * 9 + tokens.size() % 10 * 9 / 10);
  }
  std::span<const std::uint16_t> validation() const { return std::span(tokens).subspan(training().size()); }
};

// malformed: not UTF-8, with the place; invalid: one character alone, or more than 65,536 different ones.
Result<Characters> read_characters(const std::filesystem::path& path);

}  // namespace cairn::learning
