#include "base/secret.h"

#include <sodium.h>

namespace cairn {

void wipe(std::span<std::uint8_t> bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

namespace detail {

void FreeGuarded::operator()(std::uint8_t* bytes) const {
  sodium_free(bytes);  // wipes first
}

Guarded make_guarded(std::size_t size) {
  static const int started = sodium_init();
  CAIRN_CHECK(started >= 0);
  Guarded out(static_cast<std::uint8_t*>(sodium_malloc(size)));
  CAIRN_CHECK(out != nullptr);
  sodium_memzero(out.get(), size);
  return out;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  CAIRN_CHECK(a.size() == b.size());
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace detail
}  // namespace cairn
