#include "text/printable.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "text/pieces.h"
#include "text/unicode.h"

namespace cairn::text {
namespace {

constexpr std::uint32_t kFirstStandIn = 0x100;

constexpr bool stands_for_itself(std::uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

constexpr std::array<std::uint32_t, 256> kCharacters = [] {
  std::array<std::uint32_t, 256> out{};
  std::uint32_t next = kFirstStandIn;
  for (std::uint32_t byte = 0; byte < 256; ++byte) out[byte] = stands_for_itself(byte) ? byte : next++;
  return out;
}();

std::optional<char> byte_of(std::uint32_t character) {
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    if (kCharacters[byte] == character) return static_cast<char>(byte);
  }
  return std::nullopt;
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    const std::uint32_t character = kCharacters[static_cast<std::uint8_t>(byte)];  // below 0x800: two bytes at most
    if (character < 0x80) {
      out += static_cast<char>(character);
    } else {
      out += static_cast<char>(0xC0 | (character >> 6));
      out += static_cast<char>(0x80 | (character & 0x3F));
    }
  }
  return out;
}

Result<std::string> bytes_of_printable(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size();) {
    const CodePoint point = first_code_point(word.substr(i));
    const auto byte = point.valid ? byte_of(point.value) : std::nullopt;
    if (!byte) return fail(ErrorCode::malformed, "a token's word has a character, at {}, that stands for no byte", i);
    out += *byte;
    i += point.length;
  }
  return out;
}

namespace {

// An ordinary or byte token's name in such files; any other's is its own.
std::string name_of(TokenKind kind, std::string_view bytes, bool characters) {
  if (kind == TokenKind::byte) return byte_piece(bytes[0]);
  if (kind != TokenKind::ordinary) return std::string(bytes);
  return characters ? piece_of(bytes) : printable(bytes);
}
// The other way.
Result<std::string> bytes_of_name(TokenKind kind, const std::string& name, bool characters) {
  if (kind != TokenKind::ordinary && kind != TokenKind::byte) return name;
  if (kind == TokenKind::byte) {
    const auto byte = byte_of_piece(name);
    if (!byte) return fail(ErrorCode::malformed, "'{}' is no byte, expected <0x00> to <0xFF>", name);
    return std::string(1, *byte);
  }
  if (!characters) return bytes_of_printable(name);
  CAIRN_TRY(check_utf8(name));
  return text_of_piece(name);
}

}  // namespace

std::string merge_text(const std::pair<std::string, std::string>& merge) {
  return merge.first + " " + merge.second;
}

Result<std::pair<std::string, std::string>> merge_from_text(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos)
    return fail(ErrorCode::malformed, "expected two words with a space between them");
  return std::pair(std::string(text.substr(0, space)), std::string(text.substr(space + 1)));
}

Result<TokenLists> lists_of(const Tokenizer& tokenizer) {
  TokenLists out;
  std::unordered_map<std::string, std::size_t> seen;
  for (TokenId id = 0; id < tokenizer.vocabulary(); ++id) {
    const TokenKind kind = tokenizer.kind(id);
    const std::string_view bytes = tokenizer.bytes_of(id);
    std::string word = name_of(kind, bytes, tokenizer.words().characters);
    const auto [at, fresh] = seen.emplace(word, id);
    if (!fresh && !word.empty()) {
      return fail(ErrorCode::unsupported,
                  "tokens {} and {} are both '{}': other programs tell tokens apart by their text", at->second, id,
                  word);
    }
    out.tokens.push_back(std::move(word));
    out.kinds.push_back(kind);
  }
  for (const Merge& merge : tokenizer.merges())
    out.merges.emplace_back(out.tokens[merge.left], out.tokens[merge.right]);
  return out;
}

namespace {

using Ids = std::unordered_map<std::string_view, TokenId>;

Result<Ids> ids_of(const TokenLists& lists) {
  if (lists.tokens.size() > kLargestVocabulary) {
    return fail(ErrorCode::unsupported, "{} tokens: at most {} are supported", lists.tokens.size(), kLargestVocabulary);
  }
  if (lists.kinds.size() != lists.tokens.size())
    return fail(ErrorCode::malformed, "{} tokens and {} kinds", lists.tokens.size(), lists.kinds.size());
  Ids ids;
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    if (lists.tokens[id].empty()) continue;
    if (!ids.emplace(lists.tokens[id], static_cast<TokenId>(id)).second)
      return fail(ErrorCode::malformed, "token {} is there twice", id);
  }
  return ids;
}

