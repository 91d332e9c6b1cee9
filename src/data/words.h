// Words of a text as numbers, for shingles and n-grams: runs of letters and digits, ASCII lower-cased, every byte from
// 0x80 on a letter. Not linguistics, and not a digest: the numbers are the same on every machine, but chosen texts may
// collide. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cairn::data {

// One number a word, in order. Replaces what is in `out`.
void hash_words(std::string_view text, std::vector<std::uint64_t>& out);

// The number of the n words at words[at .. at+n): depends on their order.
inline std::uint64_t hash_of_ngram(const std::vector<std::uint64_t>& words, std::size_t at, std::size_t n) {
  std::uint64_t h = 0x9E3779B97F4A7C15U + n;
  for (std::size_t i = at; i < at + n; ++i) {
    h = (h ^ words[i]) * 0xD6E8FEB86659FD93U;
    h ^= h >> 32;
  }
  return h;
}

}  // namespace cairn::data
