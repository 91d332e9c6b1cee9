#include "tensor/context.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tensor/kernels.h"
#include "tensor/pages.h"
#include "tensor/vectors.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace cairn::tensor {

// N - 1 threads that wait for work beside the caller. Tasks are drawn from a counter, so a slow thread holds nobody up.
// Whoever waits looks for a while before it sleeps: operations follow one another within microseconds, and waking a
// thread takes longer than many of them.
class Context::Pool {
 public:
  explicit Pool(int threads) : looks_(threads <= static_cast<int>(std::thread::hardware_concurrency()) ? 2000 : 0) {
    try {
      for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Pool() { stop(); }
  int threads() const { return static_cast<int>(helpers_.size()) + 1; }

  void run(std::size_t tasks, const std::function<void(std::size_t)>& act) {
    if (helpers_.empty() || tasks < 2) {
      for (std::size_t i = 0; i < tasks; ++i) act(i);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      act_ = &act;
      tasks_ = tasks;
      next_.store(0, std::memory_order_relaxed);
      busy_.store(helpers_.size(), std::memory_order_relaxed);
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleeping_.load() > 0) wake_.notify_all();
    draw(act, tasks);
    const auto all_idle = [this] { return busy_.load(std::memory_order_acquire) == 0; };
    if (!look_for(all_idle)) {
      std::unique_lock lock(mutex_);
      idle_.wait(lock, all_idle);
    }
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

 private:
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& helper : helpers_) helper.join();
  }
  // What a task throws ends the drawing of tasks; the first of it is kept for run().
  void draw(const std::function<void(std::size_t)>& act, std::size_t tasks) noexcept {
    try {
      for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < tasks;) act(i);
    } catch (...) {
      next_.store(tasks, std::memory_order_relaxed);
      const std::lock_guard lock(mutex_);
      if (!thrown_) thrown_ = std::current_exception();
    }
  }
  // Whether it came true within some tens of microseconds.
  template <class F>
  bool look_for(F come_true) const {
    for (int i = 0; i < looks_; ++i) {
      if (come_true()) return true;
#if defined(__x86_64__)
      _mm_pause();
#endif
    }
    return come_true();
  }
  void help() {
    const FlushScope flush;
    for (std::uint64_t seen = 0;;) {
      const auto changed = [&] { return stopping_.load() || generation_.load(std::memory_order_acquire) != seen; };
      if (!look_for(changed)) {
        std::unique_lock lock(mutex_);
        ++sleeping_;
        wake_.wait(lock, changed);
        --sleeping_;
      }
      if (stopping_.load()) return;
      // The next generation cannot begin before this thread is done with its own, so what it reads is whole.
      seen = generation_.load(std::memory_order_acquire);
      draw(*act_, tasks_);
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        { const std::lock_guard lock(mutex_); }  // the caller either has not looked yet or sleeps already
        idle_.notify_one();
      }
    }
  }

  const int looks_;  // none where threads share processors: who looks would hold up who works
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  const std::function<void(std::size_t)>* act_ = nullptr;
  std::size_t tasks_ = 0;
  std::exception_ptr thrown_;  // written under mutex_; read when all are idle
  std::atomic<std::size_t> busy_{0}, sleeping_{0};
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> next_{0};
  std::vector<std::thread> helpers_;
};

namespace {

constexpr int kMostThreads = 1024;

std::string_view from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Result<int> choose_threads(int wanted) {
  if (wanted > 0) return std::min(wanted, kMostThreads);
  const std::string_view text = from_environment("CAIRN_THREADS");
  if (text.empty()) return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostThreads);
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size() || n < 1 || n > kMostThreads)
    return fail(ErrorCode::invalid, "CAIRN_THREADS: expected a number from 1 to {}, got '{}'", kMostThreads, text);
  return n;
}

// Once per process and instruction set.
Status checked(Context& context) {
  static std::mutex mutex;
  static bool passed[5] = {};
  const std::lock_guard lock(mutex);
  bool& done = passed[static_cast<int>(context.isa())];
  if (!done) CAIRN_TRY(verify(context));
  done = true;
  return {};
}

}  // namespace

Context::Context(Isa isa, const Kernels* kernels, std::unique_ptr<Pool> pool)
    : isa_(isa), kernels_(kernels), pool_(std::move(pool)) {}
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

int Context::threads() const {
  return pool_->threads();
}

Result<Context> Context::make_unchecked(const ContextOptions& options) {
  CAIRN_ASSIGN(const int threads, choose_threads(options.threads));
  const std::string_view wanted = options.isa ? name_of(*options.isa) : from_environment("CAIRN_ISA");
  auto isa = choose_isa(wanted);
  if (!isa) return fail(options.isa ? std::move(isa).error() : std::move(isa).error().within("CAIRN_ISA"));
  try {
    return Context(*isa, &kernels_of(*isa), std::make_unique<Pool>(threads));
  } catch (const std::exception& error) {
    return fail(ErrorCode::failed, "starting {} threads: {}", threads, error.what());
  }
}

Result<Context> Context::make(const ContextOptions& options) {
  CAIRN_ASSIGN(Context context, make_unchecked(options));
  CAIRN_TRY(checked(context));
  return context;
}

void Context::parallel_for(std::size_t tasks, const std::function<void(std::size_t)>& act) const {
  const FlushScope flush;
  pool_->run(tasks, act);
}

#if defined(__x86_64__)
constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
FlushScope::FlushScope() : saved_(_mm_getcsr()) {
  _mm_setcsr(saved_ | kFlushToZero | kDenormalsAreZero);
}
FlushScope::~FlushScope() {
  _mm_setcsr(saved_);
}
#else
FlushScope::FlushScope() = default;
FlushScope::~FlushScope() = default;
#endif

std::size_t cached_bytes() {
  static const std::size_t half = [] {
    const long whole = sysconf(_SC_LEVEL2_CACHE_SIZE);  // 0 or -1 where the system does not tell
    return std::clamp<std::size_t>(whole > 0 ? static_cast<std::size_t>(whole) / 2 : 0, std::size_t{1} << 18,
                                   std::size_t{1} << 21);
  }();
  return half;
}

void* thread_scratch(std::size_t bytes) {
  struct Free {
    void operator()(void* p) const { release(p); }
  };
  thread_local std::unique_ptr<void, Free> block;
  thread_local std::size_t size = 0;
  if (bytes > size) {
    block.reset();
    size = 0;
    block.reset(allocate(bytes));
    size = bytes;
  }
  return block.get();
}

}  // namespace cairn::tensor
