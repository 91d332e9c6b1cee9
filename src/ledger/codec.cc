#include "ledger/codec.h"

#include "base/utf8.h"

namespace cairn::ledger {
namespace {

bool hides(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF;
}

}  // namespace

bool is_plain_text(std::string_view text, std::size_t at_most) {
  if (text.size() > at_most) return false;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    if (!next.valid || hides(next.value)) return false;
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
