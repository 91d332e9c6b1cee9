// A site's secret keys, in keys/: one Ed25519 key that signs, and one symmetric key for each class of narrow permits.
// Only src/ledger and src/guard include this. Secrets are wiped from memory when their object goes.
#pragma once

#include <array>
#include <filesystem>
#include <string_view>

#include "base/env.h"
#include "base/result.h"
#include "ledger/manifest.h"

namespace cairn::ledger {

template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    bytes_ = other.bytes_;
    other.wipe();
    return *this;
  }
  ~Secret() { wipe(); }
  std::array<std::uint8_t, N>& bytes() { return bytes_; }
  const std::array<std::uint8_t, N>& bytes() const { return bytes_; }

 private:
  void wipe() {
    for (volatile std::uint8_t& byte : bytes_) byte = 0;
  }
  std::array<std::uint8_t, N> bytes_{};
};

using ClassKey = Secret<32>;

class SigningKey {
 public:
  // Makes keys/ and keys/site.key (mode 0600).
  static Result<SigningKey> make(const std::filesystem::path& site, Entropy& entropy);
  // not_found, malformed; failed with a hint where others may read the file.
  static Result<SigningKey> load(const std::filesystem::path& site);

  const PublicKey& public_key() const { return public_; }
  Signature sign(std::string_view text) const;

 private:
  static SigningKey from_seed(const Secret<32>& seed);
  Secret<64> secret_;
  PublicKey public_{};
};

// The key of a permit class (its id: Permit::terms()). Makes it where there is none, once, whoever else tries at the
// same time.
Result<ClassKey> class_key(const std::filesystem::path& site, const Digest& permit_class, Entropy& entropy);
// not_found: the blobs of this class cannot be read any more.
Result<ClassKey> load_class_key(const std::filesystem::path& site, const Digest& permit_class);

}  // namespace cairn::ledger
