#include "tensor/vectors.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tensor/cases.h"

namespace cairn::tensor {
namespace {

// The specification itself computes the published digests, for every operation that has a case.
TEST(Vectors, ScalarReferenceComputesThem) {
  auto context = Context::make_unchecked({.threads = 1, .isa = Isa::scalar});
  ASSERT_TRUE(context);
  ASSERT_EQ(published_vectors().size(), cases().size());
  for (std::size_t i = 0; i < cases().size(); ++i) {
    const auto digest = compute_vector(*context, cases()[i].operation);
    ASSERT_TRUE(digest);
    EXPECT_EQ(published_vectors()[i].operation, cases()[i].operation);
    EXPECT_EQ(published_vectors()[i].digest, digest->hex()) << cases()[i].operation;
  }
}

TEST(Vectors, EveryInstructionSetPasses) {
  for (const Isa isa : available_isas()) {
    auto context = Context::make_unchecked({.threads = 2, .isa = isa});
    ASSERT_TRUE(context);
    const auto verified = verify(*context);
    EXPECT_TRUE(verified) << (verified ? "" : verified.error().message);
  }
}

TEST(Vectors, UnknownOperationIsNotFound) {
  auto context = Context::make_unchecked({.threads = 1, .isa = Isa::scalar});
  ASSERT_TRUE(context);
  const auto digest = compute_vector(*context, "convolution");
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code, ErrorCode::not_found);
  EXPECT_EQ(digest.error().message, "no test vector of an operation 'convolution'");
}

}  // namespace
}  // namespace cairn::tensor
