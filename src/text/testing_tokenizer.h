// For tests: a tokenizer of any size from 256 + 5 tokens on.
#pragma once

#include "text/tokenizer.h"

namespace cairn::text {

// Merges of each byte with each byte, in order, then of those with 'a', then with 'b'; and the default specials.
inline Tokenizer tokenizer_of_size(std::size_t vocabulary) {
  std::vector<Merge> merges(vocabulary - kBytesOfAlphabet - default_specials().size());
  constexpr TokenId kPairs = 65536;
  for (TokenId i = 0; i < merges.size(); ++i)
    merges[i] = i < kPairs ? Merge{i / 256, i % 256} : Merge{256 + i % kPairs, TokenId{'a'} + i / kPairs - 1};
  return Tokenizer::make(std::move(merges), default_specials()).value();
}

}  // namespace cairn::text
