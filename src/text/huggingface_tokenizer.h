// A tokenizer as Hugging Face's tokenizers library keeps it (tokenizer.json): byte-level BPE, Cairn's own and that of
// other people, with the pre-tokenisers Split (isolated or removed), Digits and ByteLevel, one after the other, and the
// normaliser NFC; SentencePiece's BPE ("byte_fallback"), with the normalisers Prepend and Replace or the pre-tokeniser
// Metaspace that does not split. Anything else is said to be unsupported, by name. Two deviations: what a special's
// name says in a text stays text, and bytes that are not UTF-8 pass. Pure functions; the reader takes hostile bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/tokenizer.h"

namespace cairn::text {

// The pattern that cuts text as text/pretoken.h does, in the syntax of that library (Oniguruma).
inline constexpr std::string_view kWordPattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// unsupported: as lists_of().
Result<std::string> to_huggingface(const Tokenizer& tokenizer);

// end: the token that ends a text, which the model's own configuration names ("eos_token_id"); none: kEndOfText.
// malformed: not such a file. unsupported: another kind of tokenizer, or a part that is not read; as tokenizer_of().
Result<Tokenizer> tokenizer_from_huggingface(std::string_view json, std::optional<TokenId> end = std::nullopt);

// The two files of a model without tokenizer.json, in GPT-2's words: vocab.json, each token's id by its printable name,
// and merges.txt, a merge a line. What ends a text and what is refused: as above.
Result<Tokenizer> tokenizer_from_gpt2(std::string_view vocabulary, std::string_view merges,
                                      std::optional<TokenId> end = std::nullopt);

// The words alone, as the values of "normalizer" and "pre_tokenizer" (null where absent). For tests and for the above.
Result<WordScheme> words_from_huggingface(const Json& normaliser, const Json& pre_tokeniser, bool whole_words);
Json normaliser_of(const WordScheme& words);
Json pre_tokeniser_of(const WordScheme& words);

// The same for SentencePiece's (WordScheme::characters), and their "decoder".
Result<WordScheme> pieces_from_huggingface(const Json& normaliser, const Json& pre_tokeniser, bool whole_words);
Status check_pieces_decoder(const Json& decoder);  // unsupported: not what SentencePiece's text is put together by
Json pieces_normaliser_of(const WordScheme& words);
Json pieces_pre_tokeniser_of(const WordScheme& words);
Json pieces_decoder_of(const WordScheme& words);

}  // namespace cairn::text
