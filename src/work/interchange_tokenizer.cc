#include "work/interchange_tokenizer.h"

#include "text/printable.h"

namespace cairn::work {
namespace {

// The nearest words that readers of GGUF have a name for. They differ in one thing: a run of digits is not cut after
// every third.
constexpr const char* kNearestWords = "gpt-2";

}  // namespace

Result<model::GgufVocabulary> gguf_vocabulary_of(const text::Tokenizer& tokenizer) {
  CAIRN_ASSIGN(text::TokenLists lists, text::lists_of(tokenizer));
  model::GgufVocabulary out;
  for (const bool special : lists.special)
    out.types.push_back(special ? model::GgufVocabulary::control : model::GgufVocabulary::normal);
  out.tokens = std::move(lists.tokens);
  out.merges = std::move(lists.merges);
  out.words = kNearestWords;
  out.own_words = text::kWordScheme;
  out.begin = out.end = tokenizer.end_of_text();  // it stands before and after every document
  return out;
}

Result<text::Tokenizer> tokenizer_of(const model::GgufVocabulary& vocabulary) {
  if (vocabulary.own_words != text::kWordScheme) {
    return fail(ErrorCode::unsupported, "GGUF: the tokenizer's words are '{}', not those of Cairn",
                vocabulary.words.substr(0, 64));
  }
  text::TokenLists lists{.tokens = vocabulary.tokens, .special = {}, .merges = vocabulary.merges};
  for (const std::int64_t type : vocabulary.types) lists.special.push_back(type == model::GgufVocabulary::control);
  // What fills the model's rows up is no token of the tokenizer.
  while (!lists.tokens.empty() && vocabulary.types[lists.tokens.size() - 1] == model::GgufVocabulary::unused) {
    lists.tokens.pop_back();
    lists.special.pop_back();
  }
  auto made = text::tokenizer_of(lists);
  if (!made) return fail(std::move(made).error().within("GGUF: the tokenizer"));
  return made;
}

}  // namespace cairn::work
