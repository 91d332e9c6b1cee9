#include "model/elements.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tensor/bf16.h"
#include "tensor/random.h"

namespace cairn::model {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Elements, EveryHalfComesBackAndRoundsToNearestEven) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      EXPECT_EQ(to_half(value) & 0x7FFFU, 0x7E00U) << bits;
      continue;
    }
    ASSERT_EQ(to_half(value), half) << bits;
    if ((bits & 0x7FFFU) >= 0x7BFFU) continue;
    // Half way to the next one: the even neighbour; a hair to either side: the nearer one.
    const auto next_bits = static_cast<std::uint16_t>(bits + 1);
    const float middle = static_cast<float>((double{value} + double{half_to_float(next_bits)}) / 2);
    ASSERT_EQ(to_half(middle), bits % 2 == 0 ? half : next_bits) << bits;
    ASSERT_EQ(to_half(std::nextafter(middle, value)), half) << bits;
    ASSERT_EQ(to_half(std::nextafter(middle, half_to_float(next_bits))), next_bits) << bits;
  }
  EXPECT_EQ(half_to_float(0x3C00), 1.0F);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24F);
  EXPECT_EQ(half_to_float(0xFBFF), -65504.0F);
  EXPECT_EQ(to_half(65519.99F), 0x7BFF);
  EXPECT_EQ(to_half(65520.0F), 0x7C00);
  EXPECT_EQ(to_half(0x1p-25F), 0x0000);
  EXPECT_EQ(to_half(-0x1.000002p-25F), 0x8001);
}

std::vector<float> some_values(std::size_t count, float deviation) {
  std::vector<float> out(count);
  tensor::fill_normal({.key = 8, .stream = 8}, 0, deviation, out);
  return out;
}

TEST(Elements, F32IsExactBf16IsTheTensorPartsRounding) {
  const std::vector<float> values = some_values(1000, 3.0F);
  Bytes wide, narrow;
  ASSERT_TRUE(encode_elements(ElementType::f32, values, wide));
  ASSERT_TRUE(encode_elements(ElementType::bf16, values, narrow));
  EXPECT_EQ(wide.size(), 4000U);
  EXPECT_EQ(narrow.size(), 2000U);
  std::vector<float> again(1000), rounded(1000);
  ASSERT_TRUE(decode_elements(ElementType::f32, wide, again));
  ASSERT_TRUE(decode_elements(ElementType::bf16, narrow, rounded));
  EXPECT_EQ(again, values);
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_EQ(rounded[i], tensor::to_float(tensor::to_bf16(values[i])));
}

TEST(Elements, Q8HasABlocksScaleAndHalvesAwayFromZero) {
  std::vector<float> values(32);
  values[0] = 127.0F;  // so d = 1
  values[1] = 2.5F;
  values[2] = -2.5F;
  values[3] = 0.49F;
  Bytes out;
  ASSERT_TRUE(encode_elements(ElementType::q8_0, values, out));
  ASSERT_EQ(out.size(), 34U);
  EXPECT_EQ(to_hex(ByteView(out).first(6)), "003c7f03fd00");
  // d = 0 for a block of zeros, and for one below what the scale can hold.
  out.clear();
  ASSERT_TRUE(encode_elements(ElementType::q8_0, std::vector<float>(32), out));
  EXPECT_EQ(out, Bytes(34));
  out.clear();
  ASSERT_TRUE(encode_elements(ElementType::q8_0, std::vector<float>(32, 1e-42F), out));
  EXPECT_EQ(out, Bytes(34));
}

TEST(Elements, Q8IsWithinHalfAStepOfTheBlocksScale) {
  const std::vector<float> values = some_values(3200, 0.05F);
  Bytes out;
  ASSERT_TRUE(encode_elements(ElementType::q8_0, values, out));
  std::vector<float> again(values.size());
  ASSERT_TRUE(decode_elements(ElementType::q8_0, out, again));
  for (std::size_t block = 0; block < values.size(); block += 32) {
    float largest = 0;
    for (std::size_t i = block; i < block + 32; ++i) largest = std::max(largest, std::fabs(values[i]));
    const float step = largest / 127.0F;
    // Half a step, and 127 times what binary16 rounds off the step.
    const float most = step * (0.5F + 127.0F * 0x1p-11F) * 1.0001F;
    for (std::size_t i = block; i < block + 32; ++i) EXPECT_LE(std::fabs(values[i] - again[i]), most) << i;
  }
}

TEST(Elements, RefusesWhatDoesNotFit) {
  Bytes out;
  const auto encoding = [&](ElementType type, std::vector<float> values) {
    const Status status = encode_elements(type, values, out);
    return status ? std::string("accepted") : status.error().message;
  };
  EXPECT_EQ(encoding(ElementType::f32, {0, kInfinity}), "value 1 is not finite");
  EXPECT_EQ(encoding(ElementType::f16, {65520.0F}), "value 0 is 65520: too large for F16");
  EXPECT_EQ(encoding(ElementType::bf16, {std::numeric_limits<float>::max()}),
            "value 0 is 3.4028235e+38: too large for BF16");
  EXPECT_EQ(encoding(ElementType::q8_0, std::vector<float>(33)),
            "shape [33]: Q8_0 needs an innermost dimension that is a multiple of 32");
  EXPECT_EQ(encoding(ElementType::q8_0, std::vector<float>(32, 1e7F)),
            "value 0 or one after it is 10000000: too large for Q8_0");
  std::vector<float> values(2);
  const Bytes infinite = from_hex("0000007c").value();
  EXPECT_EQ(decode_elements(ElementType::f16, infinite, values).error().message, "value 1 is not finite");
  EXPECT_EQ(decode_elements(ElementType::f32, infinite, values).error().message,
            "2 values of F32: expected 8 bytes, got 4");
}

TEST(Elements, SizesThatOverflowAreNoSizes) {
  const std::uint64_t large[] = {std::uint64_t{1} << 32, std::uint64_t{1} << 31, 0};
  EXPECT_EQ(element_count(std::span(large).first(1)).value(), std::uint64_t{1} << 32);
  EXPECT_EQ(element_count(std::span(large).first(2)).error().code, ErrorCode::malformed);
  const std::uint64_t many[] = {std::uint64_t{1} << 61, 2};
  EXPECT_EQ(byte_count(ElementType::f32, many).error().message,
            "shape [2305843009213693952, 2]: more bytes than 63 bits count");
  const std::uint64_t shape[] = {3, 64};
  EXPECT_EQ(byte_count(ElementType::q8_0, shape).value(), 204U);
  EXPECT_EQ(byte_count(ElementType::f16, shape).value(), 384U);
}

}  // namespace
}  // namespace cairn::model
