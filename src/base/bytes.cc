#include "base/bytes.h"

namespace cairn {

std::uint64_t size_of(std::span<const ByteView> parts) {
  std::uint64_t size = 0;
  for (const ByteView part : parts) size += part.size();
  return size;
}

Bytes joined(std::span<const ByteView> parts) {
  Bytes out;
  out.reserve(size_of(parts));
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

Status from_hex(std::string_view text, std::span<std::uint8_t> out) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() != 2 * out.size())
    return fail(ErrorCode::malformed, "expected {} hexadecimal digits, got {}", 2 * out.size(), text.size());
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::malformed, "no hexadecimal digit at offset {}", i);
    out[i / 2] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return {};
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ErrorCode::malformed, "hexadecimal of odd length {}", text.size());
  Bytes out(text.size() / 2);
  CAIRN_TRY(from_hex(text, out));
  return out;
}

Result<ByteView> ByteReader::take(std::size_t n) {
  if (n > left())
    return fail(ErrorCode::malformed, "cut short at offset {}: expected {} bytes more, got {}", at_, n, left());
  const ByteView out = bytes_.subspan(at_, n);
  at_ += n;
  return out;
}

}  // namespace cairn
