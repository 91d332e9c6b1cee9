// How a tokenizer cuts text into the words that merges never cross: Cairn's own way (text/pretoken.h), or what
// tokenizers of other people do: canonical composition, then patterns one after the other, then a space in
// front. Not added tokens, which are found before (text/tokenizer.h). A WordScheme is an immutable value that any
// thread may read; a WordCutter is one thread's, and the scheme must outlive it. Source of the meanings: the
// documentation of the tokenizers library, pre_tokenizers.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/pattern.h"

namespace cairn::text {

inline constexpr std::string_view kWordScheme = "gpt2-3digits";  // the name of Cairn's own
inline constexpr std::size_t kMostSplits = 16;
inline constexpr std::size_t kLongestText = std::size_t{1} << 24;  // bytes that are one word where nothing cuts words

// GPT-2's words.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Cuts every piece there is at the pattern's matches.
struct Cut {
  enum class Keep { all, matches, rest };  // which pieces go on: the others are lost
  Pattern pattern;
  Keep keep = Keep::all;
  bool operator==(const Cut&) const = default;
};

struct WordScheme {
  enum class Prefix {
    none,
    piece,              // each piece that does not begin with a space gets one
    gpt2_words,         // the same, and then it is cut into GPT-2's words
    text,               // normalising puts one in front
    text_unless_space,  // what is between all added tokens gets one where it does not begin with one
    first_text          // the same, and only where the whole text begins
  };
  bool own = true;  // Cairn's: nothing below counts
  bool nfc = false;
  std::vector<Cut> splits;
  Prefix prefix = Prefix::none;
  // A word that is a token is that token, whatever the merges would make of it.
  bool whole_words = false;
  // Merges begin from characters, and from bytes only where a character is no token; U+2581 is a space.
  // SentencePiece's.
  bool characters = false;
  bool operator==(const WordScheme&) const = default;

  // Whether the words, put end to end, are the text.
  bool exact() const;
};

// The name of Cairn's own, or an object (docs/formats/tokenizer.md).
Json to_json(const WordScheme& scheme);
// malformed: not such a value; unsupported: a pattern that is not taken.
Result<WordScheme> word_scheme_from_json(const Json& json);

class WordCutter {
 public:
  explicit WordCutter(const WordScheme& scheme);
  using Sink = std::function<void(std::string_view word)>;
  // Any bytes, after the scheme's normalising. What is not UTF-8 is a word by itself. A pattern that reaches its bounds
  // leaves the rest of its piece to Cairn's own words.
  void cut(std::string_view text, const Sink& sink);

 private:
  void cut_utf8(std::string_view text, const Sink& sink);
  void split(const Cut& by, Matcher& matcher, std::string_view piece);
  void put_spaces();

  const WordScheme* scheme_;
  std::vector<Matcher> matchers_;  // of the splits, in order
  std::vector<Cut> last_;          // GPT-2's words behind the prefix, or nothing
  std::vector<std::string_view> pieces_, next_;
  std::deque<std::string> spaced_;
};

// The text as the scheme wants it before added_normalised tokens are sought, which are normalised too.
std::string normalised(const WordScheme& scheme, std::string_view text);
// Whether what is left between them gets a space in front before it is cut. first: it is where the whole text begins.
bool gets_space(const WordScheme& scheme, std::string_view text, bool first);

}  // namespace cairn::text
