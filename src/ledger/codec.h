// Small pieces that the ledger's formats share: fixed-size hexadecimal fields, and text that is safe to show. Pure; any
// thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/env.h"
#include "base/json.h"
#include "base/result.h"

namespace cairn::ledger {

// UTF-8, at most `at_most` bytes, without control characters or marks that change the direction of text: it cannot
// disguise itself in a terminal or a list.
bool is_plain_text(std::string_view text, std::size_t at_most);
// [a-z0-9][a-z0-9._-]{0,63}
bool is_word(std::string_view text);

// malformed, with the key.
template <std::size_t N>
Result<std::array<std::uint8_t, N>> get_hex(const Json& object, const char* key) {
  CAIRN_ASSIGN(const std::string text, get_string(object, key));
  std::array<std::uint8_t, N> out{};
  if (auto read = from_hex(text, out); !read) return fail(std::move(read).error().within(fmt::format("\"{}\"", key)));
  return out;
}
// Times are milliseconds since 1970 (UTC).
inline std::int64_t to_ms(TimePoint time) {
  return time.time_since_epoch().count();
}
inline TimePoint from_ms(std::int64_t ms) {
  return TimePoint(Duration(ms));
}
Result<std::vector<Digest>> get_digests(const Json& object, const char* key);

template <std::size_t N>
std::array<std::uint8_t, N> random_array(Entropy& entropy) {
  std::array<std::uint8_t, N> out{};
  entropy.fill(out);
  return out;
}

}  // namespace cairn::ledger
