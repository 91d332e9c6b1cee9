// The case of the 26 letters that names, headers and licence terms are written in; every other byte stays as it is. Not
// for people's text, which is ICU's. Pure; any thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace cairn {

inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

inline bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace cairn
