#include "base/signature.h"

#include <sodium.h>

#include <algorithm>

namespace cairn {
namespace {

template <class T>
Result<T> parse_hex(std::string_view hex, const char* what) {
  T out;
  if (hex.size() != 2 * out.bytes.size())
    return fail(ErrorCode::malformed, "{}: expected {} hexadecimal digits, got {} characters", what,
                2 * out.bytes.size(), hex.size());
  CAIRN_ASSIGN(const Bytes bytes, from_hex(hex));
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

void start_sodium() {
  static const int started = sodium_init();
  CAIRN_CHECK(started >= 0);
}

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view hex) {
  return parse_hex<PublicKey>(hex, "public key");
}
Result<Signature> Signature::parse(std::string_view hex) {
  return parse_hex<Signature>(hex, "signature");
}

SecretKey SecretKey::make(Entropy& entropy) {
  std::array<std::uint8_t, 32> seed;
  entropy.fill(seed);
  return *from_seed(seed);
}

Result<SecretKey> SecretKey::from_seed(ByteView seed) {
  static_assert(crypto_sign_SEEDBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64);
  if (seed.size() != crypto_sign_SEEDBYTES)
    return fail(ErrorCode::malformed, "signing key: expected 32 bytes, got {}", seed.size());
  start_sodium();
  SecretKey key;
  std::copy(seed.begin(), seed.end(), key.seed_.begin());
  crypto_sign_seed_keypair(key.public_.bytes.data(), key.expanded_.data(), key.seed_.data());
  return key;
}

SecretKey::~SecretKey() {
  sodium_memzero(seed_.data(), seed_.size());
  sodium_memzero(expanded_.data(), expanded_.size());
}

Signature SecretKey::sign(ByteView message) const {
  Signature out;
  crypto_sign_detached(out.bytes.data(), nullptr, message.data(), message.size(), expanded_.data());
  return out;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  start_sodium();
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(), key.bytes.data()) == 0;
}

}  // namespace cairn
