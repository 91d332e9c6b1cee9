#include "train/windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "train/steps.h"

namespace cairn::train {
namespace {

constexpr Draw kDraws[] = {Draw::shuffled, Draw::shifted, Draw::random};

std::vector<std::uint16_t> counting(std::size_t n) {
  std::vector<std::uint16_t> tokens(n);
  std::iota(tokens.begin(), tokens.end(), std::uint16_t{0});
  return tokens;
}

// First tokens of the next n windows.
std::vector<std::int32_t> firsts(Windows& windows, std::uint32_t n, std::uint32_t context) {
  std::vector<std::int32_t> ids(n * context), targets(ids.size()), out;
  windows.next(n, ids, targets);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(targets[i], ids[i] + 1);
    if (i % context == 0) out.push_back(ids[i]);
  }
  return out;
}

TEST(Windows, SkippingIsDrawing) {
  const auto tokens = counting(103);
  for (const Draw draw : kDraws)
    for (const std::uint64_t skipped : {0, 1, 9, 10, 11, 20, 57, 200}) {
      Windows one(tokens, 10, {3, 4}, draw), other(tokens, 10, {3, 4}, draw);
      for (std::uint64_t i = 0; i < skipped; ++i) firsts(one, 1, 10);
      other.skip(skipped);
      EXPECT_EQ(firsts(one, 30, 10), firsts(other, 30, 10))
          << names_of(draw)[static_cast<std::size_t>(draw)] << " after " << skipped;
    }
}

TEST(Windows, APassReadsEachWindowOnce) {
  const auto tokens = counting(102);
  Windows windows(tokens, 10, {1, 2});
  auto starts = firsts(windows, 10, 10);
  std::ranges::sort(starts);
  for (std::int32_t i = 0; i < 10; ++i) EXPECT_EQ(starts[static_cast<std::size_t>(i)], 10 * i);
}

TEST(Windows, AShiftedPassBeginsElsewhereEachTime) {
  const auto tokens = counting(111);
  Windows windows(tokens, 10, {1, 2}, Draw::shifted);
  std::vector<bool> seen(10);
  for (int pass = 0; pass < 100; ++pass) {
    // 11 windows from the first token, else 10.
    auto starts = firsts(windows, 1, 10);
    const auto shift = static_cast<std::size_t>(starts[0]) % 10;
    seen[shift] = true;
    for (const std::int32_t s : firsts(windows, shift == 0 ? 10 : 9, 10)) starts.push_back(s);
    std::ranges::sort(starts);
    for (std::size_t i = 0; i < starts.size(); ++i)
      ASSERT_EQ(starts[i], static_cast<std::int32_t>(shift + 10 * i)) << "pass " << pass;
  }
  EXPECT_EQ(std::ranges::count(seen, true), 10);
}

TEST(Windows, RandomOnesReachEveryPlace) {
  const auto tokens = counting(40);
  Windows windows(tokens, 10, {1, 2}, Draw::random);
  auto starts = firsts(windows, 2000, 10);
  std::ranges::sort(starts);
  EXPECT_EQ(starts.front(), 0);
  EXPECT_EQ(starts.back(), 29);
  EXPECT_EQ(std::ranges::unique(starts).begin() - starts.begin(), 30);
}

// Places are drawn with 32 bits. Of the many tokens none is read before that is found out.
TEST(Windows, MorePlacesThanCanBeNumberedAreRefused) {
  const std::vector<std::uint16_t> few(20);
  const auto refused = [&](std::uint64_t count, Draw draw) {
    const std::span<const std::uint16_t> many(few.data(), count);
    const auto status = check_tokens("run", many, 10, 5, draw);
    return status ? "accepted" : status.error().message;
  };
  EXPECT_EQ(refused((std::uint64_t{1} << 32) + 10, Draw::random), "run: 4294967306 tokens are too many");
  EXPECT_EQ(refused((std::uint64_t{10} << 32) + 1, Draw::shuffled), "run: 42949672961 tokens are too many");
  for (const Draw draw : kDraws) EXPECT_EQ(refused(20, draw), "accepted");
}

TEST(Windows, TheLeastShardIsOneWindow) {
  const auto tokens = counting(11);
  for (const Draw draw : kDraws) {
    Windows windows(tokens, 10, {1, 2}, draw);
    EXPECT_EQ(firsts(windows, 3, 10), (std::vector<std::int32_t>{0, 0, 0}));
  }
}

}  // namespace
}  // namespace cairn::train
