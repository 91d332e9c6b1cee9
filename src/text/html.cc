#include "text/html.h"

#include "base/utf8.h"

namespace cairn::text {
namespace {

bool is_control(char32_t point) {
  return (point < 0x20 && point != '\n' && point != '\t') || point == 0x7F;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    switch (point.value) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out +=
            !point.valid || is_control(point.value) ? std::string_view("\xEF\xBF\xBD") : text.substr(0, point.length);
    }
    text.remove_prefix(point.length);
  }
  return out;
}

}  // namespace cairn::text
