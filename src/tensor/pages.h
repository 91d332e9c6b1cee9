// Memory for the arrays that operations run over: on large pages where the system has them for the asking, so that
// products, which read a column of a large matrix from as many pages as it has rows, find each page's address at hand.
// Not a pool: it is the C library's own heap, with advice. Any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace cairn::tensor {

// `bytes` at an address that is a multiple of 64, not zeroed; throws std::bad_alloc.
void* allocate(std::size_t bytes);
// What allocate() gave, or null.
void release(void* memory) noexcept;

// For the standard's containers.
template <class T>
struct LargePages {
  using value_type = T;
  LargePages() = default;
  template <class U>
  explicit(false) LargePages(const LargePages<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(tensor::allocate(n * sizeof(T))); }
  void deallocate(T* p, std::size_t) noexcept { release(p); }
  friend bool operator==(const LargePages&, const LargePages&) { return true; }
};

template <class T>
using Array = std::vector<T, LargePages<T>>;

}  // namespace cairn::tensor
