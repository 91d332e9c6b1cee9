// The record-set file of docs/formats/records.md: many records in blocks, plain or zstd, each block with its check.
// Not a database: it is written once, front to back, and read front to back. Bytes given to a reader are hostile.
// A writer or reader belongs to one thread.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "data/record.h"

namespace cairn::data {

enum class Packing { plain, zstd };

inline constexpr std::size_t kLargestRecord = std::size_t{64} << 20;  // bytes, encoded

class RecordWriter {
 public:
  using Sink = std::function<Status(ByteView)>;
  RecordWriter(Sink sink, Packing packing);
  // invalid: a record over kLargestRecord. Otherwise what the sink answers.
  Status add(const Record& record);
  // Writes what is left and the end mark. Call once, last; a file without it reads as cut short.
  Status finish();

 private:
  Status flush();
  Sink sink_;
  Packing packing_;
  Bytes block_;
  std::uint32_t in_block_ = 0;
  std::uint64_t total_ = 0;
  bool begun_ = false;
};

class RecordReader {
 public:
  // The bytes must outlive the reader. malformed: not a record set, or of a version this program does not read.
  static Result<RecordReader> open(ByteView file);
  // The next record, or nullopt after the last. malformed: offset of the block, what was expected and got.
  Result<std::optional<Record>> next();

 private:
  explicit RecordReader(ByteView file) : file_(file) {}
  Result<bool> load_block();  // false: the end mark was reached and is right
  ByteView file_;
  std::size_t at_ = 0;
  Bytes block_;
  std::size_t in_block_at_ = 0;
  std::uint32_t left_in_block_ = 0;
  std::uint64_t total_ = 0;
  bool ended_ = false;
};

// All at once.
Result<Bytes> write_records(std::span<const Record> records, Packing packing = Packing::zstd);
Result<std::vector<Record>> read_records(ByteView file);

}  // namespace cairn::data
