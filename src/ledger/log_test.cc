#include "ledger/log.h"

#include <gtest/gtest.h>

#include <random>

#include "ledger/test_site.h"

namespace cairn::ledger {
namespace {

TEST(Log, HeadsAndProofsTravelAsJsonAndHoldWithoutTheSite) {
  const TestSite site;
  Ledger ledger = site.open();
  std::vector<TreeHead> heads;
  for (int i = 0; i < 20; ++i) {
    heads.push_back(ledger.head().value());
    ASSERT_TRUE(ledger.append(door(), "note", canonical(Json{{"n", i}})).has_value());
  }
  const TreeHead last = TreeHead::from_json(ledger.head().value().to_json()).value();
  EXPECT_TRUE(verify_head(last));
  for (const TreeHead& older : heads) {
    const auto proof = ConsistencyProof::from_json(ledger.prove_consistency(older.size).value().to_json()).value();
    EXPECT_TRUE(extends(last, older, proof)) << older.size;
    if (older.size > 1) {
      EXPECT_FALSE(extends(last, heads[older.size - 2], proof));
    }
  }
  for (std::uint64_t i = 0; i < last.size; ++i) {
    const auto proof = InclusionProof::from_json(ledger.prove_inclusion(i).value().to_json()).value();
    LogEntry entry = ledger.entry(i).value();
    EXPECT_TRUE(includes(last, entry, proof)) << i;
    entry.payload += " ";
    EXPECT_FALSE(includes(last, entry, proof)) << i;
  }
}

TEST(Log, AnEntryWithoutItsSaltTellsNothing) {
  const TestSite site;
  Ledger ledger = site.open();
  const auto same = canonical(Json{{"answer", "yes"}});
  ASSERT_TRUE(ledger.append(door(), "note", same).has_value());
  ASSERT_TRUE(ledger.append(door(), "note", same).has_value());
  const LogEntry one = ledger.entry(1).value(), two = ledger.entry(2).value();
  EXPECT_EQ(one.payload, two.payload);
  EXPECT_NE(one.commitment, two.commitment);
  EXPECT_EQ(leaf_of(one).find("yes"), std::string::npos);
  // Erased, it is still in the tree.
  LogEntry erased = one;
  erased.payload.clear();
  erased.salt = {};
  EXPECT_TRUE(includes(ledger.head().value(), erased, ledger.prove_inclusion(1).value()));
}

// Two histories under one key: each head is signed, and no proof joins them.
TEST(Log, ASplitIsFoundWhenTwoReadersCompare) {
  const TestSite site;
  { ASSERT_TRUE(site.open().append(door(), "note", "{}").has_value()); }
  std::filesystem::copy(site.root, site.folder.path() / "fork", std::filesystem::copy_options::recursive);
  Ledger here = site.open();
  Ledger there = Ledger::open(site.folder.path() / "fork", test_env()).value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(here.append(door(), "note", "{\"told\":\"ada\"}").has_value());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(there.append(door(), "note", "{\"told\":\"bob\"}").has_value());
  const TreeHead ours = here.head().value(), theirs = there.head().value();
  ASSERT_TRUE(verify_head(ours) && verify_head(theirs));
  EXPECT_FALSE(extends(ours, theirs, here.prove_consistency(theirs.size).value()));
}

TEST(Log, AHeadIsBoundToItsKeyAndEveryBit) {
  const TestSite site;
  const std::string text = site.open().head().value().to_json();
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const int bit : {1, 4}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      const auto head = TreeHead::from_json(changed);
      EXPECT_FALSE(head && verify_head(*head) && head->to_json() != text) << i;
    }
  EXPECT_EQ(TreeHead::from_json("{\"format\":\"x\"}").error().message, "format \"x\", expected \"cairn-head-1\"");
}

TEST(Log, ProofsOfWhatIsNotThereAreRefused) {
  const TestSite site;
  const Ledger ledger = site.open();
  EXPECT_EQ(ledger.prove_inclusion(5).error().message, "a tree of 1 entries has no entry 5");
  EXPECT_EQ(ledger.prove_consistency(1, 9).error().message, "the log has 1 entries, not 9");
  EXPECT_EQ(ledger.entry(7).error().message, "the log has no entry 7");
  EXPECT_EQ(ledger.entry(UINT64_MAX).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace cairn::ledger