// Those of ordinary tokens alone.
Result<std::vector<Merge>> merges_of(const TokenLists& lists, const Ids& ids) {
  if (lists.merges.size() > kMostMerges)
    return fail(ErrorCode::unsupported, "{} merges: at most {} are supported", lists.merges.size(), kMostMerges);
  const auto ordinary = [&](TokenId id) { return lists.kinds[id] == TokenKind::ordinary; };
  std::vector<Merge> merges;
  for (std::size_t i = 0; i < lists.merges.size(); ++i) {
    const auto& [left, right] = lists.merges[i];
    const auto l = ids.find(left), r = ids.find(right);
    if (l == ids.end() || r == ids.end()) return fail(ErrorCode::malformed, "merge {}: joins what is no token", i);
    const std::string both = left + right;
    const auto made = ids.find(both);
    const bool lost = made != ids.end() && !ordinary(made->second);
    if (ordinary(l->second) && ordinary(r->second) && !lost) merges.push_back({l->second, r->second});
  }
  return merges;
}

// The bytes first, then what the merges make, then specials.
bool in_own_order(const TokenLists& lists, const std::vector<Merge>& merges) {
  const std::size_t ordinary = kBytesOfAlphabet + merges.size();
  if (lists.tokens.size() <= ordinary) return false;
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    if (lists.kinds[id] != (id < ordinary ? TokenKind::ordinary : TokenKind::special)) return false;
    if (id < kBytesOfAlphabet && lists.tokens[id] != printable(std::string(1, static_cast<char>(id)))) return false;
    if (id < kBytesOfAlphabet || id >= ordinary) continue;
    const Merge& merge = merges[id - kBytesOfAlphabet];
    if (lists.tokens[id] != lists.tokens[merge.left] + lists.tokens[merge.right]) return false;
  }
  return true;
}

// As Cairn's own; nothing where it is none.
std::optional<Tokenizer> own_of(const TokenLists& lists, const std::vector<Merge>& merges, const TokenUse& use) {
  if (!use.words.own || !in_own_order(lists, merges)) return std::nullopt;
  auto made = Tokenizer::make(
      merges, {lists.tokens.end() - static_cast<std::ptrdiff_t>(lists.tokens.size() - kBytesOfAlphabet - merges.size()),
               lists.tokens.end()});
  if (!made) return std::nullopt;
  const TokenId end = made->end_of_text();
  if (use.begin.value_or(end) != end || use.end.value_or(end) != end) return std::nullopt;
  return std::move(*made);
}

}  // namespace

Result<Tokenizer> tokenizer_of(const TokenLists& lists, TokenUse use) {
  CAIRN_ASSIGN(const Ids ids, ids_of(lists));
  CAIRN_ASSIGN(std::vector<Merge> merges, merges_of(lists, ids));
  if (auto own = own_of(lists, merges, use)) return std::move(*own);
  if (!use.end) {
    const auto found = std::ranges::find(lists.tokens, kEndOfText);
    if (found == lists.tokens.end())
      return fail(ErrorCode::unsupported, "nothing says which token ends a text, and none is {}", kEndOfText);
    use.end = static_cast<TokenId>(found - lists.tokens.begin());
  }
  TokenizerParts parts{.words = std::move(use.words),
                       .kinds = lists.kinds,
                       .merges = std::move(merges),
                       .begin = use.begin.value_or(*use.end),
                       .end = *use.end};
  for (const TokenId id : {parts.begin, parts.end}) {
    const bool added = id < parts.kinds.size() &&
                       (parts.kinds[id] == TokenKind::added || parts.kinds[id] == TokenKind::added_normalised);
    if (added) parts.kinds[id] = TokenKind::special;
  }
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    auto bytes = bytes_of_name(lists.kinds[id], lists.tokens[id], parts.words.characters);
    if (!bytes) return fail(ErrorCode::unsupported, "token {}: {}", id, bytes.error().message);
    parts.tokens.push_back(std::move(*bytes));
  }
  auto made = Tokenizer::make(std::move(parts));
  if (!made && made.error().code == ErrorCode::invalid) made.error().code = ErrorCode::unsupported;
  return made;
}

}  // namespace cairn::text
