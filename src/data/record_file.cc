#include "data/record_file.h"

#include <zstd.h>

#include <array>
#include <limits>

namespace cairn::data {
namespace {

constexpr std::string_view kMagic = "CAIRNREC";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;  // a block is closed once it has this many
constexpr std::size_t kLargestBlock = kLargestRecord + kBlockBytes;
constexpr int kLevel = 3;

enum class Codec : std::uint32_t { end = 0, plain = 1, zstd = 2 };

struct BlockHead {
  Codec codec = Codec::end;
  std::uint32_t records = 0;
  std::uint64_t plain_bytes = 0;  // at the end mark: records in the whole file
  std::uint64_t stored_bytes = 0;
};
static_assert(sizeof(BlockHead) == 24);
using Check = std::array<std::uint8_t, 8>;

// The first bytes of SHA-256 over the head and the plain bytes: against decay; against people the blob's digest stands.
Check check_of(const BlockHead& head, ByteView plain) {
  Bytes raw;
  append(raw, head);
  Sha256 hash;
  hash.update(raw);
  hash.update(plain);
  const Digest digest = hash.finish();
  Check out{};
  std::copy_n(digest.bytes.begin(), out.size(), out.begin());
  return out;
}

// Field ids are permanent. A reader refuses an unknown id below kOptionalFrom and skips one above it.
constexpr std::uint8_t kOptionalFrom = 128;
struct Field {
  std::uint8_t id;
  std::string Record::*member;
};
constexpr Field kFields[] = {{2, &Record::text}, {3, &Record::origin},   {4, &Record::source},
                             {5, &Record::kind}, {6, &Record::language}, {7, &Record::permit}};
constexpr std::uint8_t kIdField = 1;

void append_field(Bytes& out, std::uint8_t id, ByteView value) {
  append(out, id);
  append(out, static_cast<std::uint32_t>(value.size()));
  out.insert(out.end(), value.begin(), value.end());
}

Status set_field(Record& record, std::uint8_t id, ByteView value) {
  if (id == kIdField) {
    if (value.size() != record.id.digest.bytes.size())
      return fail(ErrorCode::malformed, "field 1 (id): expected 32 bytes, got {}", value.size());
    std::copy(value.begin(), value.end(), record.id.digest.bytes.begin());
    return {};
  }
  for (const auto& field : kFields)
    if (field.id == id) {
      record.*field.member = as_text(value);
      return {};
    }
  if (id < kOptionalFrom)
    return fail_with_hint(ErrorCode::malformed, fmt::format("field {} is not known to this version", id),
                          "read it with a newer Cairn");
  return {};
}

Result<Record> parse_record(ByteView bytes) {
  ByteReader reader(bytes);
  Record record;
  int last = 0;
  while (reader.left() > 0) {
    CAIRN_ASSIGN(const std::uint8_t id, reader.read<std::uint8_t>());
    if (id <= last) return fail(ErrorCode::malformed, "field {} after field {}: expected rising ids", id, last);
    last = id;
    CAIRN_ASSIGN(const std::uint32_t size, reader.read<std::uint32_t>());
    CAIRN_ASSIGN(const ByteView value, reader.take(size));
    CAIRN_TRY(set_field(record, id, value));
  }
  if (record.id == RecordId{}) return fail(ErrorCode::malformed, "a record without an id");
  return record;
}

Result<Bytes> unpack(const BlockHead& head, ByteView stored, std::size_t offset) {
  if (head.codec == Codec::plain) {
    if (head.stored_bytes != head.plain_bytes)
      return fail(ErrorCode::malformed, "block at offset {}: {} bytes stored for {}", offset, head.stored_bytes,
                  head.plain_bytes);
    return Bytes(stored.begin(), stored.end());
  }
  // The head may lie about the size; zstd's own frame says it too, and both must agree before memory is taken.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != head.plain_bytes)
    return fail(ErrorCode::malformed, "block at offset {}: not a zstd frame of {} bytes", offset, head.plain_bytes);
  Bytes plain(head.plain_bytes);
  const std::size_t n = ZSTD_decompress(plain.data(), plain.size(), stored.data(), stored.size());
  if (ZSTD_isError(n) || n != plain.size())
    return fail(ErrorCode::malformed, "block at offset {}: zstd answers \"{}\"", offset,
                ZSTD_isError(n) ? ZSTD_getErrorName(n) : "too short");
  return plain;
}

}  // namespace

RecordWriter::RecordWriter(Sink sink, Packing packing) : sink_(std::move(sink)), packing_(packing) {}

Status RecordWriter::add(const Record& record) {
  Bytes encoded;
  std::size_t size = 5 + record.id.digest.bytes.size();
  for (const auto& field : kFields) size += 5 + (record.*field.member).size();
  if (size > kLargestRecord)
    return fail(ErrorCode::invalid, "record {} ({}) has {} bytes: at most {}", record.id.brief(), record.origin, size,
                kLargestRecord);
  append_field(encoded, kIdField, record.id.digest.bytes);
  for (const auto& field : kFields)
    if (!(record.*field.member).empty()) append_field(encoded, field.id, as_bytes(record.*field.member));
  append(block_, static_cast<std::uint32_t>(encoded.size()));
  block_.insert(block_.end(), encoded.begin(), encoded.end());
  ++in_block_;
  ++total_;
  return block_.size() >= kBlockBytes ? flush() : Status{};
}

Status RecordWriter::flush() {
  Bytes out;
  if (!begun_) {
    out.insert(out.end(), kMagic.begin(), kMagic.end());
    append(out, kVersion);
    begun_ = true;
  }
  if (in_block_ > 0) {
    BlockHead head{Codec::plain, in_block_, block_.size(), block_.size()};
    Bytes packed;
    if (packing_ == Packing::zstd) {
      packed.resize(ZSTD_compressBound(block_.size()));
      const std::size_t n = ZSTD_compress(packed.data(), packed.size(), block_.data(), block_.size(), kLevel);
      if (ZSTD_isError(n))
        return fail(ErrorCode::failed, "compressing {} bytes: {}", block_.size(), ZSTD_getErrorName(n));
      packed.resize(n);
      head.codec = Codec::zstd;
      head.stored_bytes = n;
    }
    append(out, head);
    append(out, check_of(head, block_));
    const Bytes& body = packing_ == Packing::zstd ? packed : block_;
    out.insert(out.end(), body.begin(), body.end());
    block_.clear();
    in_block_ = 0;
  }
  return out.empty() ? Status{} : sink_(out);
}

Status RecordWriter::finish() {
  CAIRN_TRY(flush());
  const BlockHead head{Codec::end, 0, total_, 0};
  Bytes out;
  append(out, head);
  append(out, check_of(head, {}));
  return sink_(out);
}

Result<RecordReader> RecordReader::open(ByteView file) {
  ByteReader bytes(file);
  const auto magic = bytes.take(kMagic.size());
  if (!magic || as_text(*magic) != kMagic)
    return fail(ErrorCode::malformed, "not a record set: expected \"{}\" in front", kMagic);
  CAIRN_ASSIGN(const std::uint32_t version, bytes.read<std::uint32_t>());
  if (version != kVersion)
    return fail_with_hint(ErrorCode::malformed,
                          fmt::format("a record set of version {}: expected {}", version, kVersion),
                          "read it with the Cairn that wrote it");
  RecordReader reader(file);
  reader.at_ = bytes.at();
  return reader;
}

Result<bool> RecordReader::load_block() {
  const std::size_t offset = at_;
  ByteReader bytes(file_.subspan(at_));
  const auto cut_short = [&] {
    return fail(ErrorCode::malformed, "block at offset {}: the record set is cut short there", offset);
  };
  const auto head = bytes.read<BlockHead>();
  const auto check = bytes.read<Check>();
  if (!head || !check) return cut_short();
  if (head->codec == Codec::end) {
    if (head->records != 0 || head->stored_bytes != 0 || *check != check_of(*head, {}))
      return fail(ErrorCode::malformed, "end mark at offset {}: its check is wrong", offset);
    if (head->plain_bytes != total_)
      return fail(ErrorCode::malformed, "end mark at offset {}: {} records promised, {} read", offset,
                  head->plain_bytes, total_);
    if (bytes.left() > 0)
      return fail(ErrorCode::malformed, "{} bytes after the end mark at offset {}", bytes.left(), offset);
    ended_ = true;
    return false;
  }
  if (head->codec != Codec::plain && head->codec != Codec::zstd)
    return fail(ErrorCode::malformed, "block at offset {}: unknown packing {}", offset,
                static_cast<std::uint32_t>(head->codec));
  if (head->plain_bytes > kLargestBlock || head->records == 0)
    return fail(ErrorCode::malformed, "block at offset {}: {} records in {} bytes; at most {} bytes", offset,
                head->records, head->plain_bytes, kLargestBlock);
  const auto stored = bytes.take(head->stored_bytes);
  if (!stored) return cut_short();
  CAIRN_ASSIGN(block_, unpack(*head, *stored, offset));
  if (*check != check_of(*head, block_))
    return fail(ErrorCode::malformed, "block at offset {}: its bytes do not have their check", offset);
  at_ += bytes.at();
  in_block_at_ = 0;
  left_in_block_ = head->records;
  return true;
}

Result<std::optional<Record>> RecordReader::next() {
  if (ended_) return std::nullopt;
  if (left_in_block_ == 0) {
    CAIRN_ASSIGN(const bool more, load_block());
    if (!more) return std::nullopt;
  }
  const auto wrong = [&](Error error) {
    return fail(std::move(error).within(fmt::format("record {}, before offset {}", total_ + 1, at_)));
  };
  ByteReader bytes(ByteView(block_).subspan(in_block_at_));
  const auto size = bytes.read<std::uint32_t>();
  if (!size) return wrong(size.error());
  const auto encoded = bytes.take(*size);
  if (!encoded) return wrong(encoded.error());
  auto record = parse_record(*encoded);
  if (!record) return wrong(record.error());
  in_block_at_ += bytes.at();
  --left_in_block_;
  ++total_;
  if (left_in_block_ == 0 && in_block_at_ != block_.size())
    return wrong(Error{
        ErrorCode::malformed, fmt::format("{} bytes left over in its block", block_.size() - in_block_at_), {}, {}});
  return std::optional<Record>(std::move(*record));
}

Result<Bytes> write_records(std::span<const Record> records, Packing packing) {
  Bytes out;
  RecordWriter writer(
      [&out](ByteView bytes) {
        out.insert(out.end(), bytes.begin(), bytes.end());
        return Status{};
      },
      packing);
  for (const auto& record : records) CAIRN_TRY(writer.add(record));
  CAIRN_TRY(writer.finish());
  return out;
}

Result<std::vector<Record>> read_records(ByteView file) {
  CAIRN_ASSIGN(RecordReader reader, RecordReader::open(file));
  std::vector<Record> records;
  for (;;) {
    CAIRN_ASSIGN(auto record, reader.next());
    if (!record) return records;
    records.push_back(std::move(*record));
  }
}

}  // namespace cairn::data
