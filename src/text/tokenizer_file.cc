// The file of docs/formats/tokenizer.md: version 1 for Cairn's own tokenizers, version 2 for those of other people.
#include <algorithm>

#include "base/json.h"
#include "text/printable.h"
#include "text/tokenizer.h"

namespace cairn::text {
namespace {

constexpr std::string_view kFormat = "cairn tokenizer";
constexpr std::int64_t kOwn = 1, kForeign = 2;  // versions
constexpr std::array<std::string_view, 5> kKinds = {"ordinary", "special", "added", "added_normalised", "byte"};

// Whether a token is written in GPT-2's printable letters: its bytes need not be text.
bool written_printable(TokenKind kind) {
  return kind == TokenKind::ordinary || kind == TokenKind::byte;
}

Result<TokenId> token_of(const Json& number, std::size_t merge) {
  if (!number.is_number_unsigned() || number.get<std::uint64_t>() >= kLargestVocabulary)
    return fail(ErrorCode::malformed, "merge {}: expected two token ids below {}", merge, kLargestVocabulary);
  return static_cast<TokenId>(number.get<std::uint64_t>());
}

Result<std::vector<Merge>> read_merges(const Json& array, std::size_t most) {
  if (array.size() > most) return fail(ErrorCode::malformed, "{} merges: at most {}", array.size(), most);
  std::vector<Merge> merges;
  for (const Json& pair : array) {
    if (!pair.is_array() || pair.size() != 2)
      return fail(ErrorCode::malformed, "merge {}: expected two token ids below {}", merges.size(), kLargestVocabulary);
    CAIRN_ASSIGN(const TokenId left, token_of(pair[0], merges.size()));
    CAIRN_ASSIGN(const TokenId right, token_of(pair[1], merges.size()));
    merges.push_back({left, right});
  }
  return merges;
}

Result<std::vector<std::string>> read_specials(const Json& array) {
  std::vector<std::string> specials;
  for (const Json& name : array) {
    if (!name.is_string()) return fail(ErrorCode::malformed, "special {}: expected a string", specials.size());
    specials.push_back(name.get<std::string>());
  }
  return specials;
}

Result<Tokenizer> read_own(const Json& file) {
  CAIRN_ASSIGN(const std::string scheme, get_string(file, "words"));
  if (scheme != kWordScheme)
    return fail(ErrorCode::malformed, "\"words\": expected \"{}\", got \"{}\"", kWordScheme, scheme);
  CAIRN_ASSIGN(const Json* merge_list, get_array(file, "merges"));
  CAIRN_ASSIGN(const Json* special_list, get_array(file, "specials"));
  if (special_list->size() > kLargestVocabulary)
    return fail(ErrorCode::malformed, "{} specials: at most {}", special_list->size(), kLargestVocabulary);
  CAIRN_ASSIGN(auto merges, read_merges(*merge_list, kLargestVocabulary - kBytesOfAlphabet));
  CAIRN_ASSIGN(auto specials, read_specials(*special_list));
  return Tokenizer::make(std::move(merges), std::move(specials));
}

// Lists of [id, kind] for what is no ordinary token.
Status read_kinds(const Json& array, std::vector<TokenKind>& kinds) {
  for (const Json& item : array) {
    const bool pair = item.is_array() && item.size() == 2 && item[0].is_number_unsigned() && item[1].is_string();
    if (!pair || item[0].get<std::uint64_t>() >= kinds.size())
      return fail(ErrorCode::malformed, "\"kinds\": expected pairs of a token's id and its kind");
    const auto kind = std::ranges::find(kKinds, item[1].get_ref<const std::string&>());
    if (kind == kKinds.end() || kind == kKinds.begin())
      return fail(ErrorCode::malformed, "\"kinds\": a kind that is none of special, added, added_normalised, byte");
    kinds[item[0].get<std::size_t>()] = static_cast<TokenKind>(kind - kKinds.begin());
  }
  return {};
}

Result<Tokenizer> read_foreign(const Json& file) {
  const auto words = file.find("words");
  if (words == file.end()) return fail(ErrorCode::malformed, "\"words\" is missing");
  TokenizerParts parts;
  CAIRN_ASSIGN(parts.words, word_scheme_from_json(*words));
  CAIRN_ASSIGN(const Json* tokens, get_array(file, "tokens"));
  CAIRN_ASSIGN(const Json* kinds, get_array(file, "kinds"));
  CAIRN_ASSIGN(const Json* merges, get_array(file, "merges"));
  if (tokens->size() > kLargestVocabulary)
    return fail(ErrorCode::malformed, "{} tokens: at most {}", tokens->size(), kLargestVocabulary);
  parts.kinds.resize(tokens->size());
  CAIRN_TRY(read_kinds(*kinds, parts.kinds));
  for (const Json& token : *tokens) {
    const std::size_t id = parts.tokens.size();
    if (!token.is_string()) return fail(ErrorCode::malformed, "token {}: expected a string", id);
    const auto& name = token.get_ref<const std::string&>();
    if (!written_printable(parts.kinds[id])) {
      parts.tokens.push_back(name);
      continue;
    }
    CAIRN_ASSIGN(std::string bytes, bytes_of_printable(name));
    parts.tokens.push_back(std::move(bytes));
  }
  CAIRN_ASSIGN(parts.merges, read_merges(*merges, kMostMerges));
  for (const auto& [key, id] : {std::pair{"begin", &parts.begin}, std::pair{"end", &parts.end}}) {
    CAIRN_ASSIGN(const std::int64_t number, get_int(file, key));
    if (number < 0 || static_cast<std::uint64_t>(number) >= parts.tokens.size())
      return fail(ErrorCode::malformed, "\"{}\": {} is no token", key, number);
    *id = static_cast<TokenId>(number);
  }
  return Tokenizer::make(std::move(parts));
}

}  // namespace

Result<Tokenizer> Tokenizer::parse(std::string_view json) {
  CAIRN_ASSIGN(const Json file, parse_json(json));
  CAIRN_ASSIGN(const std::string format, get_string(file, "format"));
  if (format != kFormat) return fail(ErrorCode::malformed, "\"format\": expected \"{}\", got \"{}\"", kFormat, format);
  CAIRN_ASSIGN(const std::int64_t version, get_int(file, "version"));
  if (version != kOwn && version != kForeign)
    return fail(ErrorCode::malformed, "\"version\": expected {} or {}, got {}", kOwn, kForeign, version);
  auto made = version == kOwn ? read_own(file) : read_foreign(file);
  if (!made && made.error().code == ErrorCode::invalid) made.error().code = ErrorCode::malformed;
  return made;
}

std::string Tokenizer::to_json() const {
  Json merges = Json::array();
  for (const auto [left, right] : merges_) merges.push_back(Json::array({left, right}));
  Json file = {{"format", kFormat}, {"version", own_ ? kOwn : kForeign}, {"merges", std::move(merges)}};
  file["words"] = text::to_json(words_);
  if (own_) {
    file["specials"] = Json::array();
    for (const TokenId id : specials_) file["specials"].push_back(token_bytes_[id]);
    return canonical(file);
  }
  Json tokens = Json::array(), kinds = Json::array();
  for (TokenId id = 0; id < vocabulary(); ++id) {
    const bool ordinary = kinds_[id] == TokenKind::ordinary;
    tokens.push_back(written_printable(kinds_[id]) ? printable(token_bytes_[id]) : token_bytes_[id]);
    if (!ordinary) kinds.push_back(Json::array({id, kKinds[static_cast<std::size_t>(kinds_[id])]}));
  }
  file["tokens"] = std::move(tokens);
  file["kinds"] = std::move(kinds);
  file["begin"] = begin_of_text_;
  file["end"] = end_of_text_;
  return canonical(file);
}

Digest Tokenizer::digest() const {
  return sha256(to_json());
}

}  // namespace cairn::text
