// Every operation, on every instruction set that this machine has and several thread counts, equals the scalar
// reference to the bit.
#include <gtest/gtest.h>

#include "tensor/cases.h"
#include "tensor/context.h"

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

class Equality : public testing::TestWithParam<Case> {};

TEST_P(Equality, IsBitForBitForEveryInstructionSetAndThreadCount) {
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

INSTANTIATE_TEST_SUITE_P(Operations, Equality, testing::ValuesIn(cases().begin(), cases().end()),
                         [](const auto& instance) {
                           std::string name(instance.param.operation);
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace cairn::tensor
