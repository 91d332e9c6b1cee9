#include "text/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace cairn::text {
namespace {

std::uint8_t at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

// The end of the run of ASCII that begins at `i`, eight bytes at a time.
std::size_t skip_ascii(std::string_view bytes, std::size_t i) {
  while (i + 8 <= bytes.size()) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes.data() + i, 8);
    if (eight & 0x8080808080808080U) break;
    i += 8;
  }
  while (i < bytes.size() && at(bytes, i) < 0x80) ++i;
  return i;
}

}  // namespace

std::optional<std::size_t> first_bad_utf8(std::string_view bytes) {
  for (std::size_t i = skip_ascii(bytes, 0); i < bytes.size(); i = skip_ascii(bytes, i)) {
    const CodePoint point = first_code_point(bytes.substr(i));
    if (!point.valid) return i;
    i += point.length;
  }
  return std::nullopt;
}

std::size_t character_begin(std::string_view utf8, std::size_t at) {
  at = std::min(at, utf8.size());
  while (at < utf8.size() && (static_cast<std::uint8_t>(utf8[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

Status check_utf8(std::string_view bytes) {
  if (const auto bad = first_bad_utf8(bytes))
    return fail(ErrorCode::malformed, "not UTF-8: byte 0x{:02x} at offset {}", at(bytes, *bad), *bad);
  return {};
}

Result<std::string> nfc(std::string_view utf8) {
  if (utf8.size() > std::size_t{1} << 30)
    return fail(ErrorCode::invalid, "a text of {} bytes: at most 1 GiB", utf8.size());
  if (skip_ascii(utf8, 0) == utf8.size()) return std::string(utf8);
  CAIRN_TRY(check_utf8(utf8));
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* composer = icu::Normalizer2::getNFCInstance(code);
  std::string out;
  if (U_SUCCESS(code)) {
    const icu::StringPiece piece(utf8.data(), static_cast<int32_t>(utf8.size()));
    if (composer->isNormalizedUTF8(piece, code) && U_SUCCESS(code)) return std::string(utf8);
    icu::StringByteSink<std::string> sink(&out);
    composer->normalizeUTF8(0, piece, sink, nullptr, code);
  }
  if (U_FAILURE(code))
    return fail(ErrorCode::failed, "normalising {} bytes: ICU answers {}", utf8.size(), u_errorName(code));
  return out;
}

std::string from_latin1(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto b = static_cast<std::uint8_t>(c);
    if (b < 0x80) {
      out.push_back(c);
    } else {
      out.push_back(static_cast<char>(0xC0 | (b >> 6)));
      out.push_back(static_cast<char>(0x80 | (b & 0x3F)));
    }
  }
  return out;
}

}  // namespace cairn::text
