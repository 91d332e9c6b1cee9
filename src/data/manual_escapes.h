// groff's escape sequences (groff(7), "Escapes") as text. The bytes are hostile. Pure; any thread. Part of
// document_text's manual reader.
#pragma once

#include <string>
#include <string_view>

namespace cairn::data {

// Appends `line` to `out` with special characters as UTF-8 and fonts, sizes, motions, registers and comments dropped.
void unescape_groff(std::string_view line, std::string& out);

}  // namespace cairn::data
