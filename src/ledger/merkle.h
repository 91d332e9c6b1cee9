// The Merkle tree of RFC 9162 (section 2.1) over a growing list of entries: hashes, proofs and their verifiers.
// Pure functions over hashes; nothing here stores anything. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/digest.h"

namespace cairn::ledger {

Digest leaf_hash(ByteView entry);                           // SHA-256(0x00, entry)
Digest node_hash(const Digest& left, const Digest& right);  // SHA-256(0x01, left, right)
Digest empty_root();                                        // SHA-256 of nothing

// MTH over the leaf hashes, straight from the definition: O(n). The yardstick for all else here.
Digest root_of(std::span<const Digest> leaves);

// Hash of the complete subtree of 2^level leaves that starts at leaf index << level.
using SubtreeHash = std::function<Result<Digest>(unsigned level, std::uint64_t index)>;

// Root, and proofs, of the tree of the first `size` leaves: O(log size) look-ups. Fails only as `subtree` does.
Result<Digest> root_at(std::uint64_t size, const SubtreeHash& subtree);
// invalid: index >= size.
Result<std::vector<Digest>> inclusion_path(std::uint64_t index, std::uint64_t size, const SubtreeHash& subtree);
// invalid: old_size is 0 or above size.
Result<std::vector<Digest>> consistency_path(std::uint64_t old_size, std::uint64_t size, const SubtreeHash& subtree);

// RFC 9162, 2.1.3.2: does `path` show that the tree `root` of `size` leaves has `leaf` at `index`?
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> path,
                      const Digest& root);
// RFC 9162, 2.1.4.2: does `path` show that the tree of `old_size` leaves is a prefix of that of `size`? Every tree
// extends the empty one.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Digest& old_root, const Digest& root,
                        std::span<const Digest> path);

}  // namespace cairn::ledger
