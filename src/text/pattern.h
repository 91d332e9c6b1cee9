// Regular expressions that other people's tokenizer files bring along: patterns in the syntax of Oniguruma, which the
// tokenizers library uses, matched by PCRE2. Only what means the same in both is taken: characters, classes without
// nesting, \p{} of general categories, \s \S \d \D, groups, alternatives, lookaround, quantifiers that a match may go
// back into; the rest is refused. White space is Unicode's White_Space.
//
// A pattern and the text it meets are hostile: memory is bounded, and so are the steps at each place where a match is
// tried, so time grows with the text's length and with nothing else. A match sees at least kMostLook bytes behind its
// beginning and no more than twice that many behind where it is sought. A Pattern is an immutable value, copies share
// the compiled code, any thread may read it; a Matcher is one thread's, and the Pattern must outlive it. Sources:
// Oniguruma's doc/RE, pcre2pattern(3).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::text {

inline constexpr std::size_t kLongestPattern = 4096;  // bytes
inline constexpr std::size_t kMostLook = 32768;       // bytes that a match is sure to see

class Pattern {
 public:
  // unsupported: a construct that is not taken, what PCRE2 cannot compile, one that matches the empty text. malformed:
  // not UTF-8, a class that does not end.
  static Result<Pattern> make(std::string_view oniguruma);
  const std::string& source() const { return source_; }
  bool operator==(const Pattern& other) const { return source_ == other.source_; }

 private:
  friend class Matcher;
  Pattern(std::string source, std::shared_ptr<const void> code) : source_(std::move(source)), code_(std::move(code)) {}
  std::string source_;
  std::shared_ptr<const void> code_;
};

class Matcher {
 public:
  explicit Matcher(const Pattern& pattern);
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  struct Match {
    std::size_t begin = 0, end = 0;
  };
  // The first match in `utf8`, which is well-formed, from `from` on; lookaround sees what is before. Nothing: there is
  // none. failed: the bounds were reached.
  Result<std::optional<Match>> find(std::string_view utf8, std::size_t from);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The pattern that matches exactly this text.
std::string pattern_of_literal(std::string_view text);

}  // namespace cairn::text
