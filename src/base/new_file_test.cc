#include "base/new_file.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace cairn {
namespace {

std::size_t entries(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(NewFile, AppearsWholeOrNotAtAll) {
  const TemporaryFolder folder = TemporaryFolder::make("cairn-new").value();
  const auto path = folder.path() / "out.bin";
  {
    NewFile file = NewFile::create(path).value();
    ASSERT_TRUE(file.append(as_bytes("one, ")));
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(entries(folder.path()), 1U);
  }
  EXPECT_EQ(entries(folder.path()), 0U);  // dropped: nothing is left
  NewFile file = NewFile::create(path).value();
  ASSERT_TRUE(file.append(as_bytes("one, ")));
  NewFile moved = std::move(file);
  ASSERT_TRUE(moved.append(as_bytes("two")));
  ASSERT_TRUE(moved.commit());
  EXPECT_EQ(read_text(path).value(), "one, two");
  EXPECT_EQ(entries(folder.path()), 1U);
  EXPECT_EQ(NewFile::create(path).error().message, path.string() + " is there already");
  EXPECT_EQ(NewFile::create(folder.path() / "none" / "x").error().code, ErrorCode::not_found);
}

TEST(NewFile, ReplacesNothingThatCameMeanwhile) {
  const TemporaryFolder folder = TemporaryFolder::make("cairn-new").value();
  const auto path = folder.path() / "out.bin";
  NewFile file = NewFile::create(path).value();
  ASSERT_TRUE(write_file(path, "another's"));
  EXPECT_EQ(file.commit().error().code, ErrorCode::invalid);
  EXPECT_EQ(read_text(path).value(), "another's");
}

TEST(NewFolder, AppearsWithAllItsFilesOrNotAtAll) {
  const TemporaryFolder folder = TemporaryFolder::make("cairn-new").value();
  const auto path = folder.path() / "model";
  {
    const NewFolder dropped = NewFolder::create(path).value();
    ASSERT_TRUE(write_file(dropped.folder() / "a", "1"));
  }
  EXPECT_EQ(entries(folder.path()), 0U);
  NewFolder made = NewFolder::create(path.string() + "/").value();
  ASSERT_TRUE(write_file(made.folder() / "a", "1"));
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(made.commit());
  EXPECT_EQ(read_text(path / "a").value(), "1");
  EXPECT_EQ(NewFolder::create(path).error().message, path.string() + " is there already");
}

}  // namespace
}  // namespace cairn
