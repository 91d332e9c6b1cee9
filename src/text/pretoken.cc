#include "text/pretoken.h"

#include <unicode/uchar.h>

#include <array>
#include <cstdint>

#include "text/unicode.h"

namespace cairn::text {
namespace {

enum class Class : std::uint8_t { space, letter, digit, other };

constexpr std::array<Class, 128> kAscii = [] {
  std::array<Class, 128> table{};
  for (int c = 0; c < 128; ++c) {
    Class k = Class::other;
    if (c == ' ' || (c >= 9 && c <= 13)) k = Class::space;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) k = Class::letter;
    if (c >= '0' && c <= '9') k = Class::digit;
    table[static_cast<std::size_t>(c)] = k;
  }
  return table;
}();

struct Unit {
  Class kind;
  unsigned length;
};

Unit unit_at(std::string_view text, std::size_t i) {
  const auto byte = static_cast<std::uint8_t>(text[i]);
  if (byte < 128) return {kAscii[byte], 1};
  const CodePoint point = first_code_point(text.substr(i));
  if (!point.valid) return {Class::other, 1};
  const auto c = static_cast<UChar32>(point.value);
  if (u_isUWhiteSpace(c)) return {Class::space, point.length};
  const auto mask = U_GET_GC_MASK(c);
  if (mask & U_GC_L_MASK) return {Class::letter, point.length};
  if (mask & U_GC_N_MASK) return {Class::digit, point.length};
  return {Class::other, point.length};
}

// The end of the run of `kind` that begins at `i`, at most `most` units long.
std::size_t run_end(std::string_view text, std::size_t i, Class kind, std::size_t most) {
  for (std::size_t n = 0; i < text.size() && n < most; ++n) {
    const Unit unit = unit_at(text, i);
    if (unit.kind != kind) break;
    i += unit.length;
  }
  return i;
}

std::size_t contraction(std::string_view text) {
  const auto second = text.substr(1, 1), two = text.substr(1, 2);
  if (second == "s" || second == "t" || second == "m" || second == "d") return 2;
  if (two == "re" || two == "ve" || two == "ll") return 3;
  return 0;
}

constexpr std::size_t kLongestRun = 512;  // units; keeps a word of a hostile text from being merged in quadratic time
constexpr std::size_t kDigitsTogether = 3;

std::size_t space_word(std::string_view text) {
  std::size_t end = 0, last = 0;  // last: where the last space of the run begins
  for (std::size_t n = 0; end < text.size() && n < kLongestRun; ++n) {
    const Unit unit = unit_at(text, end);
    if (unit.kind != Class::space) break;
    last = end;
    end += unit.length;
  }
  // The last space stays with what follows, unless it is the only one or nothing follows: \s+(?!\S)|\s+
  const bool followed = end < text.size() && unit_at(text, end).kind != Class::space;
  return followed && last > 0 ? last : end;
}

}  // namespace

std::size_t first_word(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '\'') {
    if (const std::size_t n = contraction(text)) return n;
  }
  std::size_t begin = 0;
  Unit first = unit_at(text, 0);
  if (text[0] == ' ' && text.size() > 1) {
    const Unit next = unit_at(text, 1);
    if (next.kind != Class::space) {
      begin = 1;
      first = next;
    }
  }
  if (first.kind == Class::space) return space_word(text);
  return run_end(text, begin, first.kind, first.kind == Class::digit ? kDigitsTogether : kLongestRun);
}

}  // namespace cairn::text
