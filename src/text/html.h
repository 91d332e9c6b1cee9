// Text made safe for HTML. Not a template engine. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace cairn::text {

// Safe as an element's content and inside quotes. Control characters and bytes that are no UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);

}  // namespace cairn::text
