// Every operation, on every instruction set that this machine has and several thread counts, equals the scalar
// reference to the bit.
#include <gtest/gtest.h>

#include <cstring>

#include "tensor/cases.h"
#include "tensor/context.h"
#include "tensor/product.h"

namespace cairn::tensor {
namespace {

Bytes run(const Case& c, Isa isa, int threads, std::uint64_t seed, Flavour flavour, std::size_t size) {
  auto context = Context::make_unchecked({.threads = threads, .isa = isa});
  Bytes out;
  if (!context) {
    ADD_FAILURE() << context.error().message;
    return out;
  }
  Inputs inputs(seed, flavour);
  c.run(*context, inputs, size, out);
  return out;
}

// Larger than every block of the fast kernels. The scalar reference would take long, so the fast ones are compared with
// each other.
TEST(Equality, OfLargeProducts) {
  constexpr std::size_t kM = 700, kN = 1300, kK = 1301;
  Inputs inputs(7, Flavour::plain);
  const auto a = inputs.bf16s(kM * kK), b = inputs.bf16s(kN * kK);
  std::vector<float> expected;
  for (const Isa isa : available_isas()) {
    if (isa == Isa::scalar) continue;
    for (const int threads : {1, 3}) {
      auto context = Context::make_unchecked({.threads = threads, .isa = isa});
      ASSERT_TRUE(context);
      std::vector<float> c(kM * kN);
      multiply(*context, {.m = kM,
                          .n = kN,
                          .k = kK,
                          .a = by_rows(a.data(), kK),
                          .b = by_columns(b.data(), kN),
                          .c = c.data(),
                          .c_stride = kN});
      if (expected.empty()) expected = c;
      ASSERT_EQ(std::memcmp(c.data(), expected.data(), c.size() * sizeof(float)), 0)
          << name_of(isa) << ", " << threads << " threads";
    }
  }
}

class Operations : public testing::TestWithParam<Case> {};

TEST_P(Operations, AreEqualBitForBitForEveryInstructionSetAndThreadCount) {
  for (const Flavour flavour : kFlavours)
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      const std::size_t size = seed <= 4 ? 12 * seed : 100;
      const Bytes expected = run(GetParam(), Isa::scalar, 1, seed, flavour, size);
      for (const Isa isa : available_isas())
        for (const int threads : {1, 2, 3, 7})
          ASSERT_EQ(run(GetParam(), isa, threads, seed, flavour, size), expected)
              << name_of(isa) << ", " << threads << " threads, seed " << seed << ", flavour "
              << static_cast<int>(flavour);
    }
}

// Sizes at which threads share the work, again without the scalar reference.
TEST_P(Operations, AreEqualAlsoWhereThreadsShareTheWork) {
  Bytes expected;
  for (const Isa isa : available_isas()) {
    if (isa == Isa::scalar) continue;
    for (const int threads : {1, 3}) {
      const Bytes got = run(GetParam(), isa, threads, 8, Flavour::plain, 400);
      if (expected.empty()) expected = got;
      ASSERT_EQ(got, expected) << name_of(isa) << ", " << threads << " threads";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Operations, testing::ValuesIn(cases().begin(), cases().end()), [](const auto& instance) {
  std::string name(instance.param.operation);
  for (char& c : name)
    if (c == '.') c = '_';
  return name;
});

}  // namespace
}  // namespace cairn::tensor
