#include "text/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <vector>

#include "text/unicode.h"

namespace cairn::text {
namespace {

// At one place where a match is tried. Going back over a run of spaces, as the patterns of Llama 3 and Qwen do, takes a
// step for each of the 2 kMostLook that are seen.
constexpr std::uint32_t kMostSteps = 1U << 17;
constexpr std::uint32_t kMostHeap = 16 << 10;                                  // KiB
constexpr std::size_t kLeastStack = 32 << 10, kMostStack = 1 << 20;            // bytes, of compiled patterns
constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;=?@[\\]^_`{|}~";  // \< and \> mean words' edges elsewhere
constexpr std::array<std::string_view, 37> kCategories = {
    "C",  "Cc", "Cf", "Cn", "Co", "Cs", "L",  "Ll", "Lm", "Lo", "Lt", "Lu", "M",  "Mc", "Me", "Mn", "N",  "Nd", "Nl",
    "No", "P",  "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S",  "Sc", "Sk", "Sm", "So", "Z",  "Zl", "Zp", "Zs"};

// Reads a pattern of Oniguruma's from left to right and writes PCRE2's.
class Translator {
 public:
  explicit Translator(std::string_view in) : in_(in) {}

  Result<std::string> run() {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '\\') {
        CAIRN_TRY(escape());
      } else if (c == '[') {
        CAIRN_TRY(character_class());
      } else if (c == '(') {
        CAIRN_TRY(group());
      } else if (c == ')') {
        if (!groups_.empty()) groups_.pop_back();
        copy(1);
      } else if (c == '*' || c == '+') {
        CAIRN_TRY(unbounded());
      } else if (c == '?') {
        copy(rest().starts_with("?+") ? 2 : 1);
      } else if (c == '{') {
        CAIRN_TRY(repeat());
      } else if (c == '^' || c == '$') {
        return refuse("an anchor");
      } else {
        copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  tl::unexpected<Error> refuse(std::string_view what) const {
    return fail(ErrorCode::unsupported, "a pattern with {} at byte {}", what, at_);
  }
  std::string_view rest() const { return in_.substr(at_); }
  void copy(std::size_t count) {
    out_ += rest().substr(0, count);
    at_ += count;
  }
  void replace(std::size_t count, std::string_view by) {
    out_ += by;
    at_ += count;
  }

  Status escape() {
    const char c = rest().size() > 1 ? rest()[1] : '\0';
    switch (c) {
      case 's':
        replace(2, "\\p{White_Space}");
        return {};
      case 'S':
        replace(2, "\\P{White_Space}");
        return {};
      case 'd':
        replace(2, "\\p{Nd}");
        return {};
      case 'D':
        replace(2, "\\P{Nd}");
        return {};
      case 'r':
      case 'n':
      case 't':
      case 'f':
        copy(2);
        return {};
      case 'p':
      case 'P':
        return category();
      case 'x':
        return rest().substr(0, 3) == "\\x{" ? code_point("\\x{", "}") : refuse("a byte by number");
      case 'u':
        return four_digits();
      default:
        break;
    }
    if (c == '\0' || kPunctuation.find(c) == std::string_view::npos) return refuse("an escape");
    copy(2);
    return {};
  }
  Status category() {
    const std::size_t end = rest().find('}');
    if (rest().substr(2, 1) != "{" || end == std::string_view::npos) return refuse("an escape");
    std::string_view name = rest().substr(3, end - 3);
    if (name.starts_with('^')) name.remove_prefix(1);
    if (std::ranges::find(kCategories, name) == kCategories.end()) return refuse("a property that is no category");
    copy(end + 1);
    return {};
  }
  Status code_point(std::string_view before, std::string_view after) {
    const std::size_t end = rest().find(after, before.size());
    if (end == std::string_view::npos || end == before.size() || end > before.size() + 6) return refuse("an escape");
    for (const char c : rest().substr(before.size(), end - before.size()))
      if (!is_hex(c)) return refuse("an escape");
    copy(end + after.size());
    return {};
  }
  Status four_digits() {
    if (rest().size() < 6) return refuse("an escape");
    for (const char c : rest().substr(2, 4))
      if (!is_hex(c)) return refuse("an escape");
    const std::string digits(rest().substr(2, 4));
    replace(6, "\\x{" + digits + "}");
    return {};
  }
  static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

  Status character_class() {
    copy(1);
    if (rest().starts_with('^')) copy(1);
    if (rest().starts_with(']')) return refuse("an empty class");
    while (at_ < in_.size() && in_[at_] != ']') {
      if (in_[at_] == '\\') {
        CAIRN_TRY(escape());
      } else if (in_[at_] == '[' || rest().starts_with("&&")) {
        return refuse("a class within a class");
      } else {
        copy(1);
      }
    }
    if (at_ == in_.size()) return fail(ErrorCode::malformed, "a pattern whose class does not end");
    copy(1);
    return {};
  }
  Status group() {
    if (rest().substr(0, 2) == "(*") return refuse("a verb");
    const bool closed = !groups_.empty() && groups_.back();
    for (const std::string_view taken : {"(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "("}) {
      if (!rest().starts_with(taken) || (taken == "(" && rest().starts_with("(?"))) continue;
      groups_.push_back(closed || (taken != "(?:" && taken != "(?i:" && taken != "("));
      copy(taken.size());
      return {};
    }
    return refuse("a group");
  }
  // A match's steps are counted where it goes back. What is never gone back into would read on and on, uncounted.
  Status unbounded() {
    if (!groups_.empty() && groups_.back()) return refuse("a repeat within lookaround or an atomic group");
    if (rest().substr(1, 1) == "+") return refuse("a possessive repeat");
    copy(1);
    return {};
  }
  // {n}, {n,} and {n,m}, not followed by what changes their meaning in one of the two syntaxes.
  Status repeat() {
    const std::size_t end = rest().find('}');
    const std::string_view inside = end == std::string_view::npos ? "" : rest().substr(1, end - 1);
    const bool counted = !inside.empty() && inside.find_first_not_of("0123456789,") == std::string_view::npos &&
                         inside.front() != ',' && std::ranges::count(inside, ',') <= 1;
    const std::string_view behind = counted ? rest().substr(end + 1, 1) : "";
    const bool differs = behind == "+" || (behind == "?" && inside.find(',') == std::string_view::npos);
    if (!counted || differs) return refuse("a brace");
    if (!groups_.empty() && groups_.back()) return refuse("a repeat within lookaround or an atomic group");
    copy(end + 1);
    return {};
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<bool> groups_;  // those that are open: whether a match never goes back into it
};

struct Free {
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string words_of(int problem) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(problem, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

std::string pattern_of_literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (kPunctuation.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

Result<Pattern> Pattern::make(std::string_view source) {
  if (source.empty() || source.size() > kLongestPattern)
    return fail(ErrorCode::unsupported, "a pattern of {} bytes: expected 1 to {}", source.size(), kLongestPattern);
  CAIRN_TRY(check_utf8(source));
  if (source.find('\0') != std::string_view::npos) return fail(ErrorCode::malformed, "a pattern with a zero byte");
  CAIRN_ASSIGN(const std::string translated, Translator(source).run());
  const Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  if (!context) return fail(ErrorCode::failed, "not enough memory for a pattern");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int problem = 0;
  PCRE2_SIZE place = 0;
  pcre2_code* const code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                         PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT |
                                             PCRE2_NO_AUTO_POSSESS,  // see unbounded()
                                         &problem, &place, context.get());
  if (!code) return fail(ErrorCode::unsupported, "a pattern that cannot be compiled: {}", words_of(problem));
  std::shared_ptr<const void> owner(
      code, [](const void* p) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(p))); });
  std::uint32_t empty = 0;
  pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &empty);
  if (empty != 0) return fail(ErrorCode::unsupported, "a pattern that matches the empty text");
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where the system forbids it, the interpreter matches
  return Pattern(std::string(source), std::move(owner));
}

struct Matcher::State {
  const pcre2_code* code;
  Owned<pcre2_match_data> data;
  Owned<pcre2_match_context> context;
  Owned<pcre2_jit_stack> stack;
};

Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Matcher::Matcher(const Pattern& pattern)
    : state_(new State{static_cast<const pcre2_code*>(pattern.code_.get()),
                       Owned<pcre2_match_data>(pcre2_match_data_create(1, nullptr)),
                       Owned<pcre2_match_context>(pcre2_match_context_create(nullptr)),
                       Owned<pcre2_jit_stack>(pcre2_jit_stack_create(kLeastStack, kMostStack, nullptr))}) {
  if (!state_->context) return;
  pcre2_set_match_limit(state_->context.get(), kMostSteps);
  pcre2_set_heap_limit(state_->context.get(), kMostHeap);
  if (state_->stack) pcre2_jit_stack_assign(state_->context.get(), nullptr, state_->stack.get());
}

Result<std::optional<Matcher::Match>> Matcher::find(std::string_view utf8, std::size_t from) {
  const State& s = *state_;
  if (!s.data || !s.context) return fail(ErrorCode::failed, "not enough memory to match a pattern");
  const auto match = [&](std::string_view seen, std::uint32_t options) {
    return pcre2_match(s.code, reinterpret_cast<PCRE2_SPTR>(seen.data()), seen.size(), from,
                       PCRE2_NO_UTF_CHECK | options, s.data.get(), s.context.get());
  };
  while (from < utf8.size()) {
    const std::size_t last = character_begin(utf8, from + kMostLook);  // where a match may begin
    const std::string_view seen = utf8.substr(0, character_begin(utf8, from + 2 * kMostLook));
    pcre2_set_offset_limit(s.context.get(), last);
    int found = match(seen, 0);
    // Compiled code that reaches its bounds leaves the answer to the interpreter.
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) found = match(seen, PCRE2_NO_JIT);
    if (found >= 0) {
      const PCRE2_SIZE* const at = pcre2_get_ovector_pointer(s.data.get());
      if (at[1] > at[0]) return Match{at[0], at[1]};
      return fail(ErrorCode::failed, "a pattern matched the empty text");
    }
    if (found != PCRE2_ERROR_NOMATCH) return fail(ErrorCode::failed, "a pattern: {}", words_of(found));
    from = last;
  }
  return std::optional<Match>{};
}

}  // namespace cairn::text
