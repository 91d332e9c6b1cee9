#include "ledger/merkle.h"

#include <bit>

namespace cairn::ledger {
namespace {

// The largest power of two below n, for n > 1: where RFC 9162 splits a tree.
std::uint64_t split(std::uint64_t n) {
  return std::bit_floor(n - 1);
}

// Leaves [begin, end) of a tree: wherever its recursion arrives, `begin` is a multiple of the largest power of two
// within.
Result<Digest> range_root(std::uint64_t begin, std::uint64_t end, const SubtreeHash& subtree) {
  const std::uint64_t n = end - begin;
  if (std::has_single_bit(n)) {
    const auto level = static_cast<unsigned>(std::countr_zero(n));
    return subtree(level, begin >> level);
  }
  const std::uint64_t k = split(n);
  CAIRN_ASSIGN(const Digest left, range_root(begin, begin + k, subtree));
  CAIRN_ASSIGN(const Digest right, range_root(begin + k, end, subtree));
  return node_hash(left, right);
}

}  // namespace

Digest leaf_hash(ByteView entry) {
  Sha256 hash;
  hash.update(std::string_view("\x00", 1));
  hash.update(entry);
  return hash.finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  Sha256 hash;
  hash.update(std::string_view("\x01", 1));
  hash.update(left.bytes);
  hash.update(right.bytes);
  return hash.finish();
}

Digest empty_root() {
  return sha256(ByteView());
}

Digest root_of(std::span<const Digest> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves[0];
  const std::size_t k = split(leaves.size());
  return node_hash(root_of(leaves.first(k)), root_of(leaves.subspan(k)));
}

Result<Digest> root_at(std::uint64_t size, const SubtreeHash& subtree) {
  if (size == 0) return empty_root();
  return range_root(0, size, subtree);
}

Result<std::vector<Digest>> inclusion_path(std::uint64_t index, std::uint64_t size, const SubtreeHash& subtree) {
  if (index >= size) return fail(ErrorCode::invalid, "a tree of {} entries has no entry {}", size, index);
  std::vector<Digest> path;
  for (std::uint64_t begin = 0, end = size; end - begin > 1;) {
    const std::uint64_t middle = begin + split(end - begin);
    const bool in_left = index < middle;
    CAIRN_ASSIGN(const Digest sibling, in_left ? range_root(middle, end, subtree) : range_root(begin, middle, subtree));
    path.push_back(sibling);
    (in_left ? end : begin) = middle;
  }
  return std::vector<Digest>(path.rbegin(), path.rend());
}

Result<std::vector<Digest>> consistency_path(std::uint64_t old_size, std::uint64_t size, const SubtreeHash& subtree) {
  if (old_size == 0 || old_size > size)
    return fail(ErrorCode::invalid,
                "no consistency proof from {} to {} entries: the older tree must have between 1 and {}", old_size, size,
                size);
  std::vector<Digest> path;
  std::uint64_t begin = 0, end = size;
  bool whole = true;  // the old tree's part of [begin, end) is the whole old tree, whose root the verifier has
  while (old_size != end) {
    const std::uint64_t middle = begin + split(end - begin);
    const bool in_left = old_size <= middle;
    CAIRN_ASSIGN(const Digest other, in_left ? range_root(middle, end, subtree) : range_root(begin, middle, subtree));
    path.push_back(other);
    if (!in_left) whole = false;
    (in_left ? end : begin) = middle;
  }
  if (!whole) {
    CAIRN_ASSIGN(const Digest last, range_root(begin, end, subtree));
    path.push_back(last);
  }
  return std::vector<Digest>(path.rbegin(), path.rend());
}

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> path,
                      const Digest& root) {
  if (index >= size) return false;
  std::uint64_t node = index, last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : path) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Digest& old_root, const Digest& root,
                        std::span<const Digest> path) {
  if (old_size > size) return false;
  if (old_size == 0) return path.empty() && old_root == empty_root();
  if (old_size == size) return path.empty() && old_root == root;
  std::vector<Digest> all(path.begin(), path.end());
  if (std::has_single_bit(old_size)) all.insert(all.begin(), old_root);
  if (all.empty()) return false;
  std::uint64_t node = old_size - 1, last = size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  Digest old_hash = all[0], hash = all[0];
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(all[i], old_hash);
      hash = node_hash(all[i], hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, all[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace cairn::ledger
