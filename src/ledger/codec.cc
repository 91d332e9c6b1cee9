#include "ledger/codec.h"

namespace cairn::ledger {
namespace {

// The code point at the front of `text`, and its length in bytes; length 0 where this is no UTF-8.
struct Decoded {
  char32_t point = 0;
  std::size_t length = 0;
};

Decoded decode(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  char32_t point = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kSmallest[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return {};
  return {point, length};
}

bool hides(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF;
}

}  // namespace

bool is_plain_text(std::string_view text, std::size_t at_most) {
  if (text.size() > at_most) return false;
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.length == 0 || hides(next.point)) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

bool is_word(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 64 || !letter(text[0])) return false;
  for (const char c : text)
    if (!letter(c) && c != '.' && c != '_' && c != '-') return false;
  return true;
}

Result<std::uint64_t> get_natural(const Json& object, const char* key) {
  CAIRN_ASSIGN(const std::int64_t value, get_int(object, key));
  if (value < 0)
    return fail(ErrorCode::malformed, "\"{}\": expected a number that is not negative, got {}", key, value);
  return static_cast<std::uint64_t>(value);
}

Result<std::vector<Digest>> get_digests(const Json& object, const char* key) {
  CAIRN_ASSIGN(const Json* list, get_array(object, key));
  std::vector<Digest> out;
  out.reserve(list->size());
  for (const Json& item : *list) {
    if (!item.is_string()) return fail(ErrorCode::malformed, "\"{}\": expected digests, got {}", key, item.type_name());
    CAIRN_ASSIGN(const Digest digest, Digest::parse(item.get_ref<const std::string&>()));
    out.push_back(digest);
  }
  return out;
}

}  // namespace cairn::ledger
