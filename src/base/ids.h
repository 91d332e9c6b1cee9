// Distinct types for names and counts that must not mix: Id<struct AssetTag> is a digest, Count<struct RoundTag> a number.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

#include "base/digest.h"

namespace cairn {

template <class Tag>
struct Id {
  Digest digest;
  std::string hex() const { return digest.hex(); }
  std::string brief() const { return digest.brief(); }
  static Result<Id> parse(std::string_view text) {
    CAIRN_ASSIGN(const Digest d, Digest::parse(text));
    return Id{d};
  }
  auto operator<=>(const Id&) const = default;
};

template <class Tag>
struct Count {
  std::uint64_t value = 0;
  Count next() const { return {value + 1}; }
  auto operator<=>(const Count&) const = default;
};

using AssetId = Id<struct AssetTag>;  // the digest of an asset's signed manifest body
using BlobId = Id<struct BlobTag>;    // the digest of the stored bytes (the ciphertext's where a blob is encrypted)
using RunId = Id<struct RunTag>;
using Round = Count<struct RoundTag>;
using Epoch = Count<struct EpochTag>;  // grows by one with every revocation or change of a permit

}  // namespace cairn

template <class Tag>
struct std::hash<cairn::Id<Tag>> {
  std::size_t operator()(const cairn::Id<Tag>& id) const noexcept { return std::hash<cairn::Digest>()(id.digest); }
};
