#include "ledger/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace cairn::ledger {
namespace {

std::vector<Digest> leaves(std::size_t n) {
  std::vector<Digest> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(leaf_hash(as_bytes(fmt::format("entry {}", i))));
  return out;
}

SubtreeHash over(const std::vector<Digest>& all) {
  return [&all](unsigned level, std::uint64_t index) -> Result<Digest> {
    return root_of(std::span(all).subspan(index << level, std::size_t{1} << level));
  };
}

// The reference vectors of the Certificate Transparency tree hash: eight entries, from empty to 16 bytes.
TEST(Merkle, AgreesWithThePublishedRoots) {
  const char* entries[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  std::vector<Digest> all;
  for (const char* hex : entries) all.push_back(leaf_hash(from_hex(hex).value()));
  EXPECT_EQ(root_of({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(root_of(std::span(all).first(1)).hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(root_of(std::span(all).first(2)).hex(), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  EXPECT_EQ(root_of(all).hex(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(Merkle, EveryProofOfEveryTreeUpTo70Holds) {
  const auto all = leaves(70);
  const auto subtree = over(all);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const Digest root = root_of(std::span(all).first(size));
    ASSERT_EQ(root_at(size, subtree).value(), root);
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = inclusion_path(index, size, subtree).value();
      ASSERT_LE(path.size(), static_cast<std::size_t>(std::bit_width(size)));
      ASSERT_TRUE(verify_inclusion(all[index], index, size, path, root)) << index << " of " << size;
    }
    for (std::size_t old = 1; old <= size; ++old) {
      const auto path = consistency_path(old, size, subtree).value();
      ASSERT_TRUE(verify_consistency(old, size, root_of(std::span(all).first(old)), root, path))
          << old << " to " << size;
    }
  }
}

TEST(Merkle, NoProofHoldsForAnythingElse) {
  const unsigned seed = 20;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  const auto all = leaves(64);
  const auto subtree = over(all);
  for (int round = 0; round < 2000; ++round) {
    const std::size_t size = 2 + random() % 63, index = random() % size, old = 1 + random() % (size - 1);
    const Digest root = root_of(std::span(all).first(size)), old_root = root_of(std::span(all).first(old));
    auto path = inclusion_path(index, size, subtree).value();
    const std::size_t other = (index + 1 + random() % (size - 1)) % size;
    EXPECT_FALSE(verify_inclusion(all[other], index, size, path, root));
    EXPECT_FALSE(verify_inclusion(all[index], other, size, path, root) && other != index);
    path[random() % path.size()].bytes[random() % 32] ^= static_cast<std::uint8_t>(1u << random() % 8);
    EXPECT_FALSE(verify_inclusion(all[index], index, size, path, root));
    path.push_back(root);
    EXPECT_FALSE(verify_inclusion(all[index], index, size, path, root));

    auto steps = consistency_path(old, size, subtree).value();
    auto wrong_root = old_root;
    wrong_root.bytes[random() % 32] ^= 1;
    EXPECT_FALSE(verify_consistency(old, size, wrong_root, root, steps));
    EXPECT_FALSE(verify_consistency(old, size, old_root, old_root, steps));
    if (steps.empty()) continue;
    const auto whole = steps;
    steps[random() % steps.size()].bytes[random() % 32] ^= static_cast<std::uint8_t>(1u << random() % 8);
    EXPECT_FALSE(verify_consistency(old, size, old_root, root, steps));
    EXPECT_FALSE(verify_consistency(old, size, old_root, root, std::span(whole).first(whole.size() - 1)));
  }
}

TEST(Merkle, RefusesWhatIsOutsideTheTree) {
  const auto all = leaves(4);
  EXPECT_EQ(inclusion_path(4, 4, over(all)).error().message, "a tree of 4 entries has no entry 4");
  EXPECT_EQ(consistency_path(0, 4, over(all)).error().message,
            "no consistency proof from 0 to 4 entries: the older tree must have between 1 and 4");
  EXPECT_FALSE(consistency_path(5, 4, over(all)).has_value());
  EXPECT_TRUE(verify_consistency(0, 4, empty_root(), root_of(all), {}));
}

}  // namespace
}  // namespace cairn::ledger
