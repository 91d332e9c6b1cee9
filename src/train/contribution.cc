#include "train/contribution.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cairn::train {
namespace {

constexpr std::string_view kMagic = "cairnctb";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 8 + 4 + 4 + 8 + 8 + 32;
constexpr std::size_t kDigestBytes = 32;
// A block whose largest change is below this is no change: so no product of a scale, a code and a weight of the merge
// comes near the subnormal numbers, where processors differ.
constexpr float kLeastScale = 0x1p-48F;
constexpr float kMostScale = 0x1p48F;
constexpr float kMostMoment = 0x1p80F;

std::uint64_t code_bytes(std::uint64_t parameters, std::uint32_t bits) {
  return bits == 8 ? parameters : (parameters + 1) / 2;
}
float largest_code(std::uint32_t bits) {
  return bits == 8 ? 127.0F : 7.0F;
}

// Nearest whole number, ties to even, for |x| < 2^22: the sum has no bits left for a fraction.
float nearest(float x) {
  constexpr float kShift = 12582912.0F;  // 1.5 * 2^23
  return (x + kShift) - kShift;
}

// A nibble or byte of two's complement.
std::int32_t code_at(const Contribution& c, std::size_t i) {
  if (c.bits == 8) return static_cast<std::int8_t>(c.codes[i]);
  const std::uint32_t nibble = (c.codes[i / 2] >> (4 * (i % 2))) & 0xFU;
  return static_cast<std::int32_t>(nibble ^ 8U) - 8;
}

void put_code(Contribution& c, std::size_t i, std::int32_t code) {
  if (c.bits == 8) {
    c.codes[i] = static_cast<std::uint8_t>(code);
  } else {
    c.codes[i / 2] =
        static_cast<std::uint8_t>(c.codes[i / 2] | ((static_cast<std::uint32_t>(code) & 0xFU) << (4 * (i % 2))));
  }
}

Status check_codes(const Contribution& c) {
  const std::int32_t least = -static_cast<std::int32_t>(largest_code(c.bits));
  for (std::size_t i = 0; i < c.parameters; ++i) {
    const std::int32_t code = code_at(c, i);
    if (code < least || (code != 0 && c.scales[i / kBlock] == 0.0F)) {
      return fail(ErrorCode::malformed, "contribution: weight {} has code {} under scale {}", i, code,
                  c.scales[i / kBlock]);
    }
  }
  if (c.bits == 4 && c.parameters % 2 == 1 && (c.codes.back() >> 4) != 0) {
    return fail(ErrorCode::malformed, "contribution: the unused half of the last byte is not zero");
  }
  return {};
}

bool is_zero_or_within(float x, float least, float most) {
  return std::bit_cast<std::uint32_t>(x) == 0 || (x >= least && x <= most);
}

Status check_blocks(const Contribution& c) {
  for (std::size_t i = 0; i < c.scales.size(); ++i) {
    if (!is_zero_or_within(c.scales[i], kLeastScale, kMostScale)) {
      return fail(ErrorCode::malformed, "contribution: block {} has scale {}, expected 0 or 2^-48 to 2^48", i,
                  c.scales[i]);
    }
    if (!is_zero_or_within(c.moments[i], kLeastMoment, kMostMoment)) {
      return fail(ErrorCode::malformed, "contribution: block {} has second moment {}, expected 0 or 2^-80 to 2^80", i,
                  c.moments[i]);
    }
  }
  return {};
}

}  // namespace

Result<Contribution> quantise(std::span<const float> before, std::span<const float> after, std::uint32_t bits) {
  if (bits != 4 && bits != 8) return fail(ErrorCode::invalid, "contribution: {} bits, expected 4 or 8", bits);
  if (before.size() != after.size() || before.empty()) {
    return fail(ErrorCode::invalid, "contribution: {} weights before, {} after", before.size(), after.size());
  }
  Contribution out;
  out.bits = bits;
  out.parameters = before.size();
  out.scales.resize(blocks_of(out.parameters));
  out.moments.resize(out.scales.size());
  out.codes.resize(code_bytes(out.parameters, bits));
  const float most = largest_code(bits);
  float delta[kBlock];
  for (std::size_t block = 0; block < out.scales.size(); ++block) {
    const std::size_t first = block * kBlock;
    const std::size_t count = std::min<std::size_t>(kBlock, before.size() - first);
    float largest = 0;
    bool finite = true;
    for (std::size_t i = 0; i < count; ++i) {
      delta[i] = after[first + i] - before[first + i];
      largest = std::max(largest, std::fabs(delta[i]));
      finite = finite && std::isfinite(delta[i]);
    }
    const float scale = largest / most;
    if (!finite || scale > kMostScale) {
      return fail(ErrorCode::failed, "contribution: a weight from {} on changed by too much or is not finite", first);
    }
    if (scale < kLeastScale) continue;
    out.scales[block] = scale;
    for (std::size_t i = 0; i < count; ++i) {
      put_code(out, first + i, static_cast<std::int32_t>(std::clamp(nearest(delta[i] / scale), -most, most)));
    }
  }
  return out;
}

