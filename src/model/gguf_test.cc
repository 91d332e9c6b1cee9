#include "model/gguf.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tensor/random.h"

namespace cairn::model {
namespace {

// Every kind of key, every type of tensor.
GgufMetadata all_kinds() {
  GgufMetadata out = {{"general.architecture", gguf_string("llama")},
                      {"a.u32", gguf_u32(4'000'000'000U)},
                      {"a.f32", gguf_f32(0.1F)},
                      {"a.bool", gguf_bool(true)},
                      {"a.strings", gguf_strings({"", "b",
                                                  "\xC4\xA0"
                                                  "c"})},
                      {"a.i32s", gguf_i32s({1, -3})}};
  out.emplace_back("a.u64", GgufValue{GgufKind::u64, ~std::uint64_t{0}});
  out.emplace_back("a.f64", GgufValue{GgufKind::f64, 0.1});
  out.emplace_back("a.f32s", GgufValue{GgufKind::array, GgufArray{GgufKind::f32, std::vector<double>{0.5, -2}}});
  for (const GgufKind kind : {GgufKind::u8, GgufKind::i8, GgufKind::u16, GgufKind::i16, GgufKind::i32, GgufKind::i64}) {
    out.emplace_back(fmt::format("a.{}", name_of(kind)), GgufValue{kind, std::int64_t{100}});
  }
  out.emplace_back("a.bools",
                   GgufValue{GgufKind::array, GgufArray{GgufKind::boolean, std::vector<std::int64_t>{0, 1}}});
  return out;
}

const std::vector<StoredTensor> kTensors = {{.name = "f32", .shape = {3, 5}, .type = ElementType::f32},
                                            {.name = "f16", .shape = {7}, .type = ElementType::f16},
                                            {.name = "bf16", .shape = {2, 3, 2}, .type = ElementType::bf16},
                                            {.name = "q8_0", .shape = {2, 64}, .type = ElementType::q8_0}};

Bytes file_of(const GgufMetadata& metadata, const std::vector<StoredTensor>& tensors) {
  Bytes out = gguf_header(metadata, tensors).value();
  std::uint8_t next = 0;
  for (const StoredTensor& tensor : tensors) {
    const std::uint64_t bytes = byte_count(tensor.type, tensor.shape).value();
    for (std::uint64_t i = 0; i < bytes; ++i) out.push_back(++next);
    out.resize(out.size() + gguf_padding(bytes));
  }
  return out;
}

Bytes replaced(Bytes file, std::string_view from, std::string_view to) {
  EXPECT_EQ(from.size(), to.size());
  const auto at = std::search(file.begin(), file.end(), from.begin(), from.end());
  EXPECT_NE(at, file.end()) << from;
  std::copy(to.begin(), to.end(), at);
  return file;
}

std::string message(ByteView file) {
  const auto read = read_gguf(file);
  return read ? std::string("accepted") : read.error().message;
}

TEST(Gguf, AFileToTheByte) {
  const std::vector<StoredTensor> one = {{.name = "w", .shape = {1, 2}, .type = ElementType::f32}};
  EXPECT_EQ(to_hex(file_of({{"k", gguf_u32(7)}}, one)),
            "47475546"          // GGUF
            "03000000"          // version
            "0100000000000000"  // tensors
            "0100000000000000"  // keys
            "0100000000000000"
            "6b"  // "k"
            "04000000"
            "07000000"  // u32, 7
            "0100000000000000"
            "77"        // "w"
            "02000000"  // dimensions, the innermost first
            "0200000000000000"
            "0100000000000000"
            "00000000"                      // F32
            "0000000000000000"              // offset
            "0000000000000000000000000000"  // to a multiple of 32
            "0102030405060708"
            "000000000000000000000000000000000000000000000000");
}

TEST(Gguf, ComesBackAsItWas) {
  const GgufMetadata metadata = all_kinds();
  const Bytes file = file_of(metadata, kTensors);
  const GgufFile read = read_gguf(file).value();
  EXPECT_EQ(read.version, 3U);
  EXPECT_EQ(read.metadata, metadata);
  ASSERT_EQ(read.tensors.size(), kTensors.size());
  std::uint8_t next = 0;
  for (std::size_t i = 0; i < kTensors.size(); ++i) {
    EXPECT_EQ(read.tensors[i].name, kTensors[i].name);
    EXPECT_EQ(read.tensors[i].shape, kTensors[i].shape);
    EXPECT_EQ(read.tensors[i].type, kTensors[i].type);
    for (const std::uint8_t byte : read.tensors[i].bytes) ASSERT_EQ(byte, ++next);
  }
  EXPECT_EQ(read.natural("a.u64").value(), ~std::uint64_t{0});
  EXPECT_EQ(read.natural("a.i8").value(), 100U);
  EXPECT_EQ(static_cast<float>(read.real("a.f32").value()), 0.1F);
  EXPECT_EQ(read.boolean("a.bool").value(), true);
  EXPECT_EQ(read.text("general.architecture").value(), "llama");
  EXPECT_EQ(read.text("no.such").error().message, "GGUF: the key 'no.such' is missing");
  EXPECT_EQ(read.text("a.u32").error().message, "GGUF: 'a.u32' is of kind u32, expected a string");
  EXPECT_EQ(read.natural("a.f32").error().message, "GGUF: 'a.f32' is of kind f32, expected a whole number");
}

TEST(Gguf, Version2AndAnotherAlignmentAreRead) {
  Bytes file = file_of(all_kinds(), kTensors);
  file[4] = 2;
  EXPECT_EQ(read_gguf(file).value().version, 2U);
  // 64 bytes of header and keys, one tensor of 8 bytes at 128, then nothing.
  Bytes wide = to_bytes("GGUF");
  append(wide, std::uint32_t{3});
  append(wide, std::uint64_t{1});
  append(wide, std::uint64_t{1});
  append(wide, std::uint64_t{17});
  for (const char c : std::string_view("general.alignment")) wide.push_back(static_cast<std::uint8_t>(c));
  append(wide, std::uint32_t{4});
  append(wide, std::uint32_t{128});
  append(wide, std::uint64_t{1});
  wide.push_back('w');
  append(wide, std::uint32_t{1});
  append(wide, std::uint64_t{2});
  append(wide, std::uint32_t{0});
  append(wide, std::uint64_t{0});
  wide.resize(128);
  wide.resize(136, 9);
  EXPECT_EQ(read_gguf(wide).value().tensors[0].bytes[0], 9);
  wide[24 + 8 + 17 + 4] = 96;
  EXPECT_EQ(message(wide), "GGUF: 'general.alignment' is 96, expected a power of two up to 65536");
}

TEST(Gguf, SaysWhatIsWrong) {
  const Bytes file = file_of({{"key.one", gguf_u32(7)}, {"key.two", gguf_string("text")}}, kTensors);
  const auto with = [&](std::size_t at, auto value) {
    Bytes out = file;
    std::memcpy(out.data() + at, &value, sizeof value);
    return message(out);
  };
  EXPECT_EQ(message(file), "accepted");
  EXPECT_EQ(message({}), "GGUF: the magic number: expected 4 bytes at 0, the file ends after 0");
  EXPECT_EQ(with(0, 'X'), "GGUF: begins with 58475546, expected 47475546 (\"GGUF\")");
  EXPECT_EQ(with(4, 1U), "GGUF: version 1, expected 2 or 3");
  EXPECT_EQ(with(4, 0x03000000U), "GGUF: the file is big-endian, expected little-endian");
  EXPECT_EQ(with(8, ~std::uint64_t{0}).substr(0, 73),
            "GGUF: 18446744073709551615 tensors, at most 65536 are allowed and 466 byt");
  EXPECT_EQ(with(16, std::uint64_t{1} << 62).substr(0, 69),
            "GGUF: 4611686018427387904 keys, at most 65536 are allowed and 520 byt");
  EXPECT_EQ(with(24, ~std::uint64_t{0}),
            "GGUF: key 0: a string of 18446744073709551615 bytes at 32, the file has 512 left");
  EXPECT_EQ(with(39, 13U), "GGUF: 'key.one': kind 13 at 39, expected 0 to 12");
  EXPECT_EQ(message(replaced(file, "key.two", "key.one")), "GGUF: the key 'key.one' is there twice");
  EXPECT_EQ(message(replaced(file, "bf16", "q8_0")), "GGUF: the tensor 'q8_0' is there twice");
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_EQ(message(longer), "GGUF: 289 bytes of data, expected 264");
  EXPECT_EQ(message(ByteView(file).first(file.size() - 40)),
            "GGUF: tensor 'q8_0' has 136 bytes at 128, the file has 248 bytes of data");
}

// One tensor's entry, spoilt field by field.
TEST(Gguf, SaysWhatIsWrongWithATensor) {
  const std::vector<StoredTensor> two = {{.name = "a", .shape = {4, 64}, .type = ElementType::f32},
                                         {.name = "b", .shape = {64}, .type = ElementType::f32}};
  const Bytes file = file_of({}, two);
  const std::size_t entry = 24, dimensions = entry + 9, type = dimensions + 4 + 16, offset = type + 4;
  const std::size_t second = offset + 8 + 9 + 4 + 8 + 4;
  const auto with = [&](std::size_t at, auto value) {
    Bytes out = file;
    std::memcpy(out.data() + at, &value, sizeof value);
    return message(out);
  };
  EXPECT_EQ(message(file), "accepted");
  EXPECT_EQ(with(dimensions, 5U), "GGUF: tensor 'a': 5 dimensions, expected 1 to 4");
  EXPECT_EQ(with(dimensions, 0U), "GGUF: tensor 'a': 0 dimensions, expected 1 to 4");
  EXPECT_EQ(with(dimensions + 4, std::uint64_t{0}), "GGUF: tensor 'a': dimension 0 is 0");
  EXPECT_EQ(with(dimensions + 4, std::uint64_t{1} << 61),
            "GGUF: tensor 'a': shape [4, 2305843009213693952]: more elements than 63 bits count");
  EXPECT_EQ(with(dimensions + 4, std::uint64_t{1} << 60),
            "GGUF: tensor 'a': shape [4, 1152921504606846976]: more bytes than 63 bits count");
  EXPECT_EQ(with(type, 2U), "GGUF: tensor 'a' has elements of type 2, expected F32, F16, BF16 or Q8_0");
  EXPECT_EQ(with(type, 1U), "GGUF: tensor 'b' is at offset 1024, expected 512");
  EXPECT_EQ(with(offset, std::uint64_t{32}), "GGUF: tensor 'a' is at offset 32, expected 0");
  EXPECT_EQ(with(second, std::uint64_t{992}), "GGUF: tensor 'b' is at offset 992, expected 1024");    // overlaps
  EXPECT_EQ(with(second, std::uint64_t{1025}), "GGUF: tensor 'b' is at offset 1025, expected 1024");  // unaligned
  EXPECT_EQ(with(second, ~std::uint64_t{0}), "GGUF: tensor 'b' is at offset 18446744073709551615, expected 1024");
  EXPECT_EQ(with(entry, std::uint64_t{0}), "GGUF: tensor 0: a name of 0 bytes, expected 1 to 63");
}

TEST(Gguf, AnArrayClaimsNoMoreThanTheFileHolds) {
  const auto array = [](std::uint32_t kind, std::uint64_t count) {
    Bytes out = to_bytes("GGUF");
    append(out, std::uint32_t{3});
    append(out, std::uint64_t{0});
    append(out, std::uint64_t{1});
    append(out, std::uint64_t{1});
    out.push_back('k');
    append(out, std::uint32_t{9});
    append(out, kind);
    append(out, count);
    return out;
  };
  EXPECT_EQ(message(array(8, std::uint64_t{1} << 60)),
            "GGUF: 'k': an array of 1152921504606846976 times string at 49, the file has 0 bytes left");
  EXPECT_EQ(message(array(0, 1)), "GGUF: 'k': an array of 1 times u8 at 49, the file has 0 bytes left");
  EXPECT_EQ(message(array(9, 1)), "GGUF: 'k': an array of arrays at 37");
  EXPECT_EQ(message(array(13, 1)), "GGUF: 'k': kind 13 at 37, expected 0 to 12");
  EXPECT_EQ(message(array(4, 0)), "accepted");
}

TEST(Gguf, TheWriterChecksWhatItIsGiven) {
  const auto refused = [](const GgufMetadata& metadata, const std::vector<StoredTensor>& tensors = {}) {
    const auto header = gguf_header(metadata, tensors);
    return header ? std::string("accepted") : header.error().message;
  };
  EXPECT_EQ(refused({{"k", GgufValue{GgufKind::u8, std::int64_t{256}}}}), "GGUF: 'k': 256 does not fit u8");
  EXPECT_EQ(refused({{"k", GgufValue{GgufKind::u32, std::string("x")}}}), "GGUF: 'k': a string given as u32");
  EXPECT_EQ(refused({{"k", gguf_u32(1)}, {"k", gguf_u32(1)}}), "GGUF: the key 'k' is given twice");
  EXPECT_EQ(refused({{"", gguf_u32(1)}}), "GGUF: a key of 0 bytes, expected 1 to 65535");
  EXPECT_EQ(refused({}, {{.name = "t", .shape = {33}, .type = ElementType::q8_0}}),
            "GGUF: tensor 't': shape [33]: Q8_0 needs an innermost dimension that is a multiple of 32");
  EXPECT_EQ(refused({}, {{.name = std::string(64, 't'), .shape = {1}}}),
            "GGUF: a tensor's name of 64 bytes, expected 1 to 63");
  EXPECT_EQ(refused({}, {{.name = "t", .shape = {}}}), "GGUF: tensor 't': 0 dimensions, expected 1 to 4");
}

// Damage of every sort: whatever is accepted says only things that the file holds.
TEST(Gguf, NoDamageReadsOutOfBounds) {
  const Bytes file = file_of(all_kinds(), kTensors);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    const bool only_padding = size + gguf_padding(136) >= file.size();
    EXPECT_EQ(read_gguf(cut).has_value(), only_padding) << size;
  }
  const tensor::Stream stream{.key = 21, .stream = 4};
  std::size_t accepted = 0;
  for (std::uint64_t round = 0; round < 20000; ++round) {
    Bytes damaged = file;
    const std::uint64_t flips = 1 + tensor::random_below(stream, 40 * round, 4);
    for (std::uint64_t f = 0; f < flips; ++f) {
      const std::size_t at =
          tensor::random_below(stream, 40 * round + 2 * f + 1, static_cast<std::uint32_t>(damaged.size()));
      const std::uint32_t word = tensor::random_word(stream, 40 * round + 2 * f + 2);
      constexpr std::uint8_t kTelling[] = {0, 1, 0x7F, 0x80, 0xFF};
      damaged[at] = word % 2 ? static_cast<std::uint8_t>(word >> 8) : kTelling[(word >> 8) % 5];
    }
    const auto read = read_gguf(damaged);
    if (!read) {
      EXPECT_FALSE(read.error().message.empty());
      continue;
    }
    ++accepted;
    for (const StoredTensor& tensor : read->tensors) {
      EXPECT_EQ(tensor.bytes.size(), byte_count(tensor.type, tensor.shape).value());
      EXPECT_GE(tensor.bytes.data(), damaged.data());
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), damaged.data() + damaged.size());
    }
  }
  EXPECT_GT(accepted, 1000U);
}

}  // namespace
}  // namespace cairn::model
