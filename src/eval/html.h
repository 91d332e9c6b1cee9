// Numbers as people read them, for the spec's page. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::eval {

std::string grouped(std::uint64_t number);  // 1,234,567
std::string in_bytes(std::uint64_t bytes);  // "18.4 MB": powers of ten
std::string in_time(double seconds);        // "1 min 40 s", "3 h 5 min"
std::string significant(double number);     // four significant digits, no exponent where it can be helped
std::string percent(double share);          // 0.523 -> "52.3 %"

}  // namespace cairn::eval
