#include "data/words.h"

#include <array>

namespace cairn::data {
namespace {

// What a byte counts as within a word; 0: it is no part of one.
constexpr std::array<std::uint8_t, 256> kFold = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80) table[c] = static_cast<std::uint8_t>(c);
    if (c >= 'A' && c <= 'Z') table[c] = static_cast<std::uint8_t>(c + 32);
  }
  return table;
}();

}  // namespace

void hash_words(std::string_view text, std::vector<std::uint64_t>& out) {
  constexpr std::uint64_t kStart = 0xCBF29CE484222325U, kPrime = 0x100000001B3U;  // FNV-1a, then mixed
  out.clear();
  std::uint64_t h = kStart;
  bool inside = false;
  const auto end_word = [&] {
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9U;
    out.push_back(h ^ h >> 32);
    h = kStart;
    inside = false;
  };
  for (const char c : text) {
    const std::uint8_t folded = kFold[static_cast<std::uint8_t>(c)];
    if (folded) {
      h = (h ^ folded) * kPrime;
      inside = true;
    } else if (inside) {
      end_word();
    }
  }
  if (inside) end_word();
}

}  // namespace cairn::data
