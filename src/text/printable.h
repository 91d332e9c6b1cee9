// Tokens as other programs write them: each byte is one printable character, so that a token is a word without spaces
// (GPT-2's released encoder: the printable bytes of Latin-1 are themselves, the others U+0100 and on, in order).
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace cairn::text {

std::string printable(std::string_view bytes);
// malformed: a character that stands for no byte.
Result<std::string> bytes_of_printable(std::string_view word);

// A tokenizer as three lists, which is how GGUF and tokenizer.json hold one.
struct TokenLists {
  std::vector<std::string> tokens;  // by id; ordinary ones printable, specials as they are
  std::vector<bool> special;        // one for each token
  std::vector<std::string> merges;  // "left right", printable, earliest first
};

// unsupported: two tokens of the same bytes, which those formats tell apart by name alone.
Result<TokenLists> lists_of(const Tokenizer& tokenizer);
// The same back. unsupported: an order of tokens that Tokenizer does not have (the 256 bytes first, then what each
// merge makes, then the specials), or its limits; malformed: lists that contradict each other.
Result<Tokenizer> tokenizer_of(const TokenLists& lists);

}  // namespace cairn::text
