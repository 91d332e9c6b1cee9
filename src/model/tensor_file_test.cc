#include "model/tensor_file.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tensor/random.h"

namespace cairn::model {
namespace {

Bytes file_of(std::string_view header, std::size_t data) {
  Bytes out;
  append(out, std::uint64_t{header.size()});
  out.insert(out.end(), header.begin(), header.end());
  out.resize(out.size() + data, 1);
  return out;
}

std::string message(std::string_view header, std::size_t data) {
  const auto read = read_tensor_file(file_of(header, data));
  return read ? std::string("accepted") : read.error().message;
}

std::string entry(std::string_view name, std::string_view type, std::string_view shape, std::string_view offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name, type, shape, offsets);
}

TEST(TensorFile, AnyOrderAndAnyTypeIsRead) {
  const std::string header = "{" + entry("b", "U8", "[3]", "[8,11]") + R"(,"__metadata__":{"format":"pt"},)" +
                             entry("a", "F32", "[1,2]", "[0,8]") + "," + entry("c", "BF16", "[]", "[11,13]") + "}  ";
  const Bytes file = file_of(header, 13);
  const auto tensors = read_tensor_file(file).value();
  ASSERT_EQ(tensors.size(), 3U);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].shape, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(tensors[1].type, "U8");
  EXPECT_EQ(tensors[2].bytes.size(), 2U);
}

TEST(TensorFile, SaysWhatIsWrong) {
  const std::string a = entry("a", "F32", "[2]", "[0,8]");
  EXPECT_EQ(message("{" + a + "}", 8), "accepted");
  EXPECT_EQ(message("{" + a + "}", 9), "safetensors: 9 bytes of data, the tensors take 8");
  EXPECT_EQ(message("{" + a + "}", 7), "safetensors: tensor 'a' ends at 8, the file has 7 bytes of data");
  EXPECT_EQ(message("{" + a + "," + a + "}", 8), "safetensors header: 'a' is there twice");
  EXPECT_EQ(message("{" + a + "," + entry("b", "F32", "[1]", "[4,8]") + "}", 8),
            "safetensors: tensor 'b' begins at 4, expected 8: the tensors leave a hole or overlap");
  EXPECT_EQ(message("{" + a + "," + entry("b", "F32", "[1]", "[12,16]") + "}", 16),
            "safetensors: tensor 'b' begins at 12, expected 8: the tensors leave a hole or overlap");
  EXPECT_EQ(message("{" + entry("a", "F32", "[3]", "[0,8]") + "}", 8),
            "safetensors: tensor 'a': 8 bytes for shape [3] of F32");
  EXPECT_EQ(message("{" + entry("a", "F31", "[2]", "[0,8]") + "}", 8),
            "safetensors: tensor 'a' has elements of type 'F31'");
  EXPECT_EQ(message("{" + entry("a", "F32", "[2]", "[8,0]") + "}", 8),
            "safetensors: tensor 'a': data_offsets [8, 0], expected a begin and an end");
  EXPECT_EQ(message("{" + entry("a", "F32", "[-2]", "[0,8]") + "}", 8),
            "safetensors: tensor 'a': shape: -2 is no whole number");
  EXPECT_EQ(message("{" + entry("a", "F32", "[4294967296,4294967296]", "[0,8]") + "}", 8),
            "safetensors: tensor 'a': shape [4294967296, 4294967296]: more elements than 63 bits count");
  EXPECT_EQ(message("{" + entry("a", "F32", "[4611686018427387904]", "[0,0]") + "}", 8),
            "safetensors: tensor 'a': 0 bytes for shape [4611686018427387904] of F32");
  EXPECT_EQ(message(R"({"a":{}})", 0), "safetensors: tensor 'a': expected dtype, shape and data_offsets");
  EXPECT_EQ(message("[]", 0), "safetensors header: expected an object, got array");
  EXPECT_EQ(message(std::string(300, '['), 0).substr(0, 19), "safetensors header:");
  Bytes absurd;
  append(absurd, ~std::uint64_t{0});
  EXPECT_EQ(read_tensor_file(absurd).error().message,
            "safetensors: a header of 18446744073709551615 bytes, at most 16777216 are allowed");
}

