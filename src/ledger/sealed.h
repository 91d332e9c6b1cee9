// Blobs at rest under a narrow permit: XChaCha20-Poly1305 in chunks (libsodium's secretstream), under the key of their
// permit class. Layout in docs/formats/site.md. Only src/ledger and src/guard include this. A Sealer belongs to one
// thread.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "ledger/keys.h"

namespace cairn::ledger {

inline constexpr std::size_t kSealedChunk =
    64 * 1024;  // bytes of plaintext in every chunk but the last, which may hold fewer, even none

class Sealer {
 public:
  Sealer(const ClassKey& key, const Digest& permit_class);
  ~Sealer();
  // What the file begins with.
  const Bytes& preamble() const { return preamble_; }
  enum class Chunk { inner, last };
  // The next chunk's ciphertext; inner chunks hold kSealedChunk bytes.
  Bytes seal(ByteView plain, Chunk chunk);

 private:
  struct State;
  std::unique_ptr<State> state_;
  Bytes preamble_;
};

// malformed: this is no sealed blob.
Result<Digest> sealed_class(ByteView stored);
// malformed: altered, cut short, or sealed under another key; the message has the offset.
Result<Bytes> unseal(ByteView stored, const ClassKey& key);

}  // namespace cairn::ledger
