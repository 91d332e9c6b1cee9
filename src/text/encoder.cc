#include <algorithm>
#include <functional>
#include <limits>

#include "base/utf8.h"
#include "text/pretoken.h"
#include "text/tokenizer.h"

namespace cairn::text {
namespace {

constexpr std::size_t kRememberedWords = 1 << 18;
constexpr std::size_t kLongestRemembered = 64;  // bytes
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

using Named = std::pair<std::string, TokenId>;

// The longest of the tokens, which are sorted by name, that `text` begins with; nothing where there is none. The range
// of those that agree with it narrows byte by byte, so many names cost no more than long ones.
const Named* longest(std::span<const Named> tokens, std::string_view text) {
  const Named* found = nullptr;
  for (std::size_t at = 0; !tokens.empty(); ++at) {
    if (tokens.front().first.size() == at) {
      found = &tokens.front();
      tokens = tokens.subspan(1);
    }
    if (at == text.size()) break;
    const auto byte = static_cast<std::uint8_t>(text[at]);
    const auto of = [at](const Named& token) { return static_cast<std::uint8_t>(token.first[at]); };
    tokens = {std::ranges::lower_bound(tokens, byte, {}, of), std::ranges::upper_bound(tokens, byte, {}, of)};
  }
  return found;
}

// Calls text() with what lies between the tokens that are found, and token() with those, in order: at each place the
// longest.
template <class Added, class OnText, class OnToken>
void each_part(const Added& added, std::string_view text, OnText on_text, OnToken on_token) {
  std::size_t begin = 0;
  for (std::size_t at = 0; !added.tokens.empty() && at < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[at]);
    const auto some = std::span(added.tokens).subspan(added.first[byte], added.first[byte + 1U] - added.first[byte]);
    const Named* const found = longest(some, text.substr(at));
    if (!found) {
      ++at;
      continue;
    }
    if (at > begin) on_text(text.substr(begin, at - begin));
    on_token(found->second);
    begin = at += found->first.size();
  }
  if (begin < text.size()) on_text(text.substr(begin));
}

}  // namespace

void Encoder::encode(std::string_view text, std::vector<TokenId>& out, bool first) {
  const Tokenizer& t = *tokenizer_;
  if (t.own_) return encode_words(text, out);
  const auto put = [&out](TokenId id) { out.push_back(id); };
  each_part(
      t.added_, text,
      [&](std::string_view part) {
        const std::string whole = normalised(t.words_, part);
        const bool begins = first && part.data() == text.data();
        each_part(
            t.added_normalised_, whole,
            [&](std::string_view words) {
              const bool space = gets_space(t.words_, words, begins && words.data() == whole.data());
              space ? encode_words(" " + std::string(words), out) : encode_words(words, out);
            },
            put);
      },
      put);
}

void Encoder::encode_words(std::string_view text, std::vector<TokenId>& out) {
  cutter_.cut(text, [&](std::string_view word) { encode_word(word, out); });
}

void Encoder::encode_word(std::string_view word, std::vector<TokenId>& out) {
  const auto found = seen_.find(word);
  if (found != seen_.end()) {
    out.insert(out.end(), found->second.begin(), found->second.end());
    return;
  }
  word_.clear();
  const Tokenizer& t = *tokenizer_;
  const auto whole = t.words_.whole_words ? t.whole_.find(word) : t.whole_.end();
  if (whole != t.whole_.end()) {
    word_.push_back(whole->second);
  } else {
    if (t.words_.characters) {
      begin_with_characters(word);
    } else {
      begin_with_bytes(word);
    }
    merge_word();
  }
  out.insert(out.end(), word_.begin(), word_.end());
  if (word.size() > kLongestRemembered) return;
  if (seen_.size() >= kRememberedWords) seen_.clear();
  seen_.emplace(word, word_);
}

void Encoder::begin_with_bytes(std::string_view word) {
  for (const char c : word) {
    const TokenId id = tokenizer_->byte_ids_[static_cast<std::uint8_t>(c)];
    if (id != Tokenizer::kNoToken) word_.push_back(id);
  }
}

void Encoder::begin_with_characters(std::string_view word) {
  for (std::size_t length = 0; !word.empty(); word.remove_prefix(length)) {
    length = first_code_point(word).length;
    const auto found = tokenizer_->whole_.find(word.substr(0, length));
    if (found != tokenizer_->whole_.end()) {
      word_.push_back(found->second);
    } else {
      begin_with_bytes(word.substr(0, length));
    }
  }
}

// Offers the pair that begins at a place.
void Encoder::offer(std::uint32_t left) {
  const std::uint32_t right = places_[left].next;
  if (right == kNone) return;
  const auto found = tokenizer_->made_.find(std::uint64_t{places_[left].token} << 32 | places_[right].token);
  if (found == tokenizer_->made_.end()) return;
  queue_.push_back({found->second.rank, left, found->second.token});
  std::ranges::push_heap(queue_, std::greater());
}

// Applies the earliest merge that fits, of equals the leftmost, until none does. What is on the heap may be out of
// date: it counts only where the pair at its place still is that merge.
void Encoder::merge_word() {
  const auto count = static_cast<std::uint32_t>(word_.size());
  places_.clear();
  queue_.clear();
  for (std::uint32_t i = 0; i < count; ++i)
    places_.push_back({.token = word_[i], .before = i == 0 ? kNone : i - 1, .next = i + 1 == count ? kNone : i + 1});
  for (std::uint32_t i = 0; i < count; ++i) offer(i);
  while (!queue_.empty()) {
    const Candidate best = queue_.front();
    std::ranges::pop_heap(queue_, std::greater());
    queue_.pop_back();
    Place& left = places_[best.at];
    if (left.dead || left.next == kNone) continue;
    Place& right = places_[left.next];
    const auto now = tokenizer_->made_.find(std::uint64_t{left.token} << 32 | right.token);
    if (now == tokenizer_->made_.end() || now->second.rank != best.rank) continue;
    left.token = best.token;
    left.next = right.next;
    right.dead = true;
    if (left.next != kNone) places_[left.next].before = best.at;
    if (left.before != kNone) offer(left.before);
    offer(best.at);
  }
  word_.clear();
  for (std::uint32_t i = 0; i != kNone && i < count; i = places_[i].next) word_.push_back(places_[i].token);
}

}  // namespace cairn::text