TEST(TensorFile, TheIndexSaysWhichFileHoldsWhat) {
  const auto bad = [](std::string_view map) {
    const auto read = read_tensor_index(fmt::format(R"({{"weight_map":{}}})", map));
    return read ? std::string("accepted") : read.error().message;
  };
  const std::string at = "model.safetensors.index.json: ";
  EXPECT_EQ(bad(R"({"a":"x.safetensors"})"), "accepted");
  EXPECT_EQ(bad(R"({"a":"../x.safetensors"})"), at + "'../x.safetensors' is no name of a safetensors file beside it");
  EXPECT_EQ(bad(R"({"a":"/etc/passwd"})"), at + "'/etc/passwd' is no name of a safetensors file beside it");
  EXPECT_EQ(bad(R"({"a":"..safetensors"})"), at + "'..safetensors' is no name of a safetensors file beside it");
  EXPECT_EQ(bad(R"({"a":7})"), at + "'a' is no string");
  EXPECT_EQ(bad("[]"), at + "no object \"weight_map\"");

  const Bytes one = file_of("{" + entry("a", "U8", "[1]", "[0,1]") + "}", 1);
  const Bytes two = file_of("{" + entry("b", "U8", "[1]", "[0,1]") + "}", 1);
  const std::vector<NamedFile> files = {{"1.safetensors", one}, {"2.safetensors", two}};
  const auto message_of = [&](const TensorIndex& index) {
    const auto read = read_tensor_files(index, files);
    return read ? std::string("accepted") : read.error().message;
  };
  EXPECT_EQ(message_of({{"a", "1.safetensors"}, {"b", "2.safetensors"}}), "accepted");
  EXPECT_EQ(message_of({{"a", "1.safetensors"}, {"b", "1.safetensors"}}),
            "2.safetensors: tensor 'b' is in 1.safetensors by the index");
  EXPECT_EQ(message_of({{"a", "1.safetensors"}}), "2.safetensors: tensor 'b' is not in the index");
  EXPECT_EQ(message_of({{"a", "1.safetensors"}, {"b", "2.safetensors"}, {"c", "2.safetensors"}}),
            "2.safetensors: tensor 'c' of the index is missing");
}

TEST(TensorFile, WhatIsWrittenIsRead) {
  const std::vector<TensorEntry> entries = {{"z", {2, 3}, 24}, {"a", {4}, 16}};
  const std::string header = tensor_file_header(entries, "F32");
  EXPECT_EQ(header.size() % 8, 0U);
  Bytes file = to_bytes(header);
  file.resize(file.size() + 40);
  const auto tensors = read_tensor_file(file).value();
  EXPECT_EQ(tensors[0].name, "z");
  EXPECT_EQ(tensors[1].shape, (std::vector<std::uint64_t>{4}));
}

TEST(TensorFile, NoDamageReadsOutOfBounds) {
  const std::string header = "{" + entry("b", "U8", "[3]", "[8,11]") + R"(,"__metadata__":{"format":"pt"},)" +
                             entry("a", "F32", "[1,2]", "[0,8]") + "}";
  const Bytes file = file_of(header, 11);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(read_tensor_file(ByteView(file).first(size))) << size;
  }
  const tensor::Stream stream{.key = 5, .stream = 6};
  for (std::uint64_t round = 0; round < 20000; ++round) {
    Bytes damaged = file;
    for (std::uint64_t f = 0; f < 2; ++f) {
      const std::size_t at =
          tensor::random_below(stream, 4 * round + 2 * f, static_cast<std::uint32_t>(damaged.size() - 11));
      damaged[at] = static_cast<std::uint8_t>(tensor::random_word(stream, 4 * round + 2 * f + 1));
    }
    const auto read = read_tensor_file(damaged);
    if (!read) continue;
    for (const FileTensor& tensor : *read) {
      EXPECT_GE(tensor.bytes.data(), damaged.data());
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), damaged.data() + damaged.size());
    }
  }
}

}  // namespace
}  // namespace cairn::model
