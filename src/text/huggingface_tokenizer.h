// A tokenizer as Hugging Face's tokenizers library keeps it (tokenizer.json). Writing always works for a tokenizer that
// lists_of() takes; reading takes what has Cairn's own words and order of tokens, and says what else it found.
// Pure functions; the reader takes hostile bytes.
#pragma once

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

// malformed: not such a file. unsupported: another kind of tokenizer, other words, a normaliser, an order of tokens
// that tokenizer_of() refuses.
Result<Tokenizer> tokenizer_from_huggingface(std::string_view json);

}  // namespace cairn::text
