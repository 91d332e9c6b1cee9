#include "ledger/ledger.h"

#include <map>
#include <random>
#include <set>

#include "ledger/test_site.h"

namespace cairn::ledger {
namespace {

TEST(Ledger, AnAssetComesBackAsItWasCommitted) {
  const TestSite site;
  Ledger ledger = site.open();
  const AssetId root = add(ledger, "mailbox", {}, {put(site, "text")}).value();
  const AssetId model = add(ledger, "model", {root}).value();
  const Asset back = site.open().asset(model).value();
  EXPECT_EQ(back.manifest.name, "model");
  EXPECT_EQ(back.manifest.inputs, std::vector{root});
  EXPECT_EQ(back.manifest.author, ledger.site().key);
  EXPECT_EQ(ledger.permit_text(ledger.asset(root).value().manifest.permit).value(), "{\"permit\":\"pmailbox\"}");
  EXPECT_EQ(ledger.entry_of(model).value(), 2u);
  EXPECT_EQ(ledger.list().value().size(), 2u);
  EXPECT_EQ(ledger.list("model").value().size(), 0u);
  EXPECT_EQ(ledger.asset({sha256("none")}).error().code, ErrorCode::not_found);
}

TEST(Ledger, FindsByNameByIdAndByPrefixAndNeverGuesses) {
  const TestSite site;
  Ledger ledger = site.open();
  const AssetId one = add(ledger, "corpus").value();
  EXPECT_EQ(ledger.find("corpus").value(), one);
  EXPECT_EQ(ledger.find(one.hex()).value(), one);
  EXPECT_EQ(ledger.find(one.brief()).value(), one);
  EXPECT_EQ(ledger.find(one.hex().substr(0, 3)).error().code, ErrorCode::not_found);
  EXPECT_EQ(ledger.find("nothing").error().message, "no asset named \"nothing\", and none whose id begins so");
  EXPECT_EQ(ledger.find("'; DROP TABLE asset").error().code, ErrorCode::not_found);
  const AssetId two = add(ledger, "corpus").value();
  EXPECT_EQ(ledger.find("corpus").error().message,
            fmt::format("\"corpus\" fits 2 assets: {} (record-set \"corpus\"), {} (record-set \"corpus\")", two.brief(),
                        one.brief()));
  // Enough assets for two ids with one beginning.
  std::map<std::string, int> beginnings;
  std::string twice;
  for (int i = 0; twice.empty() && i < 2000; ++i)
    if (const std::string beginning = add(ledger, fmt::format("a{}", i)).value().hex().substr(0, 4);
        ++beginnings[beginning] == 2)
      twice = beginning;
  ASSERT_FALSE(twice.empty());
  EXPECT_EQ(ledger.find(twice).error().code, ErrorCode::invalid);
}

// Random graphs against the plain definitions of reachability and distance.
TEST(Ledger, LineageAgreesWithBruteForce) {
  const unsigned seed = 5;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  const TestSite site;
  Ledger ledger = site.open();
  constexpr std::size_t kAssets = 40;
  std::vector<AssetId> ids;
  std::vector<std::vector<int>> distance(kAssets, std::vector<int>(kAssets, 1000));
  for (std::size_t i = 0; i < kAssets; ++i) {
    std::set<std::size_t> parents;
    for (std::size_t n = i < 4 ? 0 : random() % 4; n > 0; --n) parents.insert(random() % i);
    std::vector<AssetId> inputs;
    distance[i][i] = 0;
    for (const std::size_t parent : parents) {
      inputs.push_back(ids[parent]);
      for (std::size_t a = 0; a < i; ++a) distance[a][i] = std::min(distance[a][i], distance[a][parent] + 1);
    }
    ids.push_back(add(ledger, fmt::format("n{}", i), inputs).value());
  }
  for (std::size_t a = 0; a < kAssets; ++a) {
    std::vector<AssetId> below, above;
    for (std::size_t b = 0; b < kAssets; ++b) {
      if (a != b && distance[a][b] < 1000) below.push_back(ids[b]);
      if (a != b && distance[b][a] < 1000) above.push_back(ids[b]);
      const auto path = ledger.path(ids[a], ids[b]).value();
      ASSERT_EQ(path.size(), distance[a][b] < 1000 ? static_cast<std::size_t>(distance[a][b]) + 1 : 0);
      for (std::size_t i = 1; i < path.size(); ++i) {
        const auto inputs = ledger.inputs(path[i]).value();
        EXPECT_NE(std::find(inputs.begin(), inputs.end(), path[i - 1]), inputs.end());
      }
    }
    EXPECT_EQ(ledger.descendants(ids[a]).value(), below);
    EXPECT_EQ(ledger.ancestors(ids[a]).value(), above);
  }
  EXPECT_TRUE(ledger.verify().value().ok()) << ledger.verify().value().to_text();
}

TEST(Ledger, SourcesAreTheNearestForEachPermitDeclared) {
  const TestSite site;
  Ledger ledger = site.open();
  const AssetId a = add(ledger, "a").value(), b = add(ledger, "b").value();
  const AssetId middle = add(ledger, "m", {a}).value();
  const AssetId top = add(ledger, "t", {middle, b}).value();
  const auto sources = ledger.sources(top).value();
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].asset, b);  // one step away; a is two
  EXPECT_EQ(sources[1].asset, a);
  EXPECT_FALSE(sources[0].undeclared);
}

