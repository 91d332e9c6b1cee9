#include "base/utf8.h"

#include <cstdint>

namespace cairn {
namespace {

std::uint8_t at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

bool continues(std::string_view bytes, std::size_t i) {
  return i < bytes.size() && (at(bytes, i) & 0xC0) == 0x80;
}

}  // namespace

CodePoint first_code_point(std::string_view bytes) {
  const std::uint8_t b0 = at(bytes, 0);
  const CodePoint bad{b0, 1, false};
  if (b0 < 0x80) return {b0, 1, true};
  if (b0 < 0xC2 || b0 > 0xF4 || !continues(bytes, 1)) return bad;
  const auto low = [&](std::size_t i) { return static_cast<char32_t>(at(bytes, i) & 0x3F); };
  if (b0 < 0xE0) return {static_cast<char32_t>((b0 & 0x1F) << 6) | low(1), 2, true};
  if (!continues(bytes, 2)) return bad;
  if (b0 < 0xF0) {
    const char32_t value = static_cast<char32_t>((b0 & 0x0F) << 12) | low(1) << 6 | low(2);
    if (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF)) return bad;
    return {value, 3, true};
  }
  if (!continues(bytes, 3)) return bad;
  const char32_t value = static_cast<char32_t>((b0 & 0x07) << 18) | low(1) << 12 | low(2) << 6 | low(3);
  if (value < 0x10000 || value > 0x10FFFF) return bad;
  return {value, 4, true};
}

}  // namespace cairn
