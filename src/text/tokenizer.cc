#include "text/tokenizer.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "text/unicode.h"

namespace cairn::text {
namespace {

// What every tokenizer must be able to write: from the space to the tilde.
constexpr std::size_t kFirstPrinted = 0x20, kLastPrinted = 0x7E;

std::uint64_t key_of(const Merge& merge) {
  return std::uint64_t{merge.left} << 32 | merge.right;
}

// Names are text: files hold them as such.
Status check_name(std::string_view name, std::string_view what) {
  if (const auto bad = first_bad_utf8(name))
    return fail(ErrorCode::invalid, "the name of {} token is not UTF-8 at byte {}", what, *bad);
  return {};
}

Status check_specials(const std::vector<std::string>& specials) {
  std::set<std::string_view> names;
  for (const auto& name : specials) {
    if (name.empty() || name.size() > kLongestToken)
      return fail(ErrorCode::invalid, "a special of {} bytes: expected 1 to {}", name.size(), kLongestToken);
    CAIRN_TRY(check_name(name, "a special"));
    if (!names.insert(name).second) return fail(ErrorCode::invalid, "the special {} is named twice", name);
  }
  if (!names.contains(kEndOfText)) return fail(ErrorCode::invalid, "the special {} is missing", kEndOfText);
  return {};
}

}  // namespace

std::vector<std::string> default_specials() {
  return {std::string(kEndOfText), std::string(kSystem), std::string(kUser), std::string(kAssistant),
          std::string(kEndOfTurn)};
}

// The next id.
void Tokenizer::add_token(std::string bytes, TokenKind kind) {
  const auto id = static_cast<TokenId>(token_bytes_.size());
  const bool special = kind == TokenKind::special;
  if (special) specials_.push_back(id);
  if (bytes.empty()) holes_.push_back(id);
  byte_lengths_.push_back(special ? std::uint16_t{0} : static_cast<std::uint16_t>(bytes.size()));
  kinds_.push_back(kind);
  token_bytes_.push_back(std::move(bytes));
}

Result<Tokenizer> Tokenizer::make(std::vector<Merge> merges, std::vector<std::string> specials) {
  CAIRN_TRY(check_specials(specials));
  if (kBytesOfAlphabet + merges.size() + specials.size() > kLargestVocabulary)
    return fail(ErrorCode::invalid, "a vocabulary of {}: at most {}",
                kBytesOfAlphabet + merges.size() + specials.size(), kLargestVocabulary);
  Tokenizer t;
  t.token_bytes_.reserve(kBytesOfAlphabet + merges.size() + specials.size());
  for (std::size_t b = 0; b < kBytesOfAlphabet; ++b) {
    t.byte_ids_[b] = static_cast<TokenId>(b);
    t.add_token(std::string(1, static_cast<char>(b)), TokenKind::ordinary);
  }
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const auto [left, right] = merges[i];
    const std::size_t id = kBytesOfAlphabet + i;
    if (left >= id || right >= id)
      return fail(ErrorCode::invalid, "merge {}: joins {} and {}, but only tokens below {} exist there", i, left, right,
                  id);
    if (t.token_bytes_[left].size() + t.token_bytes_[right].size() > kLongestToken)
      return fail(ErrorCode::invalid, "merge {}: makes a token of more than {} bytes", i, kLongestToken);
    if (!t.made_.emplace(key_of(merges[i]), Made{static_cast<std::uint32_t>(i), static_cast<TokenId>(id)}).second)
      return fail(ErrorCode::invalid, "merge {}: joins {} and {} a second time", i, left, right);
    t.add_token(t.token_bytes_[left] + t.token_bytes_[right], TokenKind::ordinary);
  }
  for (std::string& name : specials) {
    if (name == kEndOfText) t.begin_of_text_ = t.end_of_text_ = static_cast<TokenId>(t.token_bytes_.size());
    t.add_token(std::move(name), TokenKind::special);
  }
  t.merges_ = std::move(merges);
  return t;
}

// Of two whose normalised names are the same the one with the lower id stays.
void Tokenizer::index(Added& added) {
  auto& tokens = added.tokens;
  std::ranges::sort(tokens);
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  tokens.erase(std::unique(tokens.begin(), tokens.end(), same), tokens.end());
  for (const auto& token : tokens) ++added.first[static_cast<std::uint8_t>(token.first[0]) + 1U];
  std::partial_sum(added.first.begin(), added.first.end(), added.first.begin());
}

