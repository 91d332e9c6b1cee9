#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "eval/compression.h"
#include "eval/order3.h"

namespace cairn::eval {
namespace {

// The definition, written down as it stands and as slowly.
double brute_force(const std::vector<std::string>& training, const std::string& history, char next) {
  double p = 1.0 / 256;
  for (std::size_t k = 0; k <= 3; ++k) {
    const std::string context = history.substr(3 - k);
    double n = 0, of_next = 0;
    std::set<char> types;
    for (const std::string& d : training) {
      const std::string padded = std::string(3, '\0') + d;
      for (std::size_t i = 3; i < padded.size(); ++i) {
        if (padded.compare(i - k, k, context) != 0) continue;
        n += 1;
        of_next += padded[i] == next;
        types.insert(padded[i]);
      }
    }
    const double t = static_cast<double>(types.size());
    if (n > 0) p = (of_next + t * p) / (n + t);
  }
  return p;
}

TEST(Order3, IsItsDefinition) {
  std::mt19937 random(11);
  std::vector<std::string> texts;
  for (int d = 0; d < 5; ++d) {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "abcd\xff"[random() % 5];
    texts.push_back(text);
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const Order3 model = Order3::train(views).value();
  for (int trial = 0; trial < 200; ++trial) {
    std::string history(3, '\0');
    for (char& c : history) c = "abcdz"[random() % 5];
    const char next = "abcdq"[random() % 5];
    const std::uint32_t packed = static_cast<std::uint32_t>(history[0] << 16 | history[1] << 8 | history[2]);
    EXPECT_NEAR(model.probability(packed, static_cast<std::uint8_t>(next)), brute_force(texts, history, next), 1e-12);
  }
}

TEST(Order3, IsADistribution) {
  const std::string_view text[] = {"the cat sat on the mat"};
  const Order3 model = Order3::train(text).value();
  for (const std::uint32_t history : {0U, 0x746865U, 0xFFFFFFU}) {
    double sum = 0;
    for (int c = 0; c < 256; ++c) sum += model.probability(history, static_cast<std::uint8_t>(c));
    EXPECT_NEAR(sum, 1.0, 1e-12);
  }
  EXPECT_EQ(Order3::train({}).error().code, ErrorCode::invalid);
}

TEST(Compression, IsWhatXzWrites) {
  // An empty .xz file has 32 bytes: header, empty index, footer.
  EXPECT_EQ(xz9_size({}).value(), 32U);
  const std::string zeros(100'000, 'a');
  EXPECT_LT(xz9_size(as_bytes(zeros)).value(), 200U);
}

}  // namespace
}  // namespace cairn::eval
