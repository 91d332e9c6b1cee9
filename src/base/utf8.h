// UTF-8, one code point at a time, as Unicode's table 3-7 has it: no surrogates, no overlong forms. Normal forms and
// whole texts are text/unicode.h's. Pure; any thread.
#pragma once

#include <string_view>

namespace cairn {

// One code point off the front of `bytes` (not empty). An ill-formed byte is one unit of its own: valid is false,
// length 1, value the byte.
struct CodePoint {
  char32_t value = 0;
  unsigned length = 1;  // bytes
  bool valid = true;
};
CodePoint first_code_point(std::string_view bytes);

}  // namespace cairn
