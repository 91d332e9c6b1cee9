// Bytes as everyone passes them, hexadecimal, and the little-endian numbers of Cairn's own formats.
// Values and views; a view never outlives what it looks at.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace cairn {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
// Bytes that lie in several places and mean one sequence, so that what is large is stored without being copied first.
using ByteParts = std::vector<ByteView>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }
std::uint64_t size_of(std::span<const ByteView> parts);
Bytes joined(std::span<const ByteView> parts);

std::string to_hex(ByteView bytes);
// malformed: an odd length or a character that is no hexadecimal digit.
Result<Bytes> from_hex(std::string_view text);
// The same into all of `out`; malformed also: another number of digits.
Status from_hex(std::string_view text, std::span<std::uint8_t> out);

static_assert(std::endian::native == std::endian::little, "Cairn's formats are little-endian and read in place");

// Appends the object's bytes, little-endian.
template <class T>
  requires std::is_trivially_copyable_v<T>
void append(Bytes& out, const T& value) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(&value);
  out.insert(out.end(), p, p + sizeof(T));
}

// Reads values off the front of a hostile buffer; every read says whether there was enough.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  Result<T> read() {
    CAIRN_ASSIGN(const ByteView raw, take(sizeof(T)));
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  // malformed: fewer than n bytes are left.
  Result<ByteView> take(std::size_t n);
  std::size_t left() const { return bytes_.size() - at_; }
  std::size_t at() const { return at_; }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

}  // namespace cairn
