#include "work/interchange_tokenizer.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "text/pieces.h"
#include "text/printable.h"

namespace cairn::work {
namespace {

using model::GgufVocabulary;
using text::TokenKind;
using text::WordScheme;

// The words that Llama 3 and Qwen 2 cut; between the two parts stands how digits are.
constexpr std::string_view kBeforeDigits = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)";
constexpr std::string_view kAfterDigits = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// What a name in "tokenizer.ggml.pre" means, as llama.cpp's src/llama-vocab.cpp has it.
struct Named {
  std::string_view name;
  enum { gpt2, digits_apart, llama3, qwen2 } pattern;
  bool whole_words = false;
  bool begins = false;  // a text begins with the begin token where the file does not say
};
constexpr std::array kNames = {
    Named{"gpt-2", Named::gpt2},
    Named{"mpt", Named::gpt2},  // GPT-NeoX's
    Named{"olmo", Named::gpt2},
    Named{"phi-2", Named::gpt2},
    Named{"smollm", Named::digits_apart},
    Named{"starcoder", Named::digits_apart},
    Named{"refact", Named::digits_apart},
    Named{"command-r", Named::digits_apart},
    Named{"codeshell", Named::digits_apart},
    Named{"llama-bpe", Named::llama3, true, true},
    Named{"llama3", Named::llama3, true, true},
    Named{"llama-v3", Named::llama3, true, true},
    Named{"smaug-bpe", Named::llama3},
    Named{"dbrx", Named::llama3},
    Named{"qwen2", Named::qwen2},
    Named{"stablelm2", Named::qwen2},
    Named{"deepseek-r1-qwen", Named::qwen2},
};

Result<WordScheme> words_of(const Named& named) {
  WordScheme out{.own = false, .whole_words = named.whole_words};
  std::vector<std::string> patterns;
  if (named.pattern == Named::digits_apart) patterns.emplace_back(R"(\p{N})");
  if (named.pattern == Named::llama3 || named.pattern == Named::qwen2) {
    patterns.push_back(fmt::format("{}{}{}", kBeforeDigits,
                                   named.pattern == Named::llama3 ? R"(\p{N}{1,3})" : R"(\p{N})", kAfterDigits));
  } else {
    patterns.emplace_back(text::kGpt2Pattern);
  }
  for (const std::string& pattern : patterns) {
    CAIRN_ASSIGN(text::Pattern made, text::Pattern::make(pattern));
    out.splits.push_back({std::move(made)});
  }
  return out;
}

// The nearest words to Cairn's own that readers of GGUF have a name for. They differ in one thing: a run of digits is
// not cut after every third.
constexpr std::string_view kNearestWords = "gpt-2";
constexpr std::string_view kPieceWords = "default";  // what converters write for SentencePiece's

// How the file names the words; `own_words` says what the name leaves out.
Status name_words(const WordScheme& words, GgufVocabulary& out) {
  if (words.own) {
    out.words = kNearestWords;
    out.own_words = text::kWordScheme;
    return {};
  }
  if (words.characters) {
    out.words = kPieceWords;
    out.pieces = true;
    out.space_prefix = words.prefix != WordScheme::Prefix::none;
    const bool said = words.prefix == WordScheme::Prefix::none || words.prefix == WordScheme::Prefix::text;
    if (!said || words.whole_words) out.own_words = canonical(text::to_json(words));
    return {};
  }
  WordScheme plain = words;
  plain.nfc = false;
  for (const Named& named : kNames) {
    CAIRN_ASSIGN(const WordScheme meant, words_of(named));
    if (meant != plain) continue;
    out.words = named.name;
    if (words.nfc) out.own_words = canonical(text::to_json(words));
    return {};
  }
  return fail(ErrorCode::unsupported, "readers have no name for the way it cuts words");
}

struct Read {
  WordScheme words;
  bool begins = false;
};
Result<Read> read_words(const GgufVocabulary& from) {
  if (from.pieces && from.own_words.empty()) {
    const auto prefix = from.space_prefix ? WordScheme::Prefix::text : WordScheme::Prefix::none;
    return Read{WordScheme{.own = false, .prefix = prefix, .characters = true}, true};
  }
  const auto named = std::ranges::find(kNames, from.words, &Named::name);
  const bool begins = from.pieces || (named != kNames.end() && named->begins);
  if (from.own_words == text::kWordScheme) return Read{WordScheme{}, begins};
  if (!from.own_words.empty()) {
    CAIRN_ASSIGN(const Json json, parse_json(from.own_words));
    CAIRN_ASSIGN(WordScheme words, text::word_scheme_from_json(json));
    if (words.characters != from.pieces)
      return fail(ErrorCode::malformed, "its kind is not the one that '{}' says", model::kGgufWords);
    return Read{std::move(words), begins};
  }
  if (named == kNames.end()) {
    return fail(ErrorCode::unsupported, "its words are '{}', which is none of the names known here",
                from.words.substr(0, 64));
  }
  CAIRN_ASSIGN(WordScheme words, words_of(*named));
  return Read{std::move(words), begins};
}

Result<TokenKind> kind_of(std::int64_t type, std::size_t id) {
  switch (type) {
    case GgufVocabulary::normal:
    case GgufVocabulary::unused:
      return TokenKind::ordinary;
    case GgufVocabulary::unknown:
    case GgufVocabulary::control:
      return TokenKind::special;
    case GgufVocabulary::byte:
      return TokenKind::byte;
    case GgufVocabulary::user_defined:
      return TokenKind::added;
    default:
      return fail(ErrorCode::unsupported, "token {} is of the type {}", id, type);
  }
}

std::int64_t type_of(TokenKind kind, std::string_view name) {
  switch (kind) {
    case TokenKind::ordinary:
      return GgufVocabulary::normal;
    case TokenKind::byte:
      return GgufVocabulary::byte;
    case TokenKind::special:
      return name == text::kUnknown ? GgufVocabulary::unknown : GgufVocabulary::control;
    default:
      return GgufVocabulary::user_defined;
  }
}

Result<text::Tokenizer> read(const GgufVocabulary& from) {
  CAIRN_ASSIGN(Read words, read_words(from));
  text::TokenUse use{.words = std::move(words.words)};
  if (from.end >= 0) use.end = static_cast<TokenId>(from.end);
  if (from.begin >= 0 && from.add_begin.value_or(words.begins)) use.begin = static_cast<TokenId>(from.begin);
  text::TokenLists lists{.tokens = from.tokens, .kinds = {}, .merges = {}};
  for (const std::string& text : from.merges) {
    auto merge = text::merge_from_text(text);
    if (!merge) return fail(std::move(merge).error().within(fmt::format("merge {}", lists.merges.size())));
    lists.merges.push_back(std::move(*merge));
  }
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    CAIRN_ASSIGN(const TokenKind kind, kind_of(from.types[id], id));
    lists.kinds.push_back(kind);
    if (from.types[id] == GgufVocabulary::unused) lists.tokens[id].clear();
  }
  // What fills the model's rows up is no token of the tokenizer.
  while (!lists.tokens.empty() && lists.tokens.back().empty()) {
    lists.tokens.pop_back();
    lists.kinds.pop_back();
  }
  if (from.pieces) {
    if (from.scores.size() != from.tokens.size())
      return fail(ErrorCode::malformed, "{} tokens and {} scores", from.tokens.size(), from.scores.size());
    const std::span scores = std::span(from.scores).first(lists.tokens.size());
    CAIRN_ASSIGN(const std::vector<text::Merge> merges, text::merges_of_scores(lists.tokens, lists.kinds, scores));
    for (const auto& [left, right] : merges) lists.merges.emplace_back(lists.tokens[left], lists.tokens[right]);
  }
  return text::tokenizer_of(lists, std::move(use));
}

