// The safetensors container of Cairn's own files, F32 and U8 only: named tensors and a map of strings
// (docs/formats/checkpoint.md).
// Not what the tensors mean: checkpoints, modules and outer states give them names.
// Pure functions; the reader takes hostile bytes and its views live as long as those bytes.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace cairn::model {

inline constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{1} << 24;

struct NamedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::span<const float> values;             // F32
  std::span<const std::uint8_t> codes = {};  // U8, where `values` is empty
};

using Metadata = std::map<std::string, std::string>;

// A file that is not copied together: its header, and views of the tensors, which must outlive it.
struct FileParts {
  std::string header;
  std::vector<ByteView> tensors;
  ByteParts bytes() const;  // all of the file; views of this
};

// The header is 8 bytes of length, canonical JSON and spaces up to a multiple of 64; the tensors' bytes follow in the
// order given, without gaps.
FileParts safetensors_parts(const Metadata& metadata, std::span<const NamedTensor> tensors);
Bytes write_safetensors(const Metadata& metadata, std::span<const NamedTensor> tensors);
// A tensor's bytes as they lie in the file; a view of its values.
ByteView tensor_bytes(const NamedTensor& tensor);

// The metadata alone, so that a reader learns what it should expect before it looks at tensors.
// malformed: too short for its header, a header above kMostHeaderBytes or not JSON, no string metadata.
Result<Metadata> read_metadata(ByteView file);

// Copies the tensors' values out of `file`, which must be, to the byte, what write_safetensors would make of `metadata`
// and these names and shapes. `into[i]` has the size that shape i says. malformed: names the first thing that differs:
// a missing, unknown, misshaped or misplaced tensor, the file's size, or a value that is not finite. unsupported: an
// element type other than the one expected.
struct ExpectedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::span<float> into;                    // F32
  std::span<std::uint8_t> codes_into = {};  // U8, where `into` is empty
};
Status read_safetensors(ByteView file, const Metadata& metadata, std::span<const ExpectedTensor> expected);

}  // namespace cairn::model
