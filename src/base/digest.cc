#include "base/digest.h"

#include <openssl/evp.h>

namespace cairn {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { CAIRN_CHECK(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
  CAIRN_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest out;
  unsigned size = 0;
  CAIRN_CHECK(EVP_DigestFinal_ex(state_->context, out.bytes.data(), &size) == 1 && size == out.bytes.size());
  return out;
}

Digest sha256(ByteView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest sha256(std::span<const ByteView> parts) {
  Sha256 hash;
  for (const ByteView part : parts) hash.update(part);
  return hash.finish();
}

Result<Digest> Digest::parse(std::string_view hex) {
  Digest out;
  if (auto read = from_hex(hex, out.bytes); !read) return fail(std::move(read).error().within("digest"));
  return out;
}

}  // namespace cairn
