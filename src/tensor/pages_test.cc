#include "tensor/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>

namespace cairn::tensor {
namespace {

TEST(Pages, BeginAtALineWhateverTheSize) {
  for (const std::size_t bytes : {0UL, 1UL, 63UL, 64UL, 65UL, (4UL << 20) - 1, 4UL << 20, (9UL << 20) + 7}) {
    auto* memory = static_cast<unsigned char*>(allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0U) << bytes;
    std::fill_n(memory, bytes, static_cast<unsigned char>(1));
    release(memory);
  }
  release(nullptr);
}

TEST(Pages, TooMuchIsBadAlloc) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers' allocators end the program instead";
#endif
  EXPECT_THROW(release(allocate(std::numeric_limits<std::size_t>::max() / 2)), std::bad_alloc);
}

TEST(Pages, AnArrayIsZeroedAndCopiesItsElements) {
  Array<float> a(std::size_t{3} << 20);
  EXPECT_TRUE(std::ranges::all_of(a, [](float x) { return x == 0.0F; }));
  a.back() = 2.0F;
  const Array<float> b = a;
  EXPECT_EQ(b, a);
  EXPECT_NE(b.data(), a.data());
}

}  // namespace
}  // namespace cairn::tensor