Status Tokenizer::take_tokens(std::vector<std::string> tokens, const std::vector<TokenKind>& kinds) {
  if (tokens.empty() || tokens.size() > kLargestVocabulary || kinds.size() != tokens.size())
    return fail(ErrorCode::invalid, "a vocabulary of {} with {} kinds: expected 1 to {}", tokens.size(), kinds.size(),
                kLargestVocabulary);
  std::set<std::string> names;
  std::set<char> bytes_seen;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    std::string& bytes = tokens[id];
    if (bytes.size() > kLongestForeignToken)
      return fail(ErrorCode::invalid, "token {} has {} bytes: at most {}", id, bytes.size(), kLongestForeignToken);
    const auto token = static_cast<TokenId>(id);
    const bool added = kinds[id] == TokenKind::added || kinds[id] == TokenKind::added_normalised;
    if (bytes.empty() && kinds[id] != TokenKind::ordinary)
      return fail(ErrorCode::invalid, "token {} has no name and is not an ordinary one", id);
    if (kinds[id] == TokenKind::byte) {
      if (bytes.size() != 1 || !words_.characters || !bytes_seen.insert(bytes[0]).second)
        return fail(ErrorCode::invalid, "token {}: no byte of its own, of a tokenizer that begins with characters", id);
    } else if (kinds[id] != TokenKind::ordinary) {
      CAIRN_TRY(check_name(bytes, kinds[id] == TokenKind::special ? "a special" : "an added"));
      if (!names.insert(bytes).second) return fail(ErrorCode::invalid, "token {}: '{}' is there twice", id, bytes);
    }
    if (kinds[id] == TokenKind::ordinary && !bytes.empty() && !whole_.emplace(bytes, token).second)
      return fail(ErrorCode::invalid, "token {}: the same bytes are there twice", id);
    if (added) {
      Added& to = kinds[id] == TokenKind::added ? added_ : added_normalised_;
      to.tokens.emplace_back(kinds[id] == TokenKind::added ? bytes : normalised(words_, bytes), token);
    }
    add_token(std::move(bytes), kinds[id]);
  }
  index(added_);
  index(added_normalised_);
  return {};
}

// The token of each byte. whole_ has the ordinary tokens.
Status Tokenizer::take_bytes() {
  byte_ids_.fill(kNoToken);
  for (TokenId id = 0; id < vocabulary(); ++id) {
    const bool counts = kinds_[id] == (words_.characters ? TokenKind::byte : TokenKind::ordinary);
    if (counts && token_bytes_[id].size() == 1) byte_ids_[static_cast<std::uint8_t>(token_bytes_[id][0])] = id;
  }
  for (std::size_t b = 0; b < kBytesOfAlphabet; ++b)
    if (byte_ids_[b] == kNoToken && (words_.characters || (b >= kFirstPrinted && b <= kLastPrinted)))
      return fail(ErrorCode::invalid, "the byte 0x{:02x} is no token", b);
  return {};
}

// whole_ has the ordinary tokens.
Status Tokenizer::take_merges(std::vector<Merge> merges) {
  if (merges.size() > kMostMerges) return fail(ErrorCode::invalid, "{} merges: at most {}", merges.size(), kMostMerges);
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const auto [left, right] = merges[i];
    for (const TokenId id : {left, right})
      if (id >= vocabulary() || kinds_[id] != TokenKind::ordinary || token_bytes_[id].empty())
        return fail(ErrorCode::invalid, "merge {}: {} is no ordinary token", i, id);
    const auto token = whole_.find(token_bytes_[left] + token_bytes_[right]);
    if (token == whole_.end()) return fail(ErrorCode::invalid, "merge {}: makes what is no token", i);
    if (!made_.emplace(key_of(merges[i]), Made{static_cast<std::uint32_t>(i), token->second}).second)
      return fail(ErrorCode::invalid, "merge {}: joins {} and {} a second time", i, left, right);
  }
  merges_ = std::move(merges);
  return {};
}

Result<Tokenizer> Tokenizer::make(TokenizerParts parts) {
  Tokenizer t;
  t.own_ = false;
  t.words_ = std::move(parts.words);
  CAIRN_TRY(t.take_tokens(std::move(parts.tokens), parts.kinds));
  CAIRN_TRY(t.take_bytes());
  CAIRN_TRY(t.take_merges(std::move(parts.merges)));
  if (!t.words_.whole_words && !t.words_.characters) t.whole_ = {};
  for (const TokenId id : {parts.begin, parts.end})
    if (!t.is_special(id)) return fail(ErrorCode::invalid, "token {} begins or ends a text and is no special", id);
  t.begin_of_text_ = parts.begin;
  t.end_of_text_ = parts.end;
  return t;
}

std::optional<TokenId> Tokenizer::special(std::string_view name) const {
  const auto found = std::ranges::find(specials_, name, [this](TokenId id) { return bytes_of(id); });
  return found == specials_.end() ? std::nullopt : std::optional(*found);
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::vector<TokenId> out;
  Encoder(*this).encode(text, out);
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

}  // namespace cairn::text