TEST(Ledger, ARevocationReachesAllThatDescendsAndNothingElse) {
  const TestSite site;
  Ledger ledger = site.open();
  const AssetId mailbox = add(ledger, "mailbox").value(), books = add(ledger, "books").value();
  const AssetId base = add(ledger, "base", {books}).value();
  const AssetId module = add(ledger, "module", {base, mailbox}).value();
  const Revocation done = ledger.revoke(door(), mailbox, "withdrawn by its owner", "ada").value();
  EXPECT_EQ(done.epoch.value, 1u);
  EXPECT_EQ(ledger.epoch().value().value, 1u);
  EXPECT_EQ(ledger.revocations(module).value()[0].root, mailbox);
  EXPECT_EQ(ledger.revocations(mailbox).value()[0].reason, "withdrawn by its owner");
  EXPECT_TRUE(ledger.revocations(base).value().empty());
  EXPECT_TRUE(ledger.summary(module).value().revoked);
  EXPECT_EQ(ledger.revoke(door(), mailbox, "twice", "ada").error().message,
            mailbox.brief() + " is revoked already, since epoch 1");
  EXPECT_EQ(ledger.entry(ledger.head().value().size - 1).value().event, "revocation");
  EXPECT_TRUE(ledger.verify().value().ok()) << ledger.verify().value().to_text();
}

TEST(Ledger, ACommitFromBeforeARevocationIsStaleAndLeavesNothing) {
  const TestSite site;
  Ledger ledger = site.open();
  const AssetId root = add(ledger, "root").value();
  const auto permit = permit_named("all");
  Manifest manifest{
      .kind = "model", .name = "late", .step = "train", .inputs = {root}, .permit = permit.id, .actor = "test"};
  ASSERT_TRUE(ledger.revoke(door(), root, "no more", "test").has_value());
  const std::uint64_t size = ledger.head().value().size;
  EXPECT_EQ(ledger.commit(door(), manifest, {permit}, Epoch{0}).error().message,
            "permits have changed since: epoch 1, expected 0");
  EXPECT_EQ(ledger.head().value().size, size);
  manifest.inputs = {{sha256("none")}};
  EXPECT_EQ(ledger.commit(door(), manifest, {permit}, Epoch{1}).error().code, ErrorCode::not_found);
  EXPECT_EQ(ledger.head().value().size, size);
  EXPECT_EQ(ledger.list().value().size(), 1u);
}

}  // namespace
}  // namespace cairn::ledger
