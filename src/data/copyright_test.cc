#include "data/copyright.h"

#include <gtest/gtest.h>

#include <random>

#include "base/files.h"

namespace cairn::data {
namespace {

constexpr std::string_view kExample = R"(Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Example
Source: https://example.org/

# a comment
Files: *
Copyright: 2001, A. Author
           2002, B. Author
License: GPL-2+  with   OpenSSL exception
 The text of it.
 .
 More of it.

Files: lib/*.c
       lib/*.h
Copyright: 1999, C. Author
License: MIT

Files: doc/*
Copyright: 2003, D. Author
License: MIT

Files: debian/*
Copyright: 2010, Packager
License: GPL-3+

License: MIT
 Permission is hereby granted ...
)";

std::string error_of(std::string_view text) {
  const auto parsed = parse_copyright(text, "c");
  return parsed ? "(parsed)" : parsed.error().message;
}

constexpr std::string_view kFormat = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";
std::string with_format(std::string_view rest) {
  return std::string(kFormat) + std::string(rest);
}

TEST(Copyright, ReadsStanzasWithTheirPlaces) {
  const auto file = parse_copyright(kExample, "/usr/share/doc/example/copyright").value();
  ASSERT_EQ(file.stanzas.size(), 4U);
  EXPECT_EQ(file.stanzas[0].licence, "GPL-2+ with OpenSSL exception");
  EXPECT_EQ(file.stanzas[0].copyright, "2001, A. Author\n2002, B. Author");
  EXPECT_EQ(file.stanzas[0].line, 6U);
  EXPECT_EQ(file.stanzas[0].licence_line, 9U);
  EXPECT_EQ(file.stanzas[1].files, (std::vector<std::string>{"lib/*.c", "lib/*.h"}));
}

TEST(Copyright, APackageIsUnderAllItsStanzasButThePackaging) {
  const auto package = licence_of_package(parse_copyright(kExample, "/d/copyright").value());
  ASSERT_EQ(package.licences.size(), 2U);
  EXPECT_EQ(package.permit_class(), "GPL-2+ with OpenSSL exception & MIT");
  EXPECT_EQ(package.licences[1].places,
            (std::vector<Place>{{"/d/copyright", 17, "License"}, {"/d/copyright", 21, "License"}}));
  EXPECT_EQ(package.licences[0].places[0].to_text(), "/d/copyright:9 (License)");
}

TEST(Copyright, OnlyTheStanzaThatNamesThePackagingAloneIsLeftOut) {
  const auto one = [](std::string_view files) {
    return licence_of_package(
               parse_copyright(
                   with_format(fmt::format("\nFiles: *\nLicense: MIT\n\nFiles: {}\nLicense: GPL-3\n", files)), "c")
                   .value())
        .permit_class();
  };
  EXPECT_EQ(one("debian/*"), "MIT");
  EXPECT_EQ(one("./debian/*"), "MIT");
  EXPECT_EQ(one("debian/foo.1"), "GPL-3 & MIT");  // a manual page written for Debian is installed
  EXPECT_EQ(one("debian/* src/x"), "GPL-3 & MIT");
}

TEST(Copyright, TheHeadersLicenceHoldsForTheWhole) {
  const auto package =
      licence_of_package(parse_copyright(with_format("License: GPL-3+\n\nFiles: *\nLicense: MIT\n"), "c").value());
  EXPECT_EQ(package.permit_class(), "GPL-3+ & MIT");
}

TEST(Copyright, WhatTheFileDoesNotSayIsUnknown) {
  const auto nameless =
      licence_of_package(parse_copyright(with_format("\nFiles: *\nLicense:\n some text\n"), "c").value());
  EXPECT_EQ(nameless.unknown_because, "c:4: License: has no short name");
  EXPECT_EQ(nameless.permit_class(), "unknown");
  const auto packaging =
      licence_of_package(parse_copyright(with_format("\nFiles: debian/*\nLicense: MIT\n"), "c").value());
  EXPECT_EQ(packaging.unknown_because, "c: only debian/* has a licence");
}

TEST(Copyright, SaysWhereItIsBroken) {
  EXPECT_EQ(error_of("This package was debianized by ...\n"),
            "c: not machine-readable: it does not begin with Format:");
  EXPECT_EQ(error_of(""), "c: not machine-readable: it does not begin with Format:");
  EXPECT_EQ(error_of("Format: SPDX\n"), "c:1: not machine-readable: its format is \"SPDX\"");
  EXPECT_EQ(error_of(with_format("\nFiles: *\nCopyright: me\n")), "c:3: Files: without License: in its paragraph");
  EXPECT_EQ(error_of(with_format("\nFiles: *\nLicense: MIT\nno field here\n")),
            "c:5: expected \"Field: value\", got \"no field here\"");
  EXPECT_EQ(error_of(with_format("\n indented\n")), "c:3: expected \"Field: value\", got an indented line after none");
  EXPECT_EQ(error_of(with_format("\nFiles: *\nLicense: MIT\nlicense: GPL-2\n")),
            "c:5: field license a second time (first in line 4)");
  EXPECT_EQ(error_of(with_format("\nFiles:\nLicense: MIT\n")), "c:3: Files: names nothing");
  EXPECT_EQ(error_of(with_format("\nComment: x\n")), "c:3: a paragraph with neither Files: nor License:");
  EXPECT_EQ(error_of(kFormat), "c:1: no paragraph with Files:");
  EXPECT_EQ(error_of(with_format("\nFiles: *\nLicense: M\xFFT\n")), "c:4: not UTF-8");
}

TEST(Copyright, SurvivesAnyDamage) {
  for (std::size_t n = 0; n < kExample.size(); ++n) {
    const auto parsed = parse_copyright(kExample.substr(0, n), "c");
    if (parsed) {
      EXPECT_FALSE(parsed->stanzas.empty());
    }
  }
  std::mt19937 random(5);
  for (int round = 0; round < 5000; ++round) {
    std::string bad(kExample);
    for (int i = 0; i < 3; ++i)
      bad[random() % bad.size()] =
          "\n :*#\xFF"
          "aF"[random() % 8];
    const auto parsed = parse_copyright(bad, "c");
    if (!parsed) {
      EXPECT_TRUE(parsed.error().message.starts_with("c:")) << "round " << round;
      continue;
    }
    const auto package = licence_of_package(*parsed);
    EXPECT_EQ(package.known(), !package.licences.empty()) << "round " << round;
  }
}

TEST(Copyright, FollowsLinksInsideTheRootAndNoOthers) {
  const auto folder = TemporaryFolder::make("cairn-copyright").value();
  const auto root = folder.path() / "doc";
  ASSERT_TRUE(make_folder(root / "real").has_value());
  ASSERT_TRUE(make_folder(root / "linked-file").has_value());
  ASSERT_TRUE(make_folder(root / "outside").has_value());
  ASSERT_TRUE(write_file(root / "real" / "copyright", kExample).has_value());
  ASSERT_TRUE(write_file(folder.path() / "elsewhere", kExample).has_value());
  std::filesystem::create_symlink("real", root / "linked-folder");
  std::filesystem::create_symlink("../real/copyright", root / "linked-file" / "copyright");
  std::filesystem::create_symlink("../../elsewhere", root / "outside" / "copyright");
  for (const char* package : {"real", "linked-folder", "linked-file"})
    EXPECT_TRUE(licence_of_package(root, package).known()) << package;
  for (const char* package : {"outside", "absent", "..", "a/b", ""})
    EXPECT_FALSE(licence_of_package(root, package).known()) << package;
  EXPECT_EQ(licence_of_package(root, "absent").unknown_because,
            (root / "absent" / "copyright").string() + ": not there, or a link that leads elsewhere");
}

}  // namespace
}  // namespace cairn::data
