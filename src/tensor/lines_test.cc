#include "tensor/kernels_lines.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "tensor/product.h"

namespace cairn::tensor {
namespace {

std::uintptr_t line(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) / Lines::kBytes;
}

// Where the lines that `lines` sends for lie; it is used up.
std::set<std::uintptr_t> sent(Lines lines) {
  std::set<std::uintptr_t> out;
  for (; lines.left > 0; lines.send()) out.insert(line(lines.at));
  return out;
}

TEST(Lines, AreAllThoseOfTheElements) {
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", static_cast<int>(seed));
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return std::size_t{random() % n}; };
  std::vector<Bf16> matrix(200 * 300);
  for (int round = 0; round < 200; ++round) {
    const std::size_t stride = 100 + below(100), from = below(64);
    const bool across = below(2) == 1;  // k lies along the matrix's rows, or across them
    const Operand x = across ? by_columns(matrix.data() + from, stride) : by_rows(matrix.data() + from, stride);
    const std::size_t most_rows = across ? stride : 250, most_k = across ? 250 : stride;
    Range rows{below(most_rows), 0}, k{below(most_k), 0};
    rows.end = rows.begin + 1 + below(most_rows - rows.begin);
    k.end = k.begin + 1 + below(most_k - k.begin);
    const std::set<std::uintptr_t> lines = sent(lines_of(x, rows, k));
    for (std::size_t r = rows.begin; r < rows.end; ++r)
      for (std::size_t i = k.begin; i < k.end; ++i)
        ASSERT_TRUE(lines.contains(line(x.data + r * x.row_stride + i * x.k_stride))) << across << " " << r << " " << i;
  }
}

TEST(Lines, AlignedRowsHaveNoMoreThanTheyNeed) {
  alignas(64) static Bf16 matrix[32 * 64];
  EXPECT_EQ(lines_of(by_rows(matrix, 64), {0, 32}, {0, 64}).left, 64U);
  EXPECT_EQ(lines_of(by_columns(matrix, 64), {32, 64}, {0, 8}).left, 8U);
}

TEST(Lines, NoElementsHaveNone) {
  const Bf16 one{};
  EXPECT_EQ(lines_of(by_rows(&one, 1), {0, 0}, {0, 1}).left, 0U);
  EXPECT_EQ(lines_of(by_columns(&one, 1), {1, 1}, {0, 1}).left, 0U);
  Lines none;
  none.send();
  EXPECT_EQ(none.left, 0U);
}

}  // namespace
}  // namespace cairn::tensor
