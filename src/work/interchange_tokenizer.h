// A tokenizer as GGUF holds one, to and from Cairn's: where text/ and model/ meet. Pure functions.
#pragma once

#include "base/result.h"
#include "model/gguf_model.h"
#include "text/tokenizer.h"

namespace cairn::work {

// unsupported: as text::lists_of(); words for which readers of GGUF have no name.
Result<model::GgufVocabulary> gguf_vocabulary_of(const text::Tokenizer& tokenizer);
// unsupported: a name of words that is not known here; otherwise as text::tokenizer_of().
Result<text::Tokenizer> tokenizer_of(const model::GgufVocabulary& vocabulary);

}  // namespace cairn::work
