// BPE: any bytes to token ids and back (Sennrich et al. 2016, arXiv 1508.07909), over bytes as in GPT-2, or over
// characters with bytes for the others as SentencePiece has it.
// Cairn's own have a fixed order of ids: 0..255 are the bytes, then come the merges in the order they were learnt, then
// the specials. Those of other people (TokenizerParts) have any order, tokens that no merge makes, and words of theirs.
//
// Not a chat template. decode(encode(x)) == x for every x where exact() says so. Training is in
// text/tokenizer_training.h. A Tokenizer is an immutable value that any number of threads may read; copies share
// nothing but compiled patterns and are cheap enough (some MB at most). An Encoder remembers the words it has seen: one
// per thread, and the Tokenizer must outlive it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/tokens.h"
#include "text/word_scheme.h"

namespace cairn::text {

inline constexpr std::size_t kBytesOfAlphabet = 256;
inline constexpr std::size_t kLargestVocabulary = std::size_t{1} << 20;
inline constexpr std::size_t kLongestToken = 256;  // bytes; keeps a hostile file from growing without end
inline constexpr std::size_t kLongestForeignToken = 1024;
inline constexpr std::size_t kMostMerges = std::size_t{1} << 22;  // the same token may be made in several ways

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

// What a token is. Only ordinary ones are made by merges.
enum class TokenKind : std::uint8_t {
  ordinary,
  special,           // no text; what its name says in a text stays text
  added,             // text that becomes this token before any word is cut
  added_normalised,  // the same, found after the text was normalised
  byte               // of a character that is no token (WordScheme::characters)
};

// What a tokenizer of other people is made of. Ids have any order. A byte may have no token, as in GPT-NeoX's, where
// those that no UTF-8 has are missing: encode leaves it out. Where merges begin from characters every byte has a
// token of that kind.
struct TokenizerParts {
  WordScheme words;
  std::vector<std::string> tokens;  // [V]: an ordinary or byte token's bytes, another's name; empty: none has this id
  std::vector<TokenKind> kinds;     // [V]
  std::vector<Merge> merges;   // of ordinary tokens, the earliest first; each makes the token that has both's bytes
  TokenId begin = 0, end = 0;  // specials: what stands before a text, and after it; mostly the same
};

class Tokenizer {
 public:
  // Merge i makes token 256 + i of two tokens before it. `specials` must hold kEndOfText.
  // invalid: a merge of a later token, the same pair twice, a token over kLongestToken, too many, a special that is
  // empty, repeated, not UTF-8 or missing.
  static Result<Tokenizer> make(std::vector<Merge> merges, std::vector<std::string> specials);
  // invalid: parts that contradict each other or exceed the limits above; a printable ASCII character that is no
  // ordinary token, or with WordScheme::characters a byte that is no byte token; a name that is not UTF-8.
  static Result<Tokenizer> make(TokenizerParts parts);

  // The file of docs/formats/tokenizer.md. malformed: the place and what was expected. unsupported: as
  // word_scheme_from_json().
  static Result<Tokenizer> parse(std::string_view json);
  std::string to_json() const;  // canonical: the same tokenizer has the same bytes
  Digest digest() const;        // of to_json()

  // Whether ids are in Cairn's order and words are Cairn's: the first version of the file.
  bool own() const { return own_; }
  // Whether decode(encode(x)) == x for every x: the words keep all of a text, and every byte is a token.
  bool exact() const { return words_.exact() && std::ranges::find(byte_ids_, kNoToken) == byte_ids_.end(); }
  std::size_t vocabulary() const { return token_bytes_.size(); }
  // What stands before a text where there is such a token; else what ends the text before it.
  TokenId begin_of_text() const { return begin_of_text_; }
  TokenId end_of_text() const { return end_of_text_; }
  std::optional<TokenId> special(std::string_view name) const;
  TokenKind kind(TokenId id) const { return kinds_[id]; }  // id must be below vocabulary()
  bool is_special(TokenId id) const { return id < vocabulary() && kinds_[id] == TokenKind::special; }
  const WordScheme& words() const { return words_; }

