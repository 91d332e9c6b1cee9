#include "serve/utf8_stream.h"

#include "text/unicode.h"

namespace cairn::serve {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Whether `tail` (1 to 3 bytes) could be the beginning of a character.
bool may_continue(std::string_view tail) {
  const auto lead = static_cast<unsigned char>(tail[0]);
  const std::size_t length = lead >= 0xF0 && lead <= 0xF4  ? 4
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                                                           : 1;
  if (tail.size() >= length) return false;
  // The second byte has narrower bounds after some leads (Unicode table 3-7): filled up with the least that may follow,
  // the character must be well-formed.
  std::string whole(tail);
  if (whole.size() == 1) whole.push_back(static_cast<char>(lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80));
  whole.resize(length, '\x80');
  return !text::first_bad_utf8(whole);
}

}  // namespace

std::string Utf8Stream::push(std::string_view piece) {
  held_ += piece;
  std::string out;
  std::string_view left = held_;
  while (!left.empty()) {
    const auto bad = text::first_bad_utf8(left);
    out += left.substr(0, bad.value_or(left.size()));
    if (!bad) {
      left = {};
      break;
    }
    left.remove_prefix(*bad);
    if (left.size() < 4 && may_continue(left)) break;
    out += kReplacement;
    left.remove_prefix(1);
  }
  held_ = std::string(left);
  return out;
}

std::string Utf8Stream::finish() {
  if (held_.empty()) return {};
  held_.clear();
  return std::string(kReplacement);
}

}  // namespace cairn::serve
