#include "text/tokenizer.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/json.h"
#include "text/pretoken.h"

namespace cairn::text {
namespace {

constexpr std::string_view kFormat = "cairn tokenizer";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kRememberedWords = 1 << 18;
constexpr std::size_t kLongestRemembered = 64;  // bytes

std::uint64_t key_of(TokenId left, TokenId right) {
  return std::uint64_t{left} << 32 | right;
}

Status check_specials(const std::vector<std::string>& specials) {
  std::set<std::string_view> names;
  for (const auto& name : specials) {
    if (name.empty() || name.size() > kLongestToken)
      return fail(ErrorCode::invalid, "a special of {} bytes: expected 1 to {}", name.size(), kLongestToken);
    if (!names.insert(name).second) return fail(ErrorCode::invalid, "the special {} is named twice", name);
  }
  if (!names.contains(kEndOfText)) return fail(ErrorCode::invalid, "the special {} is missing", kEndOfText);
  return {};
}

// Applies the earliest merge that fits, until none does. Merge i makes token 256 + i, so the lowest token made is the
// earliest merge.
void merge_all(const std::unordered_map<std::uint64_t, TokenId>& merged, std::vector<TokenId>& word) {
  while (word.size() > 1) {
    constexpr TokenId kNone = std::numeric_limits<TokenId>::max();
    TokenId best = kNone;
    for (std::size_t i = 0; i + 1 < word.size(); ++i) {
      const auto found = merged.find(key_of(word[i], word[i + 1]));
      if (found != merged.end()) best = std::min(best, found->second);
    }
    if (best == kNone) return;
    std::size_t out = 0;
    for (std::size_t i = 0; i < word.size(); ++out) {
      const auto found = i + 1 < word.size() ? merged.find(key_of(word[i], word[i + 1])) : merged.end();
      const bool joins = found != merged.end() && found->second == best;
      word[out] = joins ? found->second : word[i];
      i += joins ? 2 : 1;
    }
    word.resize(out);
  }
}

Result<TokenId> token_of(const Json& number, std::size_t merge) {
  if (!number.is_number_unsigned() || number.get<std::uint64_t>() >= kLargestVocabulary)
    return fail(ErrorCode::malformed, "merge {}: expected two token ids below {}", merge, kLargestVocabulary);
  return static_cast<TokenId>(number.get<std::uint64_t>());
}

Result<std::vector<Merge>> read_merges(const Json& array) {
  if (array.size() > kLargestVocabulary - kBytesOfAlphabet)
    return fail(ErrorCode::malformed, "{} merges: at most {}", array.size(), kLargestVocabulary - kBytesOfAlphabet);
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

}  // namespace

std::vector<std::string> default_specials() {
  return {std::string(kEndOfText), std::string(kSystem), std::string(kUser), std::string(kAssistant),
          std::string(kEndOfTurn)};
}

Result<Tokenizer> Tokenizer::make(std::vector<Merge> merges, std::vector<std::string> specials) {
  CAIRN_TRY(check_specials(specials));
  if (kBytesOfAlphabet + merges.size() + specials.size() > kLargestVocabulary)
    return fail(ErrorCode::invalid, "a vocabulary of {}: at most {}",
                kBytesOfAlphabet + merges.size() + specials.size(), kLargestVocabulary);
  Tokenizer t;
  t.token_bytes_.reserve(kBytesOfAlphabet + merges.size() + specials.size());
  for (std::size_t b = 0; b < kBytesOfAlphabet; ++b) t.token_bytes_.emplace_back(1, static_cast<char>(b));
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const auto [left, right] = merges[i];
    const std::size_t id = kBytesOfAlphabet + i;
    if (left >= id || right >= id)
      return fail(ErrorCode::invalid, "merge {}: joins {} and {}, but only tokens below {} exist there", i, left, right,
                  id);
    if (t.token_bytes_[left].size() + t.token_bytes_[right].size() > kLongestToken)
      return fail(ErrorCode::invalid, "merge {}: makes a token of more than {} bytes", i, kLongestToken);
    if (!t.merged_.emplace(key_of(left, right), static_cast<TokenId>(id)).second)
      return fail(ErrorCode::invalid, "merge {}: joins {} and {} a second time", i, left, right);
    t.token_bytes_.push_back(t.token_bytes_[left] + t.token_bytes_[right]);
  }
  for (const auto& bytes : t.token_bytes_) t.byte_lengths_.push_back(static_cast<std::uint16_t>(bytes.size()));
  for (const auto& name : specials) {
    if (name == kEndOfText) t.end_of_text_ = static_cast<TokenId>(t.token_bytes_.size());
    t.token_bytes_.push_back(name);
    t.byte_lengths_.push_back(0);
  }
  t.merges_ = std::move(merges);
  t.specials_ = std::move(specials);
  return t;
}

Result<Tokenizer> Tokenizer::parse(std::string_view json) {
  CAIRN_ASSIGN(const Json file, parse_json(json));
  CAIRN_ASSIGN(const std::string format, get_string(file, "format"));
  if (format != kFormat) return fail(ErrorCode::malformed, "\"format\": expected \"{}\", got \"{}\"", kFormat, format);
  CAIRN_ASSIGN(const std::int64_t version, get_int(file, "version"));
  if (version != kVersion) return fail(ErrorCode::malformed, "\"version\": expected {}, got {}", kVersion, version);
  CAIRN_ASSIGN(const std::string scheme, get_string(file, "words"));
  if (scheme != kWordScheme)
    return fail(ErrorCode::malformed, "\"words\": expected \"{}\", got \"{}\"", kWordScheme, scheme);
  CAIRN_ASSIGN(const Json* merge_list, get_array(file, "merges"));
  CAIRN_ASSIGN(const Json* special_list, get_array(file, "specials"));
  if (special_list->size() > kLargestVocabulary)
    return fail(ErrorCode::malformed, "{} specials: at most {}", special_list->size(), kLargestVocabulary);
  CAIRN_ASSIGN(auto merges, read_merges(*merge_list));
  CAIRN_ASSIGN(auto specials, read_specials(*special_list));
  auto made = make(std::move(merges), std::move(specials));
  if (!made) made.error().code = ErrorCode::malformed;
  return made;
}

std::string Tokenizer::to_json() const {
  Json merges = Json::array();
  for (const auto [left, right] : merges_) merges.push_back(Json::array({left, right}));
  return canonical(Json{{"format", kFormat},
                        {"version", kVersion},
                        {"words", kWordScheme},
                        {"merges", std::move(merges)},
                        {"specials", specials_}});
}

Digest Tokenizer::digest() const {
  return sha256(to_json());
}

std::optional<TokenId> Tokenizer::special(std::string_view name) const {
  const auto found = std::find(specials_.begin(), specials_.end(), name);
  if (found == specials_.end()) return std::nullopt;
  return static_cast<TokenId>(first_special() + (found - specials_.begin()));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::vector<TokenId> out;
  Encoder(*this).encode(text, out);
  return out;
}

std::vector<TokenId> Tokenizer::encode_with_specials(std::string_view text) const {
  std::vector<TokenId> out;
  Encoder encoder(*this);
  while (!text.empty()) {
    std::size_t at = text.size();
    const std::string* first = nullptr;
    for (const auto& name : specials_) {
      const std::size_t found = text.find(name);
      const bool earlier = found < at || (found == at && first && name.size() > first->size());
      if (found == std::string_view::npos || !earlier) continue;
      at = found;
      first = &name;
    }
    encoder.encode(text.substr(0, at), out);
    if (!first) break;
    out.push_back(*special(*first));
    text.remove_prefix(at + first->size());
  }
  return out;
}

Result<std::string> Tokenizer::decode(Tokens ids) const {
  std::string out;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= vocabulary())
      return fail(ErrorCode::invalid, "token {} at position {}: the vocabulary has {}", ids[i], i, vocabulary());
    out += token_bytes_[ids[i]];
  }
  return out;
}

void Encoder::encode(std::string_view text, std::vector<TokenId>& out) {
  while (!text.empty()) {
    const std::size_t n = first_word(text);
    encode_word(text.substr(0, n), out);
    text.remove_prefix(n);
  }
}

void Encoder::encode_word(std::string_view word, std::vector<TokenId>& out) {
  const auto found = seen_.find(word);
  if (found != seen_.end()) {
    out.insert(out.end(), found->second.begin(), found->second.end());
    return;
  }
  word_.clear();
  for (const char c : word) word_.push_back(static_cast<std::uint8_t>(c));
  merge_all(tokenizer_->merged_, word_);
  out.insert(out.end(), word_.begin(), word_.end());
  if (word.size() > kLongestRemembered) return;
  if (seen_.size() >= kRememberedWords) seen_.clear();
  seen_.emplace(word, word_);
}

}  // namespace cairn::text
