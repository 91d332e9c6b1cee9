#include "tensor/context.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>

namespace cairn::tensor {
namespace {

// Sets a variable of the environment for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value, 1);
  }
  ~Variable() { old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(Isa, UnknownNameIsInvalid) {
  const Variable isa("CAIRN_ISA", "sse9");
  const auto context = Context::make();
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().code, ErrorCode::invalid);
  EXPECT_EQ(context.error().message, "CAIRN_ISA: unknown instruction set 'sse9'");
  EXPECT_EQ(context.error().hint, "use one of: scalar, avx2, avx512, avx512bf16, neon");
}

TEST(Isa, OneThatTheProcessorLacksIsUnsupported) {
  const char* missing = available(Isa::neon) ? "avx2" : "neon";
  const Variable isa("CAIRN_ISA", missing);
  const auto context = Context::make();
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().code, ErrorCode::unsupported);
  EXPECT_EQ(context.error().message,
            "CAIRN_ISA: this processor lacks the instruction set '" + std::string(missing) + "'");
  EXPECT_EQ(context.error().hint.substr(0, 22), "available here: scalar");
}

TEST(Isa, EveryAvailableOneCanBeForced) {
  for (const Isa isa : available_isas()) {
    const Variable variable("CAIRN_ISA", std::string(name_of(isa)).c_str());
    const auto context = Context::make({.threads = 1});
    ASSERT_TRUE(context) << context.error().message;
    EXPECT_EQ(context->isa(), isa);
  }
}

TEST(Context, ThreadsComeFromTheEnvironment) {
  {
    const Variable threads("CAIRN_THREADS", "3");
    const auto context = Context::make();
    ASSERT_TRUE(context);
    EXPECT_EQ(context->threads(), 3);
  }
  for (const char* wrong : {"0", "-1", "two", "3x", "99999"}) {
    const Variable threads("CAIRN_THREADS", wrong);
    const auto context = Context::make();
    ASSERT_FALSE(context);
    EXPECT_EQ(context.error().code, ErrorCode::invalid);
    EXPECT_EQ(context.error().message,
              "CAIRN_THREADS: expected a number from 1 to 1024, got '" + std::string(wrong) + "'");
  }
}

TEST(Context, ParallelForDoesEachTaskOnceAndFlushes) {
  for (const int threads : {1, 2, 5}) {
    auto made = Context::make_unchecked({.threads = threads, .isa = Isa::scalar});
    ASSERT_TRUE(made);
    const Context context = std::move(*made);
    for (const std::size_t tasks : {0, 1, 2, 100}) {
      std::vector<std::atomic<int>> done(tasks);
      std::atomic<int> unflushed = 0;
      context.parallel_for(tasks, [&](std::size_t i) {
        ++done[i];
        volatile float tiny = 0x1p-126f;
        tiny = tiny * 0.5f;
        if (tiny != 0.0f) ++unflushed;
      });
      for (const auto& count : done) EXPECT_EQ(count, 1);
#if defined(__x86_64__)
      EXPECT_EQ(unflushed, 0);
#endif
    }
    volatile float tiny = 0x1p-126f;
    tiny = tiny * 0.5f;
    EXPECT_NE(tiny, 0.0f) << "the caller's own mode is restored";
  }
}

TEST(Context, WhatATaskThrowsComesOutAndTheContextGoesOn) {
  for (const int threads : {1, 2, 5}) {
    const auto context = Context::make_unchecked({.threads = threads, .isa = Isa::scalar});
    ASSERT_TRUE(context);
    for (int round = 0; round < 50; ++round) {
      const auto some = [](std::size_t i) {
        if (i % 7 == 3) throw std::bad_alloc();
      };
      EXPECT_THROW(context->parallel_for(100, some), std::bad_alloc);
      std::atomic<int> done = 0;
      context->parallel_for(100, [&](std::size_t) { ++done; });
      EXPECT_EQ(done, 100);
    }
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// In a process of its own: room for the stacks of a few threads alone.
TEST(Context, ThreadsThatCannotBeStartedAreAnError) {
  const auto start = [] {
    const rlimit limit{std::size_t{1} << 30, std::size_t{1} << 30};
    setrlimit(RLIMIT_AS, &limit);
    const auto context = Context::make_unchecked({.threads = 1000, .isa = Isa::scalar});
    const bool told = !context && context.error().code == ErrorCode::failed &&
                      context.error().message.starts_with("starting 1000 threads: ");
    std::_Exit(told ? 0 : 1);
  };
  EXPECT_EXIT(start(), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace cairn::tensor
