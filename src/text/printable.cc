#include "text/printable.h"

#include <array>
#include <unordered_map>

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

Result<TokenLists> lists_of(const Tokenizer& tokenizer) {
  TokenLists out;
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t id = 0; id < tokenizer.vocabulary(); ++id) {
    const auto token = static_cast<TokenId>(id);
    const bool special = tokenizer.is_special(token);
    std::string word = special ? std::string(tokenizer.bytes_of(token)) : printable(tokenizer.bytes_of(token));
    const auto [at, fresh] = seen.emplace(word, id);
    if (!fresh) {
      return fail(ErrorCode::unsupported,
                  "tokens {} and {} are both '{}': other programs tell tokens apart by their text", at->second, id,
                  word);
    }
    out.tokens.push_back(std::move(word));
    out.special.push_back(special);
  }
  for (const Merge& merge : tokenizer.merges())
    out.merges.push_back(out.tokens[merge.left] + " " + out.tokens[merge.right]);
  return out;
}

namespace {

using Ids = std::unordered_map<std::string_view, TokenId>;

Result<Merge> merge_of(const std::string& text, const Ids& ids, std::size_t i) {
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
    return fail(ErrorCode::malformed, "merge {}: expected two words with a space between them", i);
  }
  const auto left = ids.find(std::string_view(text).substr(0, space));
  const auto right = ids.find(std::string_view(text).substr(space + 1));
  if (left == ids.end() || right == ids.end()) return fail(ErrorCode::malformed, "merge {}: joins what is no token", i);
  return Merge{left->second, right->second};
}

tl::unexpected<Error> other_order(std::size_t id, std::string_view expected) {
  return fail(ErrorCode::unsupported, "token {}: expected {}; tokenizers in another order are not read yet", id,
              expected);
}

}  // namespace

Result<Tokenizer> tokenizer_of(const TokenLists& lists) {
  const std::size_t ordinary = kBytesOfAlphabet + lists.merges.size();
  if (lists.tokens.size() > kLargestVocabulary) {
    return fail(ErrorCode::unsupported, "{} tokens: at most {} are supported", lists.tokens.size(), kLargestVocabulary);
  }
  if (lists.tokens.size() <= ordinary || lists.special.size() != lists.tokens.size()) {
    return fail(ErrorCode::malformed, "{} tokens, {} merges: expected 256 bytes, a token for each merge, and specials",
                lists.tokens.size(), lists.merges.size());
  }
  Ids ids;
  for (std::size_t id = 0; id < lists.tokens.size(); ++id) {
    if (!ids.emplace(lists.tokens[id], static_cast<TokenId>(id)).second) {
      return fail(ErrorCode::malformed, "token {} is there twice", id);
    }
    if (lists.special[id] != (id >= ordinary)) return other_order(id, id < ordinary ? "no special" : "a special");
    if (id < kBytesOfAlphabet && lists.tokens[id] != printable(std::string(1, static_cast<char>(id)))) {
      return other_order(id, "the byte of that number");
    }
  }
  std::vector<Merge> merges;
  for (std::size_t i = 0; i < lists.merges.size(); ++i) {
    CAIRN_ASSIGN(const Merge merge, merge_of(lists.merges[i], ids, i));
    if (lists.tokens[kBytesOfAlphabet + i] != lists.tokens[merge.left] + lists.tokens[merge.right]) {
      return other_order(kBytesOfAlphabet + i, "what merge " + std::to_string(i) + " makes");
    }
    merges.push_back(merge);
  }
  auto made = Tokenizer::make(std::move(merges),
                              {lists.tokens.begin() + static_cast<std::ptrdiff_t>(ordinary), lists.tokens.end()});
  if (!made && made.error().code == ErrorCode::invalid) made.error().code = ErrorCode::unsupported;
  return made;
}

}  // namespace cairn::text
