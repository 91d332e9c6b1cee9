// A tokenizer as GGUF holds one, to and from Cairn's: where text/ and model/ meet. Pure functions.
#pragma once

#include "base/result.h"
#include "model/gguf_model.h"
#include "text/tokenizer.h"

namespace cairn::work {

// unsupported: as text::lists_of().
Result<model::GgufVocabulary> gguf_vocabulary_of(const text::Tokenizer& tokenizer);
// unsupported: words other than Cairn's, or an order of tokens that text::tokenizer_of() refuses; malformed: as there.
Result<text::Tokenizer> tokenizer_of(const model::GgufVocabulary& vocabulary);

}  // namespace cairn::work
