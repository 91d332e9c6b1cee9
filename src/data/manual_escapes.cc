#include "data/manual_escapes.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

namespace cairn::data {
namespace {

struct Special {
  std::string_view name, text;
};

// groff_char(7) and the strings that man, mdoc and pod2man define. Sorted by name.
constexpr Special kSpecials[] = {
    {"!=", "\u2260"}, {"**", "*"},      {"+-", "\u00B1"}, {"--", "--"},     {"->", "\u2192"}, {"<-", "\u2190"},
    {"<=", "\u2264"}, {">=", "\u2265"}, {"Aq", "'"},      {"Bq", "\u201E"}, {"C'", ""},       {"C+", "C++"},
    {"C`", ""},       {"Do", "$"},      {"Eu", "\u20AC"}, {"Fc", "\u00BB"}, {"Fo", "\u00AB"}, {"Ge", "\u2265"},
    {"Gt", ">"},      {"L\"", "\""},    {"Le", "\u2264"}, {"Lq", "\""},     {"Lt", "<"},      {"Po", "\u00A3"},
    {"R", "\u00AE"},  {"R\"", "\""},    {"Rq", "\""},     {"Sh", "#"},      {"Tm", "\u2122"}, {"aq", "'"},
    {"at", "@"},      {"ba", "|"},      {"br", "|"},      {"bu", "\u2022"}, {"bv", "|"},      {"ci", "\u25CB"},
    {"co", "\u00A9"}, {"cq", "\u2019"}, {"ct", "\u00A2"}, {"de", "\u00B0"}, {"di", "\u00F7"}, {"dq", "\""},
    {"em", "\u2014"}, {"en", "\u2013"}, {"eu", "\u20AC"}, {"ga", "`"},      {"ha", "^"},      {"hy", "-"},
    {"if", "\u221E"}, {"lB", "["},      {"lC", "{"},      {"la", "\u27E8"}, {"lq", "\u201C"}, {"mc", "\u00B5"},
    {"mi", "\u2212"}, {"mu", "\u00D7"}, {"oq", "\u2018"}, {"or", "|"},      {"pc", "\u00B7"}, {"pl", "+"},
    {"q", "\""},      {"rB", "]"},      {"rC", "}"},      {"ra", "\u27E9"}, {"rg", "\u00AE"}, {"rq", "\u201D"},
    {"rs", "\\"},     {"sc", "\u00A7"}, {"sh", "#"},      {"sl", "/"},      {"sq", "\u25A1"}, {"ss", "\u00DF"},
    {"ti", "~"},      {"tm", "\u2122"}, {"ul", "_"},
};
static_assert(std::is_sorted(std::begin(kSpecials), std::end(kSpecials),
                             [](const Special& a, const Special& b) { return a.name < b.name; }));

void append_utf8(std::uint32_t c, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

void append_special(std::string_view name, std::string& out) {
  const auto found = std::lower_bound(std::begin(kSpecials), std::end(kSpecials), name,
                                      [](const Special& s, std::string_view n) { return s.name < n; });
  if (found != std::end(kSpecials) && found->name == name) {
    out += found->text;
    return;
  }
  // Accented letters are "base then accent", as 'e or :u; the letter alone is better than a hole.
  if (name.size() == 2 && std::string_view("':`^~,o/").find(name[0]) != std::string_view::npos) out.push_back(name[1]);
  if (name.size() < 5 || name[0] != 'u') return;
  std::uint32_t c = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), c, 16);
  const bool whole = error == std::errc{} && end == name.data() + name.size();
  if (whole && c >= 32 && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF)) append_utf8(c, out);
}

// A name after an escape letter: one character, "(" and two, or "[...]". Returns it and moves past it.
std::string_view take_name(std::string_view& rest) {
  if (rest.empty()) return {};
  std::string_view name;
  if (rest[0] == '(') {
    name = rest.substr(1, 2);
    rest.remove_prefix(std::min<std::size_t>(3, rest.size()));
  } else if (rest[0] == '[') {
    const auto end = rest.find(']');
    name = rest.substr(1, end == std::string_view::npos ? end : end - 1);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  } else {
    name = rest.substr(0, 1);
    rest.remove_prefix(1);
  }
  return name;
}

// A quoted argument, as in \h'1m': skipped with its delimiters.
void skip_quoted(std::string_view& rest) {
  if (rest.empty()) return;
  const auto end = rest.find(rest[0], 1);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
}

// \s-1, \s+2, \s10, \s[..], \s(..
void skip_size(std::string_view& rest) {
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) rest.remove_prefix(1);
  if (!rest.empty() && rest[0] == '\'') return skip_quoted(rest);
  take_name(rest);
}

// One escape; `rest` stands behind the backslash. False: the rest of the line is a comment.
bool take_escape(std::string_view& rest, std::string& out) {
  const char c = rest[0];
  if (c == '(' || c == '[') {
    append_special(take_name(rest), out);
    return true;
  }
  rest.remove_prefix(1);
  switch (c) {
    case '"':
    case '#':
      return false;
    case '-':
      out.push_back('-');
      break;
    case 'e':
    case 'E':
    case '\\':
      out.push_back('\\');
      break;
    case '~':
    case ' ':
    case '0':
      out.push_back(' ');
      break;
    case '.':
      out.push_back('.');
      break;
    case '\'':
      out.push_back('\'');
      break;
    case '`':
      out.push_back('`');
      break;
    case 't':
      out.push_back('\t');
      break;
    case '*':
      append_special(take_name(rest), out);
      break;
    case 'f':
    case 'F':
    case 'm':
    case 'M':
    case 'k':
    case 'Y':
    case 'g':
    case 'V':
      take_name(rest);
      break;
    case 'n':
      if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) rest.remove_prefix(1);
      take_name(rest);
      break;
    case 's':
      skip_size(rest);
      break;
    case 'h':
    case 'v':
    case 'w':
    case 'o':
    case 'N':
    case 'X':
    case 'D':
    case 'l':
    case 'L':
    case 'b':
    case 'x':
    case 'H':
    case 'S':
    case 'R':
    case 'A':
    case 'B':
    case 'Z':
      skip_quoted(rest);
      break;
    default:
      break;  // \&, \|, \^, \%, \:, \/, \,, \), \c, \u, \d, \r, \p, \a, \z, \{, \}: nothing to read
  }
  return true;
}

}  // namespace

void unescape_groff(std::string_view line, std::string& out) {
  while (!line.empty()) {
    const auto backslash = line.find('\\');
    out += line.substr(0, backslash);
    if (backslash == std::string_view::npos || backslash + 1 >= line.size()) return;
    line.remove_prefix(backslash + 1);
    if (!take_escape(line, out)) return;
  }
}

}  // namespace cairn::data
