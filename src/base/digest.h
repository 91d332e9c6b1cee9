// SHA-256, the one digest of the project: of blobs, manifests, weights, contributions.
// Values; a Sha256 belongs to one thread.
#pragma once

#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  std::string hex() const { return to_hex(bytes); }
  std::string brief() const { return hex().substr(0, 12); }
  // malformed: not 64 hexadecimal digits.
  static Result<Digest> parse(std::string_view hex);
  auto operator<=>(const Digest&) const = default;
};

// Streaming: update any number of times, finish once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(ByteView bytes);
  void update(std::string_view text) { update(as_bytes(text)); }
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(ByteView bytes);
Digest sha256(std::span<const ByteView> parts);
inline Digest sha256(std::string_view text) {
  return sha256(as_bytes(text));
}

}  // namespace cairn

template <>
struct std::hash<cairn::Digest> {
  std::size_t operator()(const cairn::Digest& d) const noexcept {
    std::size_t h;
    std::memcpy(&h, d.bytes.data(), sizeof h);
    return h;
  }
};
