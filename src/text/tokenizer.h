// Byte-level BPE: any bytes to token ids and back, exactly (Sennrich et al. 2016, arXiv 1508.07909; over bytes as in
// GPT-2). Ids 0..255 are the bytes, then come the merges in the order they were learnt, then the specials.
//
// Not a chat template, and it does not normalise: decode(encode(x)) == x for every x. Training is in
// text/tokenizer_training.h. A Tokenizer is an immutable value that any number of threads may read; copies share
// nothing and are cheap enough (a few 100 kB). An Encoder remembers the words it has seen: one per thread, and the
// Tokenizer must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/tokens.h"

namespace cairn::text {

inline constexpr std::size_t kBytesOfAlphabet = 256;
inline constexpr std::size_t kLargestVocabulary = std::size_t{1} << 20;
inline constexpr std::string_view kWordScheme = "gpt2-3digits";  // text/pretoken.h
inline constexpr std::size_t kLongestToken = 256;                // bytes; keeps a hostile file from growing without end

// Between documents, and around the turns of a conversation.
inline constexpr std::string_view kEndOfText = "<|endoftext|>";
inline constexpr std::string_view kSystem = "<|system|>";
inline constexpr std::string_view kUser = "<|user|>";
inline constexpr std::string_view kAssistant = "<|assistant|>";
inline constexpr std::string_view kEndOfTurn = "<|endofturn|>";
std::vector<std::string> default_specials();  // the five above, in that order

struct Merge {
  TokenId left = 0, right = 0;
  bool operator==(const Merge&) const = default;
};

class Tokenizer {
 public:
  // Merge i makes token 256 + i of two tokens before it. `specials` must hold kEndOfText.
  // invalid: a merge of a later token, the same pair twice, a token over kLongestToken, too many, a special that is
  // empty, repeated or missing.
  static Result<Tokenizer> make(std::vector<Merge> merges, std::vector<std::string> specials);

  // The file of docs/formats/tokenizer.md. malformed: the place and what was expected.
  static Result<Tokenizer> parse(std::string_view json);
  std::string to_json() const;  // canonical: the same tokenizer has the same bytes
  Digest digest() const;        // of to_json()

  std::size_t vocabulary() const { return token_bytes_.size(); }
  TokenId end_of_text() const { return end_of_text_; }
  std::optional<TokenId> special(std::string_view name) const;
  bool is_special(TokenId id) const { return id >= first_special() && id < vocabulary(); }
  TokenId first_special() const { return static_cast<TokenId>(kBytesOfAlphabet + merges_.size()); }

  // Plain text only: the characters of a special's name become ordinary tokens, so text cannot forge a turn. For much
  // text use an Encoder.
  std::vector<TokenId> encode(std::string_view text) const;
  // As encode, but names of specials in the text become those specials: for templates that the program itself wrote.
  std::vector<TokenId> encode_with_specials(std::string_view text) const;

  // The bytes of ordinary tokens and the names of specials. invalid: an id that is not in the vocabulary, with its
  // position.
  Result<std::string> decode(Tokens ids) const;
  // The bytes a token stands for (a special's name). id must be below vocabulary().
  std::string_view bytes_of(TokenId id) const { return token_bytes_[id]; }

  // Bytes of text per token, for bits per byte; [V]. A special counts 0: it is no text.
  std::span<const std::uint16_t> byte_lengths() const { return byte_lengths_; }

  const std::vector<Merge>& merges() const { return merges_; }
  const std::vector<std::string>& specials() const { return specials_; }

 private:
  friend class Encoder;
  Tokenizer() = default;

  std::vector<Merge> merges_;
  std::vector<std::string> specials_;
  std::vector<std::string> token_bytes_;     // [V]
  std::vector<std::uint16_t> byte_lengths_;  // [V]
  std::unordered_map<std::uint64_t, TokenId>
      merged_;  // (left << 32 | right) -> the token they make; looked up, never walked
  TokenId end_of_text_ = 0;
};

class Encoder {
 public:
  explicit Encoder(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}
  // Appends the tokens of `text` (plain, as Tokenizer::encode) to `out`.
  void encode(std::string_view text, std::vector<TokenId>& out);

 private:
  void encode_word(std::string_view word, std::vector<TokenId>& out);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  const Tokenizer* tokenizer_;
  std::unordered_map<std::string, std::vector<TokenId>, Hash, std::equal_to<>> seen_;  // bounded; see encode
  std::vector<TokenId> word_;
};

}  // namespace cairn::text
