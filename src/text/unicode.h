// UTF-8 as Cairn needs it: is it valid, its canonical composition (NFC, Unicode Standard Annex 15), legacy bytes made
// UTF-8. Not a string class: everything is std::string holding bytes. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/utf8.h"

namespace cairn::text {

// The offset of the first byte that is not part of well-formed UTF-8 (Unicode table 3-7); nullopt where all is well.
std::optional<std::size_t> first_bad_utf8(std::string_view bytes);

// Where the character begins that byte `at` of well-formed UTF-8 belongs to; the text's end where it is beyond that.
std::size_t character_begin(std::string_view utf8, std::size_t at);

// malformed: names the offset and the byte.
Status check_utf8(std::string_view bytes);

// The canonical composition. malformed: not UTF-8; invalid: more than 1 GiB.
Result<std::string> nfc(std::string_view utf8);

// Reads each byte as ISO 8859-1, which never fails: for old documentation that is not UTF-8.
std::string from_latin1(std::string_view bytes);

}  // namespace cairn::text
