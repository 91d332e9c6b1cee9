// The few words of HTML that the spec's page is written in: escaping, and numbers as people read them. Pure; any
// thread. Not a template engine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::eval {

// Text that is safe as element content and inside quotes. Control characters and bytes that are no UTF-8 become U+FFFD.
std::string escaped(std::string_view text);

std::string grouped(std::uint64_t number);  // 1,234,567
std::string in_bytes(std::uint64_t bytes);  // "18.4 MB": powers of ten
std::string in_time(double seconds);        // "1 min 40 s", "3 h 5 min"
std::string significant(double number);     // four significant digits, no exponent where it can be helped
std::string percent(double share);          // 0.523 -> "52.3 %"

}  // namespace cairn::eval
