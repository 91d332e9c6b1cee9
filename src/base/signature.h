// Ed25519 signatures (RFC 8032, by libsodium): who said it. Not encryption, and not who may do what.
// Values; the secret part of a key lies in memory of its own (base/secret.h). Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/env.h"
#include "base/result.h"
#include "base/secret.h"

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

// Copies share the secret part, which never changes.
class SecretKey {
 public:
  static SecretKey make(Entropy& entropy);
  // The 32 bytes that make() drew; malformed: another number of bytes.
  static Result<SecretKey> from_seed(ByteView seed);

  ByteView seed() const { return secret_->bytes().first(32); }
  const PublicKey& public_key() const { return public_; }
  Signature sign(ByteView message) const;
  Signature sign(std::string_view text) const { return sign(as_bytes(text)); }

 private:
  SecretKey() = default;
  std::shared_ptr<const Secret<64>> secret_;  // the seed, then the public key
  PublicKey public_;
};

// Whether the holder of `key` signed exactly these bytes.
bool is_signed_by(const PublicKey& key, ByteView message, const Signature& signature);
inline bool is_signed_by(const PublicKey& key, std::string_view text, const Signature& signature) {
  return is_signed_by(key, as_bytes(text), signature);
}

}  // namespace cairn
