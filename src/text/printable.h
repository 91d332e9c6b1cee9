// Tokens as other programs write them: each byte is one printable character, so that a token is a word without spaces
// (GPT-2's released encoder: the printable bytes of Latin-1 are themselves, the others U+0100 and on, in order); or, of
// tokenizers that begin with characters, as text/pieces.h has them.
// Pure functions; any thread.
#pragma once

#include <optional>
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
  // By id; ordinary ones printable, or SentencePiece's; others as they are; empty: there is no such token.
  std::vector<std::string> tokens;
  std::vector<TokenKind> kinds;                             // one for each token
  std::vector<std::pair<std::string, std::string>> merges;  // left and right, as the tokens, earliest first
};
// "left right", as files have a merge, and back. malformed: not two words with one space between them.
std::string merge_text(const std::pair<std::string, std::string>& merge);
Result<std::pair<std::string, std::string>> merge_from_text(std::string_view text);

// unsupported: two tokens of the same text, which those formats tell apart by name alone.
Result<TokenLists> lists_of(const Tokenizer& tokenizer);

// What lists leave open.
struct TokenUse {
  WordScheme words;
  std::optional<TokenId> begin, end;  // of a text; none: kEndOfText, and `end` where there is no `begin`
};
// The same back: one of Cairn's own where words and order are Cairn's (the 256 bytes first, then what each merge makes,
// then the specials, kEndOfText among them). Merges of what is not ordinary are left out: it is found before words are
// cut. What begins or ends a text is special, if it is an added token. malformed: lists that contradict each other.
// unsupported: limits, a byte that is no token, no token that ends a text, or one that is no special.
Result<Tokenizer> tokenizer_of(const TokenLists& lists, TokenUse use);

}  // namespace cairn::text