// Readers of GGUF look for added tokens in a text before it is normalised; some are never there after it.
Status check_added(const text::Tokenizer& tokenizer) {
  for (TokenId id = 0; id < tokenizer.vocabulary(); ++id) {
    const std::string_view name = tokenizer.bytes_of(id);
    if (tokenizer.kind(id) == TokenKind::added_normalised && text::normalised(tokenizer.words(), name) != name)
      return fail(ErrorCode::unsupported,
                  "token {}, '{}', is looked for in normalised text, where it is written otherwise", id, name);
  }
  return {};
}

Result<GgufVocabulary> written(const text::Tokenizer& tokenizer) {
  CAIRN_TRY(check_added(tokenizer));
  CAIRN_ASSIGN(text::TokenLists lists, text::lists_of(tokenizer));
  GgufVocabulary out;
  CAIRN_TRY(name_words(tokenizer.words(), out));
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    const bool unused = lists.tokens[id].empty();
    if (unused) lists.tokens[id] = fmt::format("[PAD{}]", id);
    out.types.push_back(unused ? GgufVocabulary::unused : type_of(lists.kinds[id], lists.tokens[id]));
  }
  out.tokens = std::move(lists.tokens);
  if (out.pieces) {
    CAIRN_ASSIGN(out.scores, text::scores_of(tokenizer));
  } else {
    for (const auto& merge : lists.merges) out.merges.push_back(text::merge_text(merge));
  }
  out.end = tokenizer.end_of_text();
  // Both said, for readers have defaults of their own. Cairn's own models have seen it before every document, too.
  out.begin = tokenizer.begin_of_text();
  out.add_begin = tokenizer.own() || tokenizer.begin_of_text() != tokenizer.end_of_text();
  return out;
}

}  // namespace

Result<GgufVocabulary> gguf_vocabulary_of(const text::Tokenizer& tokenizer) {
  auto made = written(tokenizer);
  if (!made) made.error().hint = "export as huggingface, or without the tokenizer";
  if (!made) return fail(std::move(made).error().within("GGUF: the tokenizer"));
  return made;
}

Result<text::Tokenizer> tokenizer_of(const GgufVocabulary& vocabulary) {
  auto made = read(vocabulary);
  if (!made) return fail(std::move(made).error().within("GGUF: the tokenizer"));
  return made;
}

}  // namespace cairn::work
