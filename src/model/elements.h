// The element types in which other programs store weights, to and from f32: binary32, binary16, bfloat16, and blocks of
// 32 whole numbers with a scale (GGML's Q8_0). Not a container: see model/gguf.h and model/tensor_file.h.
// Pure functions; the readers take hostile bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::model {

enum class ElementType : std::uint8_t { f32, f16, bf16, q8_0 };
std::string_view name_of(ElementType type);  // "F32", "F16", "BF16", "Q8_0"

// Elements that share a scale; the innermost dimension of a Q8_0 tensor is a multiple of it.
inline constexpr std::uint64_t kBlockElements = 32;
inline constexpr std::uint64_t kBlockBytes = 34;  // the scale in binary16, then a signed byte for each element

// A tensor as it lies in a file: the innermost dimension last. `bytes` looks into the file.
struct StoredTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  ElementType type = ElementType::f32;
  ByteView bytes;
};

// The product of the dimensions. malformed: it does not fit 63 bits.
Result<std::uint64_t> element_count(std::span<const std::uint64_t> shape);
// The bytes that such a tensor takes. malformed: as above; Q8_0 with an innermost dimension that is no multiple of 32.
Result<std::uint64_t> byte_count(ElementType type, std::span<const std::uint64_t> shape);

// Exact for all but Q8_0, whose elements are scale x number, rounded once. `out` has as many values as `bytes` holds.
// malformed: a value that is not finite, with its index; or a size that does not fit.
Status decode_elements(ElementType type, ByteView bytes, std::span<float> out);

// Appends the values to `out`: F32 as they are, BF16 and F16 to nearest, ties to even (BF16 as tensor/bf16.h:
// subnormals become zeros). Q8_0: for each block d = largest magnitude / 127, stored as binary16; each element is x (1
// / d), in f32, rounded to nearest with halves away from zero; a block of zeros has d = 0. invalid: a value that is not
// finite, or too large for the type; a length that is no multiple of 32 for Q8_0.
Status encode_elements(ElementType type, std::span<const float> values, Bytes& out);

float half_to_float(std::uint16_t bits);
// Nearest, ties to even; too large a value becomes infinity, NaN 0x7E00.
std::uint16_t to_half(float value);

}  // namespace cairn::model
