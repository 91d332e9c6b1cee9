// The GGUF container (version 3, and 2 for reading; little-endian): typed metadata and named tensors, as llama.cpp and
// its kin read them. Source: the format's specification in the ggml repository, docs/gguf.md.
// Not what keys and tensors mean: model/gguf_model.h. Pure functions; the reader takes hostile bytes, allocates no more
// than a small multiple of them, and what it returns looks into them.
//
//   file   = "GGUF" u32:version u64:tensors u64:keys key* tensor* padding data
//   key    = string u32:type value            string = u64:length bytes
//   tensor = string u32:dimensions u64* u32:type u64:offset, the innermost dimension first; here it is last
//   data   = the tensors' bytes in the order of their entries, each padded to the alignment ("general.alignment" or 32)
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/elements.h"

namespace cairn::model {

inline constexpr std::uint32_t kGgufVersion = 3;
inline constexpr std::uint32_t kGgufAlignment = 32;
inline constexpr std::uint64_t kMostGgufTensors = 65536, kMostGgufKeys = 65536;
inline constexpr std::size_t kLongestGgufTensorName = 63, kLongestGgufKey = 65535;  // bytes

// The numbers are the file's.
enum class GgufKind : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
std::string_view name_of(GgufKind kind);  // "u8" ... "bool", "string", "array" ...

// Equal elements of one kind, widened: whole numbers and bool to i64 (u64 beyond its range is refused), f32 to f64.
struct GgufArray {
  GgufKind kind = GgufKind::u32;
  std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>> values;
  bool operator==(const GgufArray&) const = default;
};

// A value with the kind that it has in the file.
struct GgufValue {
  GgufKind kind = GgufKind::u32;
  std::variant<std::int64_t, std::uint64_t, double, bool, std::string, GgufArray> value;
  bool operator==(const GgufValue&) const = default;
};
GgufValue gguf_u32(std::uint32_t value);
GgufValue gguf_f32(float value);
GgufValue gguf_bool(bool value);
GgufValue gguf_string(std::string value);
GgufValue gguf_strings(std::vector<std::string> values);
GgufValue gguf_i32s(std::vector<std::int64_t> values);
GgufValue gguf_f32s(std::vector<double> values);

// In the order of the file; a key stands once.
using GgufMetadata = std::vector<std::pair<std::string, GgufValue>>;

struct GgufFile {
  std::uint32_t version = kGgufVersion;
  GgufMetadata metadata;
  std::vector<StoredTensor> tensors;

  const GgufValue* find(std::string_view key) const;  // null: no such key
  // unsupported: the key is missing, and nothing says what it would be; malformed: it is of another kind. Any kind of
  // whole number counts as one; so do f32 and f64 as a real number.
  Result<std::uint64_t> natural(std::string_view key) const;
  Result<double> real(std::string_view key) const;
  Result<bool> boolean(std::string_view key) const;
  Result<std::string> text(std::string_view key) const;
};

// malformed: not GGUF, cut off, a count, length, dimension or offset that does not fit the file, a key or tensor named
// twice, an unknown kind, bytes after the last tensor; the message has the place. unsupported: another version, big
// endian, a tensor of a type other than F32, F16, BF16 and Q8_0, an array of arrays.
Result<GgufFile> read_gguf(ByteView file);

// What comes before the data of tensors of these names, shapes and types (`bytes` is not looked at), padded to it.
// invalid: a key or name that is empty, too long or there twice, a value that is not of its kind, a shape that
// byte_count refuses or of more than 4 dimensions.
Result<Bytes> gguf_header(const GgufMetadata& metadata, std::span<const StoredTensor> tensors);
// Zeros to write after a tensor of that many bytes.
std::size_t gguf_padding(std::uint64_t bytes);

}  // namespace cairn::model
