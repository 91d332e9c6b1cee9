#include "ledger/sealed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace cairn::ledger {
namespace {

ClassKey key_of(std::uint8_t fill) {
  ClassKey key;
  std::ranges::fill(key.bytes(), fill);
  return key;
}

Bytes seal(ByteView plain, const ClassKey& key) {
  Sealer sealer(key, sha256("class"));
  Bytes out = sealer.preamble();
  for (;;) {
    const ByteView chunk = plain.first(std::min(plain.size(), kSealedChunk));
    plain = plain.subspan(chunk.size());
    const bool last = chunk.size() < kSealedChunk;
    const Bytes sealed = sealer.seal(chunk, last ? Sealer::Chunk::last : Sealer::Chunk::inner);
    out.insert(out.end(), sealed.begin(), sealed.end());
    if (last) return out;
  }
}

TEST(Sealed, EverySizeAroundAChunkComesBack) {
  const ClassKey key = key_of(3);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kSealedChunk - 1, kSealedChunk, kSealedChunk + 1, 3 * kSealedChunk + 5}) {
    Bytes plain(size);
    for (std::size_t i = 0; i < size; ++i) plain[i] = static_cast<std::uint8_t>(i * 31);
    const Bytes stored = seal(plain, key);
    EXPECT_EQ(sealed_class(stored).value(), sha256("class"));
    EXPECT_EQ(unseal(stored, key).value(), plain) << size;
  }
}

TEST(Sealed, AnotherKeyAFlipOrACutOpensNothing) {
  const ClassKey key = key_of(3);
  const Bytes stored = seal(Bytes(kSealedChunk + 300, 'x'), key);
  EXPECT_EQ(unseal(stored, key_of(4)).error().message,
            "a sealed blob cannot be opened at byte 72: altered, cut short, or sealed under another key");
  EXPECT_FALSE(unseal(ByteView(stored).first(stored.size() - 1), key).has_value());
  EXPECT_FALSE(unseal(ByteView(stored).first(72 + kSealedChunk + 17), key).has_value());  // a whole chunk short
  for (std::size_t n = 0; n < 90; ++n) EXPECT_FALSE(unseal(ByteView(stored).first(n), key).has_value());
  Bytes longer = stored;
  longer.push_back(0);
  EXPECT_FALSE(unseal(longer, key).has_value());
  const unsigned seed = 11;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    Bytes changed = stored;
    changed[i < 100 ? static_cast<std::size_t>(i) : random() % changed.size()] ^=
        static_cast<std::uint8_t>(1u << random() % 8);
    EXPECT_FALSE(unseal(changed, key).has_value()) << i;
  }
}

}  // namespace
}  // namespace cairn::ledger
