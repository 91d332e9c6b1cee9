// Safetensors files as other programs write them: any order, any metadata, several element types, and several files
// under one index. Not Cairn's own checkpoints, which are one exact file for a model (model/safetensors.h,
// model/checkpoint.h). Pure functions; the readers take hostile bytes and look into them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::model {

inline constexpr std::string_view kWeightsFile = "model.safetensors";
inline constexpr std::string_view kIndexFile = "model.safetensors.index.json";

struct FileTensor {
  std::string name;
  std::string type;  // as the file says: "F32", "BF16", "U8" ...
  std::vector<std::uint64_t> shape;
  ByteView bytes;
};

// The tensors in the order of their bytes. malformed: a header that does not parse or fit, a tensor named twice, an
// offset or a size that does not fit its shape, a hole or an overlap, bytes after the last. unsupported: an element
// type that is not in the format's list, whose size nobody knows.
Result<std::vector<FileTensor>> read_tensor_file(ByteView file);

// Which file holds which tensor. malformed: not JSON, no "weight_map" of strings, or a file's name that is no plain
// name ending in ".safetensors".
using TensorIndex = std::map<std::string, std::string>;
Result<TensorIndex> read_tensor_index(std::string_view json);

struct NamedFile {
  std::string name;
  ByteView bytes;
};
// The tensors of all files. malformed, naming the file: as read_tensor_file(), or a tensor that is not in the file that
// the index names, or not in the index.
Result<std::vector<FileTensor>> read_tensor_files(const TensorIndex& index, std::span<const NamedFile> files);

// The bytes before the tensors' own, which follow in the order given without gaps. `type` is "F32" or "BF16".
struct TensorEntry {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::uint64_t bytes = 0;
};
std::string tensor_file_header(std::span<const TensorEntry> tensors, std::string_view type);
std::string tensor_index_json(const TensorIndex& index, std::uint64_t total_bytes);

}  // namespace cairn::model
