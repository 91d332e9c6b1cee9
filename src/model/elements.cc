#include "model/elements.h"

#include <bit>
#include <cmath>
#include <limits>

#include "tensor/bf16.h"

namespace cairn::model {
namespace {

std::uint64_t bytes_per_element(ElementType type) {
  return type == ElementType::f32 ? 4 : 2;
}

template <class T>
T read_at(ByteView bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void decode_blocks(ByteView bytes, std::span<float> out) {
  for (std::size_t block = 0; block < out.size() / kBlockElements; ++block) {
    const std::size_t at = block * kBlockBytes;
    const float scale = half_to_float(read_at<std::uint16_t>(bytes, at));
    for (std::size_t i = 0; i < kBlockElements; ++i) {
      out[block * kBlockElements + i] = scale * static_cast<float>(read_at<std::int8_t>(bytes, at + 2 + i));
    }
  }
}

Status encode_block(std::span<const float> values, std::size_t first, Bytes& out) {
  float largest = 0;
  for (const float x : values) largest = std::max(largest, std::fabs(x));
  const float d = largest / 127.0F;
  const std::uint16_t stored = to_half(d);
  if (!std::isfinite(half_to_float(stored))) {
    return fail(ErrorCode::invalid, "value {} or one after it is {}: too large for Q8_0", first, largest);
  }
  // Dividing by a subnormal may give infinity; then every product with it is one, or NaN for a zero: such a block is
  // below what the scale can hold and becomes zeros.
  const float inverse = d == 0 ? 0.0F : 1.0F / d;
  append(out, stored);
  for (const float x : values) {
    const float scaled = std::isfinite(inverse) ? std::round(x * inverse) : 0.0F;
    append(out, static_cast<std::int8_t>(scaled));
  }
  return {};
}

Status all_finite(std::span<const float> values, ErrorCode code) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return fail(code, "value {} is not finite", i);
  }
  return {};
}

}  // namespace

std::string_view name_of(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return "F32";
    case ElementType::f16:
      return "F16";
    case ElementType::bf16:
      return "BF16";
    case ElementType::q8_0:
      return "Q8_0";
  }
  return "?";
}

Result<std::uint64_t> element_count(std::span<const std::uint64_t> shape) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t count = 1;
  for (const std::uint64_t n : shape) {
    if (n != 0 && count > kMost / n) {
      return fail(ErrorCode::malformed, "shape [{}]: more elements than 63 bits count", fmt::join(shape, ", "));
    }
    count *= n;
  }
  return count;
}

Result<std::uint64_t> byte_count(ElementType type, std::span<const std::uint64_t> shape) {
  constexpr std::uint64_t kMostBytes = std::numeric_limits<std::int64_t>::max();
  CAIRN_ASSIGN(const std::uint64_t count, element_count(shape));
  const auto too_many = fail(ErrorCode::malformed, "shape [{}]: more bytes than 63 bits count", fmt::join(shape, ", "));
  if (type == ElementType::q8_0) {
    if (shape.empty() || shape.back() % kBlockElements != 0) {
      return fail(ErrorCode::malformed, "shape [{}]: Q8_0 needs an innermost dimension that is a multiple of {}",
                  fmt::join(shape, ", "), kBlockElements);
    }
    if (count > kMostBytes / 2) return too_many;
    return count / kBlockElements * kBlockBytes;
  }
  const std::uint64_t each = bytes_per_element(type);
  if (count > kMostBytes / each) return too_many;
  return count * each;
}

Status decode_elements(ElementType type, ByteView bytes, std::span<float> out) {
  const std::uint64_t shape[] = {out.size()};
  CAIRN_ASSIGN(const std::uint64_t wanted, byte_count(type, shape));
  if (bytes.size() != wanted) {
    return fail(ErrorCode::malformed, "{} values of {}: expected {} bytes, got {}", out.size(), name_of(type), wanted,
                bytes.size());
  }
  switch (type) {
    case ElementType::f32:
      if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
      break;
    case ElementType::f16:
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = half_to_float(read_at<std::uint16_t>(bytes, 2 * i));
      break;
    case ElementType::bf16:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = tensor::to_float(tensor::Bf16{read_at<std::uint16_t>(bytes, 2 * i)});
      }
      break;
    case ElementType::q8_0:
      decode_blocks(bytes, out);
      break;
  }
  return all_finite(out, ErrorCode::malformed);
}

Status encode_elements(ElementType type, std::span<const float> values, Bytes& out) {
  CAIRN_TRY(all_finite(values, ErrorCode::invalid));
  const auto too_large = [&](std::size_t i) {
    return fail(ErrorCode::invalid, "value {} is {}: too large for {}", i, values[i], name_of(type));
  };
  switch (type) {
    case ElementType::f32: {
      const auto* raw = reinterpret_cast<const std::uint8_t*>(values.data());
      out.insert(out.end(), raw, raw + values.size_bytes());
      break;
    }
    case ElementType::f16:
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint16_t half = to_half(values[i]);
        if ((half & 0x7C00U) == 0x7C00U) return too_large(i);
        append(out, half);
      }
      break;
    case ElementType::bf16:
      for (std::size_t i = 0; i < values.size(); ++i) {
        const tensor::Bf16 narrow = tensor::to_bf16(values[i]);
        if ((narrow.bits & 0x7F80U) == 0x7F80U) return too_large(i);
        append(out, narrow.bits);
      }
      break;
    case ElementType::q8_0: {
      const std::uint64_t shape[] = {values.size()};
      if (auto fits = byte_count(type, shape); !fits) return fail(ErrorCode::invalid, "{}", fits.error().message);
      for (std::size_t i = 0; i < values.size(); i += kBlockElements) {
        CAIRN_TRY(encode_block(values.subspan(i, kBlockElements), i, out));
      }
      break;
    }
  }
  return {};
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU, fraction = bits & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

std::uint16_t to_half(float value) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((u >> 16) & 0x8000U);
  const std::uint32_t magnitude = u & 0x7FFFFFFFU;
  const auto with_sign = [&](std::uint32_t bits) { return static_cast<std::uint16_t>(sign | bits); };
  if (magnitude > 0x7F800000U) return with_sign(0x7E00U);
  if (magnitude >= 0x477FF000U) return with_sign(0x7C00U);  // from half way between 65504 and 65536 on
  if (magnitude < 0x38800000U) {                            // below 2^-14: a multiple of 2^-24
    // Adding 0.5 puts the unit of the last place at 2^-24, so the sum is rounded where the half is.
    const float sum = std::bit_cast<float>(magnitude) + 0.5F;
    return with_sign(std::bit_cast<std::uint32_t>(sum) - 0x3F000000U);
  }
  const std::uint32_t rounded = magnitude + 0xFFFU + ((magnitude >> 13) & 1U);
  return with_sign((rounded - 0x38000000U) >> 13);
}

}  // namespace cairn::model
