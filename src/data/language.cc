#include "data/passes.h"
#include "text/unicode.h"
// CLD2's header uses FILE without including what declares it, so it comes last.
#include <cld2/public/compact_lang_det.h>

namespace cairn::data {

bool keep_language(Record& record, const std::set<std::string>& languages, Reasons& reasons) {
  constexpr std::size_t kLookedAt = std::size_t{1} << 16;  // bytes; more would change nothing but the time
  std::string_view front = record.text;
  if (front.size() > kLookedAt) {
    front = front.substr(0, kLookedAt);
    while (!front.empty() && (static_cast<unsigned char>(record.text[front.size()]) & 0xC0) == 0x80)
      front.remove_suffix(1);
  }
  if (text::first_bad_utf8(front)) {
    ++reasons["dropped: not UTF-8"];
    return false;
  }
  bool reliable = false;
  const CLD2::Language found = CLD2::DetectLanguage(front.data(), static_cast<int>(front.size()), true, &reliable);
  if (!reliable) {
    ++reasons["dropped: no language recognised"];
    return false;
  }
  record.language = CLD2::LanguageCode(found);
  if (languages.contains(record.language)) return true;
  ++reasons["dropped: language " + record.language];
  return false;
}

}  // namespace cairn::data
