#include "data/text_folder.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace cairn::data {
namespace {

class TextFolderTest : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) {
    const auto path = root_ / name;
    ASSERT_TRUE(make_folder(path.parent_path()).has_value());
    ASSERT_TRUE(write_file(path, text).has_value());
  }
  TemporaryFolder folder_ = TemporaryFolder::make("cairn-text-folder").value();
  std::filesystem::path root_ = folder_.path() / "notes";
};

TEST_F(TextFolderTest, EachTextIsARecordWithItsPathBelowTheFolder) {
  write("b.md", "# Second\n");
  write("a.txt", "First.\n");
  write("deep/er/C.RST", "Third.\n");
  const TextFolder read = read_text_folder(root_, "notes").value();
  ASSERT_EQ(read.records.size(), 3U);
  EXPECT_EQ(read.records[0].origin, "a.txt");
  EXPECT_EQ(read.records[1].origin, "b.md");
  EXPECT_EQ(read.records[2].origin, "deep/er/C.RST");
  EXPECT_EQ(read.records[0].text, "First.\n");
  EXPECT_EQ(read.records[0].source, "notes");
  EXPECT_EQ(read.records[0].kind, "document");
  EXPECT_EQ(read.records[0].id, identify(read.records[0]));
  EXPECT_TRUE(read.records[0].permit.empty());
  EXPECT_TRUE(read.skipped.empty());
}

TEST_F(TextFolderTest, WhatIsNoTextIsCountedByReason) {
  write("a.txt", "text");
  write("image.png", "png");
  write("zero.txt", std::string_view("a\0b", 3));
  write("blank.md", " \n\t\n");
  write("large.txt", std::string(100, 'x'));
  write(".git/config.txt", "hidden");
  write(".notes.txt", "hidden");
  std::filesystem::create_symlink("/etc/passwd", root_ / "link.txt");
  const TextFolder read = read_text_folder(root_, "notes", {.largest_file = 50}).value();
  EXPECT_EQ(read.records.size(), 1U);
  const std::map<std::string, std::uint64_t> expected{{"a symbolic link", 1}, {"binary", 1},
                                                      {"empty", 1},           {"hidden", 2},
                                                      {"too large", 1},       {"not text or Markdown", 1}};
  EXPECT_EQ(read.skipped, expected);
}

TEST_F(TextFolderTest, TextThatIsNotUtf8IsReadAsLatin1) {
  write("a.txt", "caf\xE9");
  EXPECT_EQ(read_text_folder(root_, "notes").value().records[0].text, "caf\xC3\xA9");
}

TEST_F(TextFolderTest, ErrorsNameThePath) {
  write("a.txt", "text");
  write("b.txt", "text");
  EXPECT_EQ(read_text_folder(root_ / "none", "n").error().message, "there is no folder " + (root_ / "none").string());
  EXPECT_EQ(read_text_folder(root_ / "none", "n").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_text_folder(root_ / "a.txt", "n").error().message,
            (root_ / "a.txt").string() + " is a file, expected a folder");
  EXPECT_EQ(read_text_folder(root_, "n", {.most_files = 1}).error().message,
            root_.string() + " holds more than 1 texts");
}

}  // namespace
}  // namespace cairn::data
