// Token ids, and how many of them lie in memory and in files: 16 bits each where the vocabulary allows it, else 32, so
// that a large vocabulary costs those who have one, not everyone. TokenId is what single tokens and prompts are made
// of; Tokens is a view of many, TokenBuffer its owner.
// Not what a token means: that is the tokenizer's. Values; a view must not outlive what it looks at; const access from
// any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <span>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace cairn {

using TokenId = std::uint32_t;

// A vocabulary of at most so many tokens is stored with 16 bits a token.
inline constexpr std::uint64_t kNarrowVocabulary = 65536;
constexpr std::size_t token_bytes(std::uint64_t vocabulary) {
  return vocabulary > kNarrowVocabulary ? 4 : 2;
}

class Tokens {
 public:
  Tokens() = default;
  // Of 16-bit or 32-bit ids that lie one behind the other: spans, vectors, arrays.
  template <class Range>
  requires std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
      std::same_as<std::ranges::range_value_t<Range>, std::uint16_t>
      Tokens(const Range& ids) : narrow_(std::ranges::data(ids)), size_(std::ranges::size(ids)) {}
  template <class Range>
  requires std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
      std::same_as<std::ranges::range_value_t<Range>, TokenId>
      Tokens(const Range& ids) : wide_(std::ranges::data(ids)), size_(std::ranges::size(ids)) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  TokenId operator[](std::size_t i) const { return wide_ ? wide_[i] : narrow_[i]; }
  TokenId back() const { return (*this)[size_ - 1]; }
  Tokens subspan(std::size_t first, std::size_t count) const {
    Tokens out;
    if (wide_) out.wide_ = wide_ + first;
    if (narrow_) out.narrow_ = narrow_ + first;
    out.size_ = count;
    return out;
  }
  std::size_t width() const { return wide_ ? 4 : 2; }  // bytes a token
  ByteView bytes() const;                              // little-endian, as they lie

  class Iterator {
   public:
    using value_type = TokenId;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const Tokens& tokens, std::size_t at) : narrow_(tokens.narrow_), wide_(tokens.wide_), at_(at) {}
    TokenId operator*() const { return wide_ ? wide_[at_] : narrow_[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++at_;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const std::uint16_t* narrow_ = nullptr;
    const TokenId* wide_ = nullptr;
    std::size_t at_ = 0;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size_}; }

 private:
  const std::uint16_t* narrow_ = nullptr;  // at most one of the two is set
  const TokenId* wide_ = nullptr;
  std::size_t size_ = 0;
};

class TokenBuffer {
 public:
  // Of tokens below `vocabulary`.
  explicit TokenBuffer(std::uint64_t vocabulary);
  // malformed: `stored` is no whole number of tokens. Nothing is said about ids being below the vocabulary.
  static Result<TokenBuffer> from_bytes(ByteView stored, std::uint64_t vocabulary);

  void reserve(std::size_t tokens);
  void push_back(TokenId id);
  void append(Tokens ids);
  std::size_t size() const { return view().size(); }
  Tokens view() const;
  operator Tokens() const { return view(); }

 private:
  std::variant<std::vector<std::uint16_t>, std::vector<TokenId>> ids_;
};

}  // namespace cairn
