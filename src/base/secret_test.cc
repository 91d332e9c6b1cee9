#include "base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace cairn {
namespace {

static_assert(!std::is_copy_constructible_v<Secret<32>> && !std::is_copy_assignable_v<Secret<32>>);

TEST(Secret, BeginsAsZerosAndIsEqualByItsBytes) {
  Secret<32> a;
  const Secret<32> b;
  EXPECT_TRUE(std::ranges::all_of(a.bytes(), [](std::uint8_t byte) { return byte == 0; }));
  EXPECT_TRUE(a == b);
  for (std::size_t i = 0; i < 32; ++i) {
    a.bytes()[i] = 1;
    EXPECT_FALSE(a == b) << i;
    a.bytes()[i] = 0;
  }
}

TEST(Secret, MovesWithItsBytes) {
  Secret<32> a;
  a.bytes()[5] = 7;
  const Secret<32> b = std::move(a);
  EXPECT_EQ(b.bytes()[5], 7);
}

TEST(Secret, ABufferIsWiped) {
  std::string text = "a secret";
  wipe(text);
  EXPECT_EQ(text, std::string(8, '\0'));
}

// Guard pages: one byte further is the end of the program, not another object's byte.
TEST(SecretDeathTest, NothingLiesBehindIt) {
  Secret<32> a;
  volatile std::uint8_t* end = a.bytes().data() + 32;
  EXPECT_DEATH({ *end = 1; }, "");
}

}  // namespace
}  // namespace cairn
