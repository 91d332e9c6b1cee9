// Ed25519 signatures (RFC 8032, by libsodium): who said it. Not encryption, and not who may do what.
// Values; a SecretKey wipes itself when it goes. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/env.h"
#include "base/result.h"

namespace cairn {

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  std::string hex() const { return to_hex(bytes); }
  std::string brief() const { return hex().substr(0, 12); }
  // malformed: not 64 hexadecimal digits.
  static Result<PublicKey> parse(std::string_view hex);
  auto operator<=>(const PublicKey&) const = default;
};

struct Signature {
  std::array<std::uint8_t, 64> bytes{};
  std::string hex() const { return to_hex(bytes); }
  // malformed: not 128 hexadecimal digits.
  static Result<Signature> parse(std::string_view hex);
  auto operator<=>(const Signature&) const = default;
};

class SecretKey {
 public:
  static SecretKey make(Entropy& entropy);
  // The 32 bytes that make() drew; malformed: another number of bytes.
  static Result<SecretKey> from_seed(ByteView seed);
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();

  ByteView seed() const { return seed_; }
  const PublicKey& public_key() const { return public_; }
  Signature sign(ByteView message) const;

 private:
  SecretKey() = default;
  std::array<std::uint8_t, 32> seed_{};
  std::array<std::uint8_t, 64> expanded_{};
  PublicKey public_;
};

// Whether the holder of `key` signed exactly these bytes.
bool verify(const PublicKey& key, ByteView message, const Signature& signature);

}  // namespace cairn
