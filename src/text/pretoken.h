// Cuts text into the words that byte-pair merges never cross: the "gpt2-3digits" scheme.
//
// It is the pattern of GPT-2 (Radford et al. 2019, released encoder)
//   's|'t|'re|'ve|'m|'ll|'d | ?\p{L}+ | ?\p{N}+ | ?[^\s\p{L}\p{N}]+ | \s+(?!\S) | \s+
// written as a scanner, with two deviations: a run of digits is cut after every third, as in later models, so that a
// small vocabulary learns numbers evenly; and bytes that are not UTF-8 count as "neither space nor letter nor digit",
// so any bytes pass. The words, put end to end, are the text. Pure; any thread.
#pragma once

#include <string_view>

namespace cairn::text {

// The length in bytes of the first word of `text`; 0 only where `text` is empty.
std::size_t first_word(std::string_view text);

}  // namespace cairn::text
