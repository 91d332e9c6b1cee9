// Tokens as SentencePiece's byte-pair models have them (Kudo and Richardson 2018, arXiv 1808.06226), Llama 2's and
// Mistral's among them: text with spaces written as U+2581, tokens of single bytes ("<0x0A>") for the characters that
// have none, and scores in the place of merges. Here the space is a space.
// Not the unigram model. Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace cairn::text {

inline constexpr std::string_view kPieceSpace = "\xE2\x96\x81";
inline constexpr std::string_view kUnknown = "<unk>";                    // no text becomes it: every byte is a token
inline constexpr std::size_t kLongestPiece = 768;                        // bytes; keeps a hostile file's pairs few
inline constexpr std::size_t kMostBytesOfMerges = std::size_t{1} << 26;  // of the tokens that they make, written out

std::string piece_of(std::string_view bytes);       // each space as kPieceSpace
std::string text_of_piece(std::string_view piece);  // the other way
std::string byte_piece(char byte);
std::optional<char> byte_of_piece(std::string_view piece);

// What the scores imply: every two ordinary tokens that together are a third, of the highest score first; of one
// token's the longest left part first. tokens, kinds: as in TokenizerParts. One score a token. malformed: a score that
// is no number, another number of scores. unsupported: two such thirds of the same score, of which programs merge the
// one that stands first in a text; more than kMostMerges, a longer ordinary token than kLongestPiece, more tokens than
// kLargestVocabulary.
Result<std::vector<Merge>> merges_of_scores(std::span<const std::string> tokens, std::span<const TokenKind> kinds,
                                            std::span<const float> scores);
// Scores that imply a tokenizer's merges, but for their order within one token. unsupported: there are none.
Result<std::vector<float>> scores_of(const Tokenizer& tokenizer);

}  // namespace cairn::text