  // Plain text only: the characters of a special's name become ordinary tokens, so text cannot forge a turn. For much
  // text use an Encoder.
  std::vector<TokenId> encode(std::string_view text) const;

  // The bytes of ordinary, byte and added tokens and the names of specials. invalid: an id that is not in the
  // vocabulary, with its position.
  Result<std::string> decode(Tokens ids) const;
  // The bytes a token stands for (a special's name). id must be below vocabulary().
  std::string_view bytes_of(TokenId id) const { return token_bytes_[id]; }

  // Bytes of text per token, for bits per byte; [V]. A special counts 0: it is no text.
  std::span<const std::uint16_t> byte_lengths() const { return byte_lengths_; }

  const std::vector<Merge>& merges() const { return merges_; }
  const std::vector<TokenId>& specials() const { return specials_; }  // ascending
  // Ids below vocabulary() that are no token: their bytes are empty. Ascending.
  const std::vector<TokenId>& holes() const { return holes_; }

 private:
  friend class Encoder;
  struct Made {
    std::uint32_t rank;  // the earliest merge has the lowest
    TokenId token;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  using ByText = std::unordered_map<std::string, TokenId, Hash, std::equal_to<>>;
  // Tokens that are found in text before words are cut, by name; those that begin with byte b are first[b] to
  // first[b + 1].
  struct Added {
    std::vector<std::pair<std::string, TokenId>> tokens;
    std::array<std::uint32_t, 257> first{};
  };
  static constexpr TokenId kNoToken = std::numeric_limits<TokenId>::max();
  static void index(Added& added);
  Tokenizer() = default;
  void add_token(std::string bytes, TokenKind kind);
  Status take_tokens(std::vector<std::string> tokens, const std::vector<TokenKind>& kinds);
  Status take_merges(std::vector<Merge> merges);
  Status take_bytes();

  bool own_ = true;
  WordScheme words_;
  std::vector<Merge> merges_;
  std::vector<TokenId> specials_, holes_;
  std::vector<std::string> token_bytes_;     // [V]
  std::vector<TokenKind> kinds_;             // [V]
  std::vector<std::uint16_t> byte_lengths_;  // [V]
  std::array<TokenId, kBytesOfAlphabet> byte_ids_{};
  std::unordered_map<std::uint64_t, Made> made_;  // by left << 32 | right; looked up, never walked
  ByText whole_;                                  // ordinary tokens, where the scheme has whole words or characters
  Added added_, added_normalised_;
  TokenId begin_of_text_ = 0, end_of_text_ = 0;
};

class Encoder {
 public:
  explicit Encoder(const Tokenizer& tokenizer) : tokenizer_(&tokenizer), cutter_(tokenizer.words()) {}
  // Appends the tokens of `text` (plain, as Tokenizer::encode) to `out`. first: nothing of the same text came before.
  void encode(std::string_view text, std::vector<TokenId>& out, bool first = true);

 private:
  void encode_words(std::string_view text, std::vector<TokenId>& out);
  void encode_word(std::string_view word, std::vector<TokenId>& out);
  void begin_with_bytes(std::string_view word);
  void begin_with_characters(std::string_view word);
  void merge_word();
  void offer(std::uint32_t left);

  // A token of the word that is encoded, and the tokens beside it; `dead`: it was merged into the one before.
  struct Place {
    TokenId token = 0;
    std::uint32_t before = 0, next = 0;
    bool dead = false;
  };
  struct Candidate {  // the pair that begins at a place may become a token
    std::uint32_t rank = 0, at = 0;
    TokenId token = 0;
    bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
  };
  const Tokenizer* tokenizer_;
  WordCutter cutter_;
  std::unordered_map<std::string, std::vector<TokenId>, Tokenizer::Hash, std::equal_to<>>
      seen_;  // bounded; see encode_word
  std::vector<TokenId> word_;
  std::vector<Place> places_;
  std::vector<Candidate> queue_;  // a heap, the earliest merge on top
};

}  // namespace cairn::text
