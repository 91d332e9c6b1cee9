#include "data/record_file.h"

#include <gtest/gtest.h>

#include <random>

namespace cairn::data {
namespace {

Record record(std::string source, std::string text) {
  Record r{{}, std::move(text), "/usr/share/doc/x/README", std::move(source), "document", "en", "MIT"};
  r.id = identify(r);
  return r;
}

std::vector<Record> some() {
  std::vector<Record> records{record("a", ""), record("b", std::string("bytes \0 and \xFF", 13))};
  for (int i = 0; i < 20; ++i) records.push_back(record("c", "text number " + std::to_string(i)));
  records[1].permit.clear();
  return records;
}

TEST(Record, ItsIdNamesSourceOriginAndText) {
  EXPECT_EQ(record("a", "x").id, record("a", "x").id);
  EXPECT_NE(record("a", "x").id, record("b", "x").id);
  EXPECT_NE(record("ab", "x").id, record("a", "bx").id);
}

TEST(RecordFile, GoesThereAndBackPlainAndPacked) {
  for (const Packing packing : {Packing::plain, Packing::zstd}) {
    EXPECT_EQ(read_records(write_records(some(), packing).value()).value(), some());
    EXPECT_TRUE(read_records(write_records({}, packing).value()).value().empty());
  }
}

TEST(RecordFile, HoldsManyBlocks) {
  std::vector<Record> many;
  std::mt19937 random(3);
  for (int i = 0; i < 400; ++i) {
    std::string text(10'000, '\0');
    for (char& c : text) c = static_cast<char>(random());
    many.push_back(record("s" + std::to_string(i), std::move(text)));
  }
  EXPECT_EQ(read_records(write_records(many, Packing::zstd).value()).value(), many);
}

TEST(RecordFile, TheSameRecordsHaveTheSameBytes) {
  EXPECT_EQ(write_records(some()).value(), write_records(some()).value());
}

TEST(RecordFile, AnyTruncationIsAnError) {
  for (const Packing packing : {Packing::plain, Packing::zstd}) {
    const Bytes good = write_records(some(), packing).value();
    for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(read_records(ByteView(good).first(n)).has_value()) << n;
  }
}

TEST(RecordFile, AnyFlippedBitIsAnError) {
  for (const Packing packing : {Packing::plain, Packing::zstd}) {
    Bytes bytes = write_records(some(), packing).value();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      const auto read = read_records(bytes);
      // A few bits of a zstd frame's header say nothing; what is read must then be what was written.
      if (read) {
        EXPECT_EQ(*read, some()) << "bit " << bit;
        EXPECT_EQ(packing, Packing::zstd) << "bit " << bit;
      }
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
  }
}

TEST(RecordFile, SaysWhatIsWrong) {
  Bytes good = write_records(some(), Packing::plain).value();
  EXPECT_EQ(read_records(as_bytes("hello")).error().message, "not a record set: expected \"CAIRNREC\" in front");
  EXPECT_EQ(read_records(ByteView(good).first(good.size() - 1)).error().message,
            fmt::format("block at offset {}: the record set is cut short there", good.size() - 32));
  good.push_back(0);
  EXPECT_EQ(read_records(good).error().message,
            fmt::format("1 bytes after the end mark at offset {}", good.size() - 33));
  good[8] = 9;
  EXPECT_EQ(read_records(good).error().message, "a record set of version 9: expected 1");
  good[8] = 1;
  good[60] ^= 1;
  EXPECT_EQ(read_records(good).error().message, "block at offset 12: its bytes do not have their check");
}

TEST(RecordFile, AWriterPassesItsSinksErrorOn) {
  RecordWriter writer([](ByteView) -> Status { return fail(ErrorCode::no_space, "the disk is full"); }, Packing::plain);
  ASSERT_TRUE(writer.add(some()[0]).has_value());
  EXPECT_EQ(writer.finish().error().message, "the disk is full");
}

}  // namespace
}  // namespace cairn::data
