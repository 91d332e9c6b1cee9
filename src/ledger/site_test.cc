#include "ledger/site.h"

#include <sys/stat.h>

#include "ledger/test_site.h"

namespace cairn::ledger {
namespace {

TEST(Site, OpensAsItWasMade) {
  const TestSite site;
  const Site opened = open_site(site.root).value();
  EXPECT_EQ(opened.name, "test");
  EXPECT_EQ(site.open().site().key, opened.key);
  EXPECT_EQ(site.open().head().value().size, 1u);
}

TEST(Site, RefusesWhatIsThereAlready) {
  const TestSite site;
  EXPECT_EQ(make_site(site.root, "again", test_env()).error().message, site.root.string() + " is a site already");
  ASSERT_TRUE(write_file(site.folder.path() / "letter", "x").has_value());
  EXPECT_EQ(make_site(site.folder.path(), "x", test_env()).error().code, ErrorCode::invalid);
  EXPECT_EQ(make_site(site.folder.path() / "b", "a\nb", test_env()).error().code, ErrorCode::invalid);
}

TEST(Site, NoSiteIsNotABrokenOne) {
  const TestSite site;
  const Error none = open_site(site.folder.path()).error();
  EXPECT_EQ(none.code, ErrorCode::not_found);
  EXPECT_EQ(none.message, "no site at " + site.folder.path().string() + ": it has no site.json");
  EXPECT_EQ(none.hint, "make one with `cairn init`, or name one with --site DIR");
  ASSERT_TRUE(write_file(site.root / "site.json", "{\"format\":2}").has_value());
  EXPECT_EQ(open_site(site.root).error().code, ErrorCode::unsupported);
  ASSERT_TRUE(write_file(site.root / "site.json", "{").has_value());
  EXPECT_EQ(open_site(site.root).error().message, (site.root / "site.json").string() + ": not JSON: line 1, column 2");
}

TEST(Site, AnInterruptedInitStartsAgainButALedgerIsNeverThrownAway) {
  const TestSite site;
  std::filesystem::remove(site.root / "site.json");
  EXPECT_TRUE(make_site(site.root, "second", test_env()).has_value());
  {
    Ledger ledger = site.open();
    ASSERT_TRUE(add(ledger, "precious").has_value());
  }
  std::filesystem::remove(site.root / "site.json");
  EXPECT_EQ(make_site(site.root, "third", test_env()).error().message,
            site.root.string() + " holds a ledger of 2 log entries, but no site.json");
}

TEST(Site, AChangedKeyIsFound) {
  const TestSite site;
  ASSERT_TRUE(write_file(site.root / "keys" / "site.key", std::string(64, '1') + "\n").has_value());
  EXPECT_EQ(Ledger::open(site.root, test_env()).error().message,
            site.root.string() + ": keys/site.key is not the key that site.json names");
  ASSERT_EQ(::chmod((site.root / "keys" / "site.key").c_str(), 0640), 0);
  EXPECT_EQ(Ledger::open(site.root, test_env()).error().code, ErrorCode::failed);
}

}  // namespace
}  // namespace cairn::ledger
