#include "train/contribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/random.h"

namespace cairn::train {
namespace {

struct Change {
  std::vector<float> before, after;
};

Change random_change(std::size_t parameters, std::uint64_t seed) {
  Change c{std::vector<float>(parameters), std::vector<float>(parameters)};
  tensor::fill_normal({.key = seed, .stream = 0}, 0, 0.02F, c.before);
  tensor::fill_normal({.key = seed, .stream = 1}, 0, 0.001F, c.after);
  for (std::size_t i = 0; i < parameters; ++i) c.after[i] += c.before[i];
  return c;
}

Contribution made(std::size_t parameters, std::uint32_t bits) {
  const Change change = random_change(parameters, 42);
  Contribution c = quantise(change.before, change.after, bits).value();
  c.tokens = 1000;
  c.checkpoint = sha256("a checkpoint");
  for (std::size_t i = 0; i < c.moments.size(); i += 2) c.moments[i] = 1e-6F * static_cast<float>(i + 1);
  return c;
}

TEST(Contribution, IsNearTheChangeAndComesBackAsItWas) {
  for (const std::uint32_t bits : {4U, 8U}) {
    for (const std::size_t parameters : {1UL, 63UL, 64UL, 65UL, 1000UL, 1001UL}) {
      const Change change = random_change(parameters, 42);
      const Contribution c = made(parameters, bits);
      std::vector<float> out(parameters);
      dequantise(c, out);
      for (std::size_t i = 0; i < parameters; ++i) {
        // Half a step, and a rounding of the scale and the difference.
        EXPECT_LE(std::fabs(out[i] - (change.after[i] - change.before[i])), 0.5001F * c.scales[i / kBlock]);
      }
      const Bytes bytes = encode(c);
      EXPECT_EQ(bytes.size(), encoded_size(parameters, bits));
      EXPECT_EQ(decode_contribution(bytes, parameters).value(), c);
    }
  }
}

TEST(Contribution, WorkedExample) {
  const std::vector<float> before = {0, 0}, after = {0.5F, -0.25F};
  Contribution c = quantise(before, after, 8).value();
  c.tokens = 256;
  EXPECT_EQ(c.scales, std::vector<float>{0.5F / 127.0F});
  EXPECT_EQ(c.codes, (Bytes{127, 256 - 64}));
  EXPECT_EQ(encode(c).size(), 106U);
}

TEST(Contribution, NoChangeAndTheTiniestChangeAreZero) {
  std::vector<float> before(130, 1e-30F), after = before;
  after[7] = 2e-30F;
  after[129] = 1.0F;
  const Contribution c = quantise(before, after, 8).value();
  EXPECT_EQ(c.scales[0], 0.0F);
  EXPECT_EQ(c.scales[1], 0.0F);
  EXPECT_EQ(c.codes[129], 127);
}

TEST(Contribution, RefusesWhatIsNotFinite) {
  std::vector<float> before(70), after(70);
  after[65] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(quantise(before, after, 8).error().message,
            "contribution: a weight from 64 on changed by too much or is not finite");
  after[65] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(quantise(before, after, 4));
  EXPECT_EQ(quantise(before, before, 5).error().message, "contribution: 5 bits, expected 4 or 8");
  EXPECT_FALSE(quantise(before, std::vector<float>(69), 8));
}

// The digest guards against accidents; a liar makes a fitting digest, so all else is checked behind it.
Bytes with_digest(Bytes bytes) {
  bytes.resize(bytes.size() - 32);
  append(bytes, sha256(bytes).bytes);
  return bytes;
}

TEST(Contribution, SaysWhatIsWrong) {
  const Bytes good = encode(made(100, 8));
  const auto message = [](const Bytes& bytes, std::uint64_t parameters = 100) {
    const auto result = decode_contribution(bytes, parameters);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_EQ(message(good, 101), "contribution: for a model of 100 weights, expected 101");
  Bytes bad = good;
  bad[0] = 'C';
  EXPECT_EQ(message(with_digest(bad)), "contribution: does not begin with \"cairnctb\"");
  bad = good;
  bad[8] = 1;
  EXPECT_EQ(message(with_digest(bad)), "contribution: version 1, expected 2");
  bad = good;
  bad[12] = 16;
  EXPECT_EQ(message(with_digest(bad)), "contribution: 16 bits, expected 4 or 8");
  bad = good;
  bad.push_back(0);
  EXPECT_EQ(message(bad), fmt::format("contribution: {} bytes, expected {}", good.size() + 1, good.size()));
  bad = good;
  bad[80] ^= 1;
  EXPECT_EQ(message(bad), "contribution: its bytes do not have its digest");
  bad = good;
  bad[64 + 3] |= 0x80;  // the first scale's sign
  EXPECT_EQ(message(with_digest(bad)).substr(0, 33), "contribution: block 0 has scale -");
  bad = good;
  bad[64 + 8 + 4 + 3] |= 0x80;  // the second moment's sign
  EXPECT_EQ(message(with_digest(bad)).substr(0, 42), "contribution: block 1 has second moment -0");
  bad = good;
  bad[64 + 16 + 5] = 0x80;
  EXPECT_EQ(message(with_digest(bad)).substr(0, 41), "contribution: weight 5 has code -128 unde");
  EXPECT_EQ(decode_contribution({}, 1).error().code, ErrorCode::malformed);
}

TEST(Contribution, NeverAcceptsADamagedFile) {
  const Bytes good = encode(made(101, 4));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_contribution(ByteView(good).first(size), 101)) << size;
  }
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes flipped = good;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(decode_contribution(flipped, 101)) << "bit " << bit;
  }
  // With a fitting digest what remains acceptable must be canonical: it is written as it was read.
  for (std::size_t bit = 0; bit < (good.size() - 32) * 8; ++bit) {
    Bytes flipped = good;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    flipped = with_digest(flipped);
    const auto result = decode_contribution(flipped, 101);
    EXPECT_TRUE(!result || encode(*result) == flipped) << "bit " << bit;
  }
}

}  // namespace
}  // namespace cairn::train
