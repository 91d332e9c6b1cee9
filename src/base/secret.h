// Secret bytes: memory of their own between guard pages, kept out of swap and core dumps where the system allows, wiped
// when it goes, compared in constant time (libsodium). Not how secrets lie on disk. Moved, never copied; an object from
// which was moved has no bytes. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace cairn {

// Overwrites with zeros in a way that no compiler leaves out: for the buffers that a secret passes through.
void wipe(std::span<std::uint8_t> bytes);
inline void wipe(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

namespace detail {

struct FreeGuarded {
  void operator()(std::uint8_t* bytes) const;
};
using Guarded = std::unique_ptr<std::uint8_t[], FreeGuarded>;
Guarded make_guarded(std::size_t size);  // zeros
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace detail

template <std::size_t N>
class Secret {
 public:
  std::span<std::uint8_t, N> bytes() { return std::span<std::uint8_t, N>(bytes_.get(), N); }
  std::span<const std::uint8_t, N> bytes() const { return std::span<const std::uint8_t, N>(bytes_.get(), N); }
  friend bool operator==(const Secret& a, const Secret& b) {
    return detail::equal_in_constant_time(a.bytes(), b.bytes());
  }

 private:
  detail::Guarded bytes_ = detail::make_guarded(N);
};

}  // namespace cairn
