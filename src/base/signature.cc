#include "base/signature.h"

#include <sodium.h>

namespace cairn {
namespace {

template <class T>
Result<T> parse_hex(std::string_view hex, const char* what) {
  T out;
  if (auto read = from_hex(hex, out.bytes); !read) return fail(std::move(read).error().within(what));
  return out;
}

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view hex) {
  return parse_hex<PublicKey>(hex, "public key");
}
Result<Signature> Signature::parse(std::string_view hex) {
  return parse_hex<Signature>(hex, "signature");
}

SecretKey SecretKey::make(Entropy& entropy) {
  Secret<32> seed;
  entropy.fill(seed.bytes());
  return *from_seed(seed.bytes());
}

Result<SecretKey> SecretKey::from_seed(ByteView seed) {
  static_assert(crypto_sign_SEEDBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64);
  if (seed.size() != crypto_sign_SEEDBYTES)
    return fail(ErrorCode::malformed, "signing key: expected 32 bytes, got {}", seed.size());
  Secret<64> secret;
  SecretKey key;
  crypto_sign_seed_keypair(key.public_.bytes.data(), secret.bytes().data(), seed.data());
  key.secret_ = std::make_shared<const Secret<64>>(std::move(secret));
  return key;
}

Signature SecretKey::sign(ByteView message) const {
  Signature out;
  crypto_sign_detached(out.bytes.data(), nullptr, message.data(), message.size(), secret_->bytes().data());
  return out;
}

bool is_signed_by(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(), key.bytes.data()) == 0;
}

}  // namespace cairn
