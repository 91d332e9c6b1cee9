#include "permit/toml_place.h"

namespace cairn::permit {
namespace {

std::string_view line_of(std::string_view text, std::size_t line) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

Error error_at(std::string_view toml, std::string_view where, std::size_t line, std::size_t column,
               std::string_view message, std::string hint) {
  constexpr std::size_t kWidth = 100;
  const std::string_view whole = line_of(toml, line);
  std::size_t caret = 0;  // byte offset of the column
  for (std::size_t c = 1; c < column && caret < whole.size(); ++c) {
    ++caret;
    while (caret < whole.size() && continues_a_character(whole[caret])) ++caret;
  }
  std::size_t from = caret > kWidth ? caret - kWidth / 2 : 0;
  while (from > 0 && continues_a_character(whole[from])) --from;
  std::size_t to = std::min(whole.size(), from + kWidth);
  while (to < whole.size() && continues_a_character(whole[to])) ++to;
  std::string shown, indent;
  for (std::size_t i = from; i < to; ++i) {
    const auto byte = static_cast<unsigned char>(whole[i]);
    shown += byte < 0x20 && byte != '\t' ? '?' : whole[i];
    if (i < caret && !continues_a_character(whole[i])) indent += whole[i] == '\t' ? '\t' : ' ';
  }
  return Error{ErrorCode::malformed,
               fmt::format("{}:{}:{}: {}\n  {}\n  {}^", where, line, column, message, shown, indent),
               std::move(hint),
               {}};
}

}  // namespace cairn::permit
