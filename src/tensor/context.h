// Context: the threads and the kernels that every operation runs on.
//
// What it is not: a graph, an allocator or a device. Operations are free functions that take a Context first
// (product.h, norm.h, ...); the caller owns all memory. One Context is used by one thread at a time; it is movable, not
// copyable. The result of every operation is the same to the bit for every number of threads and every instruction set
// (docs/arithmetic.md), because threads share out outputs and never the terms of a sum.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "tensor/isa.h"

namespace cairn::tensor {

struct Kernels;

struct ContextOptions {
  int threads = 0;         // 0: CAIRN_THREADS, or else one per processor
  std::optional<Isa> isa;  // none: CAIRN_ISA, or else the fastest that this processor has
};

class Context {
 public:
  // invalid: CAIRN_THREADS or CAIRN_ISA is not understood. unsupported: this processor lacks the instruction set.
  // failed: the kernels of the instruction set do not reproduce the published vectors on this machine (vectors.h),
  // which is checked once per process and instruction set before it is used.
  static Result<Context> make(const ContextOptions& options = {});
  // As make, without the self-check: for the check itself and for tests.
  static Result<Context> make_unchecked(const ContextOptions& options);
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  ~Context();

  Isa isa() const { return isa_; }
  int threads() const;
  const Kernels& kernels() const { return *kernels_; }

  // Calls act(task) once for each task in [0, tasks), in any order, on any of the threads; returns when all are done.
  // Subnormals are flushed while it runs, in the caller's thread too. Tasks must write disjoint memory and must not
  // call parallel_for. What a task throws (std::bad_alloc: kernels take scratch) is thrown here when all threads have
  // let go, with some tasks not done; the Context can be used again.
  void parallel_for(std::size_t tasks, const std::function<void(std::size_t task)>& act) const;

 private:
  class Pool;
  Context(Isa isa, const Kernels* kernels, std::unique_ptr<Pool> pool);

  Isa isa_;
  const Kernels* kernels_;
  std::unique_ptr<Pool> pool_;
};

// Sets flush-to-zero and denormals-are-zero in this thread while it lives (on x86; elsewhere the kernels see to it
// themselves).
class FlushScope {
 public:
  FlushScope();
  ~FlushScope();
  FlushScope(const FlushScope&) = delete;
  FlushScope& operator=(const FlushScope&) = delete;

 private:
  unsigned saved_ = 0;
};

}  // namespace cairn::tensor