void dequantise(const Contribution& c, std::span<float> out) {
  CAIRN_CHECK(out.size() == c.parameters);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = c.scales[i / kBlock] * static_cast<float>(code_at(c, i));
  }
}

std::uint64_t encoded_size(std::uint64_t parameters, std::uint32_t bits) {
  return kHeaderBytes + 2 * blocks_of(parameters) * sizeof(float) + code_bytes(parameters, bits) + kDigestBytes;
}

Bytes encode(const Contribution& c) {
  Bytes out(encoded_size(c.parameters, c.bits));
  std::uint8_t* at = out.data();
  const auto put = [&](const void* from, std::size_t size) {
    std::memcpy(at, from, size);
    at += size;
  };
  put(kMagic.data(), kMagic.size());
  put(&kVersion, sizeof kVersion);
  put(&c.bits, sizeof c.bits);
  put(&c.parameters, sizeof c.parameters);
  put(&c.tokens, sizeof c.tokens);
  put(c.checkpoint.bytes.data(), c.checkpoint.bytes.size());
  put(c.scales.data(), c.scales.size() * sizeof(float));
  put(c.moments.data(), c.moments.size() * sizeof(float));
  put(c.codes.data(), c.codes.size());
  const Digest digest = sha256(ByteView(out).first(out.size() - kDigestBytes));
  put(digest.bytes.data(), digest.bytes.size());
  return out;
}

Result<Contribution> decode_contribution(ByteView bytes, std::uint64_t parameters) {
  ByteReader reader(bytes);
  CAIRN_ASSIGN(const ByteView magic, reader.take(kMagic.size()));
  if (as_text(magic) != kMagic) return fail(ErrorCode::malformed, "contribution: does not begin with \"{}\"", kMagic);
  CAIRN_ASSIGN(const auto version, reader.read<std::uint32_t>());
  if (version != kVersion) {
    return fail(ErrorCode::unsupported, "contribution: version {}, expected {}", version, kVersion);
  }
  Contribution out;
  CAIRN_ASSIGN(out.bits, reader.read<std::uint32_t>());
  CAIRN_ASSIGN(out.parameters, reader.read<std::uint64_t>());
  CAIRN_ASSIGN(out.tokens, reader.read<std::uint64_t>());
  CAIRN_ASSIGN(out.checkpoint.bytes, reader.read<std::array<std::uint8_t, 32>>());
  if (out.bits != 4 && out.bits != 8)
    return fail(ErrorCode::malformed, "contribution: {} bits, expected 4 or 8", out.bits);
  if (out.parameters != parameters || parameters == 0) {
    return fail(ErrorCode::invalid, "contribution: for a model of {} weights, expected {}", out.parameters, parameters);
  }
  if (bytes.size() != encoded_size(parameters, out.bits)) {
    return fail(ErrorCode::malformed, "contribution: {} bytes, expected {}", bytes.size(),
                encoded_size(parameters, out.bits));
  }
  const ByteView body = bytes.first(bytes.size() - kDigestBytes), digest = bytes.last(kDigestBytes);
  if (!std::ranges::equal(sha256(body).bytes, digest)) {
    return fail(ErrorCode::malformed, "contribution: its bytes do not have its digest");
  }
  out.scales.resize(blocks_of(parameters));
  CAIRN_ASSIGN(const ByteView scales, reader.take(out.scales.size() * sizeof(float)));
  std::memcpy(out.scales.data(), scales.data(), scales.size());
  out.moments.resize(out.scales.size());
  CAIRN_ASSIGN(const ByteView moments, reader.take(out.moments.size() * sizeof(float)));
  std::memcpy(out.moments.data(), moments.data(), moments.size());
  CAIRN_ASSIGN(const ByteView codes, reader.take(code_bytes(parameters, out.bits)));
  out.codes.assign(codes.begin(), codes.end());
  CAIRN_TRY(check_blocks(out));
  CAIRN_TRY(check_codes(out));
  return out;
}

}  // namespace cairn::train
