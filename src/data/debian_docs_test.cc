#include "data/debian_docs.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace cairn::data {
namespace {

constexpr std::string_view kMit =
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: me\nLicense: "
    "MIT\n";

const Env& env() {
  static const Env e{system_clock(), system_entropy()};
  return e;
}

// A small Debian: packages alpha (MIT), beta (prose copyright) and gamma:amd64 (its folder a link to alpha's).
class Debian {
 public:
  Debian() {
    settings.doc = folder_.path() / "doc";
    settings.man = folder_.path() / "man";
    settings.dpkg_info = folder_.path() / "info";
    settings.least_text = 5;
    put("doc/alpha/copyright", kMit, "alpha");
    put("doc/alpha/README.md", "# Alpha\n\nreads well", "alpha");
    put("doc/alpha/guide/index.html", "<p>A guide.</p>", "alpha");
    put("doc/alpha/changelog.Debian.gz", "x", "alpha");
    put("doc/alpha/README.de", "auf Deutsch", "alpha");
    put("doc/alpha/picture.txt", std::string_view("PNG\0\0\0\0", 7), "alpha");
    put("doc/alpha/broken.txt.gz", "not gzip at all", "alpha");
    put("doc/alpha/data.json", "{}", "alpha");
    put("man/man1/alpha.1", ".SH NAME\nalpha \\- first", "alpha");
    put("man/man1/alias.1", ".so man1/alpha.1\n", "alpha");
    put("man/de/man1/alpha.1", ".SH NAME\nalpha \\- zuerst", "alpha");
    put("doc/beta/copyright", "This is free software.\n", "beta");
    put("doc/beta/INTRO", "An introduction.", "beta");
    lists_["gamma:amd64"] += (settings.doc / "gamma").string() + "\n";
    std::filesystem::create_symlink("alpha", settings.doc / "gamma");
    put("man/man7/gamma.7", "gamma is last", "gamma:amd64");
    lists_["alpha"] += (settings.doc / "alpha/gone.txt").string() + "\n";
    for (const auto& [package, list] : lists_) {
      EXPECT_TRUE(make_folder(settings.dpkg_info).has_value());
      EXPECT_TRUE(write_file(settings.dpkg_info / (package + ".list"), list).has_value());
    }
  }

  DebianDocsSettings settings;

 private:
  void put(const std::string& path, std::string_view text, const std::string& package) {
    const auto full = folder_.path() / path;
    EXPECT_TRUE(make_folder(full.parent_path()).has_value());
    EXPECT_TRUE(write_file(full, text).has_value());
    lists_[package] += full.string() + "\n";
  }
  TemporaryFolder folder_ = TemporaryFolder::make("cairn-debian").value();
  std::map<std::string, std::string> lists_;
};

TEST(DebianDocs, ReadsEachDocumentWithItsPackageAndLicence) {
  const Debian debian;
  const DebianDocs docs = read_debian_docs(debian.settings, env()).value();
  std::vector<std::string> found;
  for (const Record& r : docs.records)
    found.push_back(r.source + " " + r.origin.substr(debian.settings.doc.parent_path().string().size()) + " " + r.kind +
                    " " + r.permit);
  EXPECT_EQ(found, (std::vector<std::string>{
                       "alpha /doc/alpha/README.md document MIT", "alpha /doc/alpha/guide/index.html document MIT",
                       "alpha /man/man1/alpha.1 manual MIT", "beta /doc/beta/INTRO document unknown",
                       "gamma /man/man7/gamma.7 manual MIT"}));
  EXPECT_EQ(docs.records[2].text, "NAME\nalpha - first\n\n");
  EXPECT_EQ(docs.packages.at("alpha").records, 3U);
  EXPECT_TRUE(docs.packages.at("beta").licence.unknown_because.ends_with(
      "not machine-readable: it does not begin with Format:"));
}

TEST(DebianDocs, CountsWhatItLeavesOut) {
  const Debian debian;
  const DebianDocs docs = read_debian_docs(debian.settings, env()).value();
  EXPECT_EQ(docs.skipped, (std::map<std::string, std::uint64_t>{
                              {"binary", 1}, {"listed but not installed", 1}, {"too short", 1}, {"unreadable", 1}}));
  ASSERT_EQ(docs.errors.size(), 2U);
  EXPECT_TRUE(docs.errors[0].ends_with("broken.txt.gz: not gzip, or damaged: incorrect header check"))
      << docs.errors[0];
  EXPECT_TRUE(docs.errors[1].ends_with("picture.txt: binary")) << docs.errors[1];
}

TEST(DebianDocs, ReadsOnlyThePackagesAskedFor) {
  Debian debian;
  debian.settings.packages = {"beta"};
  EXPECT_EQ(read_debian_docs(debian.settings, env()).value().records.size(), 1U);
  debian.settings.packages = {"beta", "omega"};
  const auto error = read_debian_docs(debian.settings, env()).error();
  EXPECT_EQ(error.message, "package omega owns no documentation here");
  EXPECT_EQ(error.hint, "apt-get install omega");
}

TEST(DebianDocs, SaysWhatIsMissing) {
  const auto folder = TemporaryFolder::make("cairn-debian").value();
  DebianDocsSettings settings{.doc = folder.path() / "d", .man = folder.path() / "m", .dpkg_info = folder.path() / "i"};
  EXPECT_EQ(read_debian_docs(settings, env()).error().message,
            fmt::format("neither {} nor {} is there", settings.doc.string(), settings.man.string()));
  ASSERT_TRUE(make_folder(settings.doc).has_value());
  EXPECT_EQ(read_debian_docs(settings, env()).error().message,
            settings.dpkg_info.string() + ": No such file or directory");
}

}  // namespace
}  // namespace cairn::data
