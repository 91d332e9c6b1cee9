#include "ledger/sealed.h"

#include <sodium.h>

namespace cairn::ledger {
namespace {

constexpr std::string_view kMagic = "cairn-sealed-1\n\n";
constexpr std::size_t kHeader = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kPreamble = kMagic.size() + sizeof(Digest) + kHeader;
static_assert(crypto_secretstream_xchacha20poly1305_KEYBYTES == sizeof(Digest));

// The cipher's state, which holds the key.
struct Stream : crypto_secretstream_xchacha20poly1305_state {
  ~Stream() { sodium_memzero(this, sizeof *this); }
};

}  // namespace

struct Sealer::State {
  Stream stream;
};

Sealer::Sealer(const ClassKey& key, const Digest& permit_class)
    : state_(std::make_unique<State>()), preamble_(to_bytes(kMagic)) {
  preamble_.insert(preamble_.end(), permit_class.bytes.begin(), permit_class.bytes.end());
  preamble_.resize(kPreamble);
  crypto_secretstream_xchacha20poly1305_init_push(&state_->stream, preamble_.data() + kPreamble - kHeader,
                                                  key.bytes().data());
}
Sealer::~Sealer() = default;

Bytes Sealer::seal(ByteView plain, Chunk chunk) {
  CAIRN_CHECK(chunk == Chunk::last ? plain.size() <= kSealedChunk : plain.size() == kSealedChunk);
  Bytes out(plain.size() + kOverhead);
  const unsigned char tag = chunk == Chunk::last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                                 : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
  CAIRN_CHECK(crypto_secretstream_xchacha20poly1305_push(&state_->stream, out.data(), nullptr, plain.data(),
                                                         plain.size(), preamble_.data(), preamble_.size(), tag) == 0);
  return out;
}

Result<Digest> sealed_class(ByteView stored) {
  if (stored.size() < kPreamble || as_text(stored.first(kMagic.size())) != kMagic)
    return fail(ErrorCode::malformed,
                "not a sealed blob: expected it to begin with \"cairn-sealed-1\" and {} bytes of preamble", kPreamble);
  Digest out;
  std::memcpy(out.bytes.data(), stored.data() + kMagic.size(), out.bytes.size());
  return out;
}

Result<Bytes> unseal(ByteView stored, const ClassKey& key) {
  CAIRN_ASSIGN([[maybe_unused]] const Digest permit_class, sealed_class(stored));
  const ByteView preamble = stored.first(kPreamble);
  Stream stream;
  const auto altered = [](std::size_t at) {
    return fail(ErrorCode::malformed,
                "a sealed blob cannot be opened at byte {}: altered, cut short, or sealed under another key", at);
  };
  if (crypto_secretstream_xchacha20poly1305_init_pull(&stream, preamble.data() + kPreamble - kHeader,
                                                      key.bytes().data()) != 0)
    return altered(0);
  Bytes out;
  out.reserve(stored.size());
  std::size_t at = kPreamble;
  for (bool last = false; !last;) {
    const std::size_t n = std::min(stored.size() - at, kSealedChunk + kOverhead);
    if (n < kOverhead) return altered(at);
    const std::size_t before = out.size();
    out.resize(before + n - kOverhead);
    unsigned char tag = 0;
    if (crypto_secretstream_xchacha20poly1305_pull(&stream, out.data() + before, nullptr, &tag, stored.data() + at, n,
                                                   preamble.data(), preamble.size()) != 0)
      return altered(at);
    at += n;
    last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  }
  if (at != stored.size()) return altered(at);
  return out;
}

}  // namespace cairn::ledger
