#include "data/passes.h"
#include "text/unicode.h"

namespace cairn::data {
namespace {

// The white space of Unicode that reads as one blank, and the marks that read as nothing.
enum class Kind { keep, blank, nothing };
Kind kind_of(char32_t c) {
  if (c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000)
    return Kind::blank;
  if (c == 0xAD || c == 0xFEFF || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
      (c >= 0x2060 && c <= 0x2064))
    return Kind::nothing;
  if ((c >= 0x80 && c < 0xA0) || c == 0xFFFD) return Kind::nothing;
  return Kind::keep;
}

// Writes lines without blanks at their ends and without more than one empty line in a row.
class Lines {
 public:
  explicit Lines(std::size_t size) { out_.reserve(size + 1); }
  void blank(char c) { blanks_.push_back(c); }
  void text(std::string_view s) {
    if (!out_.empty()) out_.append(std::min(line_ends_, 2), '\n');
    line_ends_ = 0;
    out_ += blanks_;
    blanks_.clear();
    out_ += s;
  }
  void line_end() {
    blanks_.clear();
    ++line_ends_;
  }
  std::string take() {
    if (!out_.empty()) out_.push_back('\n');
    return std::move(out_);
  }

 private:
  std::string out_, blanks_;
  int line_ends_ = 0;
};

// The length of a terminal's escape sequence (ECMA-48 CSI) at `i`; 1 for a lone escape.
std::size_t escape_length(std::string_view s, std::size_t i) {
  if (i + 1 >= s.size() || s[i + 1] != '[') return 1;
  std::size_t j = i + 2;
  while (j < s.size() && s[j] >= 0x20 && s[j] < 0x40) ++j;
  const bool ends = j < s.size() && s[j] >= 0x40 && s[j] < 0x7F;
  return j - i + ends;
}

// Without escape sequences and overstrike, as in old formatted manuals: a backspace takes the character before it back.
std::string without_terminal_codes(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] == 0x1B) {
      i += escape_length(s, i);
      continue;
    }
    if (s[i] == '\b') {
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
      if (!out.empty() && out.back() != '\n') out.pop_back();
    } else {
      out.push_back(s[i]);
    }
    ++i;
  }
  return out;
}

std::string clean(std::string_view s) {
  Lines out(s.size());
  for (std::size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c > ' ' && c < 0x7F) {
      std::size_t j = i + 1;
      while (j < s.size() && s[j] > ' ' && s[j] < 0x7F) ++j;
      out.text(s.substr(i, j - i));
      i = j;
    } else if (c >= 0x80) {
      const CodePoint point = first_code_point(s.substr(i));
      const Kind kind = kind_of(point.value);
      if (point.value == 0x2028 || point.value == 0x2029 || point.value == 0x85)
        out.line_end();
      else if (kind == Kind::blank)
        out.blank(' ');
      else if (kind == Kind::keep)
        out.text(s.substr(i, point.length));
      i += point.length;
    } else {
      if (c == '\n' || c == '\f' || c == '\v')
        out.line_end();
      else if (c == '\r')
        out.line_end(), i += i + 1 < s.size() && s[i + 1] == '\n';
      else if (c == ' ' || c == '\t')
        out.blank(s[i]);
      ++i;
    }
  }
  return out.take();
}

}  // namespace

bool normalise(Record& record, Reasons& reasons) {
  const auto composed = text::nfc(record.text);
  if (!composed) {
    ++reasons["dropped: not UTF-8"];
    return false;
  }
  const bool formatted = composed->find_first_of("\b\x1B") != std::string::npos;
  std::string text = clean(formatted ? without_terminal_codes(*composed) : *composed);
  if (auto again = text::nfc(text)) text = std::move(*again);  // what stood between a letter and its accent may be gone
  if (text.empty()) {
    ++reasons["dropped: empty"];
    return false;
  }
  if (text != record.text) {
    ++reasons["changed: spelling of characters, lines or blanks"];
    record.text = std::move(text);
  }
  return true;
}

}  // namespace cairn::data
