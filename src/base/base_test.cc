#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/env.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"

namespace cairn {
namespace {

TEST(Digest, AgreesWithThePublishedVector) {
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Digest::parse(sha256("abc").hex()).value(), sha256("abc"));
  EXPECT_FALSE(Digest::parse("abc").has_value());
}

TEST(FolderLock, IsForOneAtATime) {
  const TemporaryFolder folder = TemporaryFolder::make("cairn-lock").value();
  {
    const FolderLock held = FolderLock::take(folder.path()).value();
    EXPECT_EQ(FolderLock::take(folder.path()).error().code, ErrorCode::busy);
  }
  EXPECT_TRUE(FolderLock::wait_for(folder.path()).has_value());
  EXPECT_EQ(FolderLock::take(folder.path() / "none").error().code, ErrorCode::not_found);
}

TEST(Bytes, HexGoesThereAndBackAndRefusesTheRest) {
  EXPECT_EQ(to_hex(from_hex("00ff7A").value()), "00ff7a");
  EXPECT_EQ(from_hex("0g").error().message, "no hexadecimal digit at offset 0");
}

TEST(Bytes, AReaderNeverReadsPastTheEnd) {
  const Bytes five(5);
  ByteReader reader(five);
  EXPECT_TRUE(reader.read<std::uint32_t>().has_value());
  EXPECT_EQ(reader.read<std::uint32_t>().error().message, "cut short at offset 4: expected 4 bytes more, got 1");
}

TEST(Json, SaysWhereItIsBroken) {
  EXPECT_EQ(parse_json("{\n \"a\": ]}").error().message, "not JSON: line 2, column 7");
  EXPECT_FALSE(parse_json(std::string(200, '[')).has_value());
  EXPECT_EQ(get_int(parse_json("{\"n\":\"1\"}").value(), "n").error().message, "\"n\": expected a whole number, got string");
}

TEST(Files, AWriteReplacesWholeAndLeavesNoTemporary) {
  const auto folder = TemporaryFolder::make("cairn-base").value();
  const auto path = folder.path() / "a";
  ASSERT_TRUE(write_file(path, "one").has_value());
  ASSERT_TRUE(write_file(path, "two").has_value());
  EXPECT_EQ(read_text(path).value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_EQ(as_text(MappedFile::open(path).value().bytes()), "two");
  EXPECT_EQ(read_text(folder.path() / "b").error().code, ErrorCode::not_found);
}

TEST(Files, AFullDiskIsItsOwnError) {
  EXPECT_EQ(write_file("/dev/full/x", "one").error().code, ErrorCode::failed);  // not a folder: an ordinary failure
  EXPECT_EQ(read_text("/proc").error().code, ErrorCode::failed);
}

TEST(Files, WhatIsTooLargeOrNoFileIsRefusedAtOnce) {
  const auto folder = TemporaryFolder::make("cairn-base").value();
  const auto path = folder.path() / "sparse", pipe = folder.path() / "pipe";
  ASSERT_TRUE(write_file(path, "one").has_value());
  std::filesystem::resize_file(path, std::uintmax_t{1} << 42);
  EXPECT_EQ(read_text(path, 1000).error().message, path.string() + " is larger than the 1000 bytes allowed here");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(MappedFile::open(pipe).error().code, ErrorCode::invalid);
  EXPECT_EQ(MappedFile::open(folder.path()).error().code, ErrorCode::invalid);
}

TEST(Files, WhatAWriteLeftIsKnownByItsName) {
  EXPECT_TRUE(is_unfinished("run.unfinished-aB3dE6", "run"));
  for (const char* other : {"run", "run.backup", "run.unfinished-aB3dE", "walk.unfinished-aB3dE6"})
    EXPECT_FALSE(is_unfinished(other, "run")) << other;
}

TEST(Env, TimesAreIso) { EXPECT_EQ(to_iso(TimePoint(Duration(1250))), "1970-01-01T00:00:01.250Z"); }

}  // namespace
}  // namespace cairn
