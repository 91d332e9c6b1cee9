#include "tensor/pages.h"

#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace cairn::tensor {
namespace {

constexpr std::size_t kLine = 64, kPage = std::size_t{2} << 20;

}  // namespace

void* allocate(std::size_t bytes) {
  const std::size_t alignment = bytes < 2 * kPage ? kLine : kPage;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) throw std::bad_alloc();
#if defined(__linux__)
  if (alignment == kPage)
    madvise(memory, bytes / kPage * kPage, MADV_HUGEPAGE);  // advice: refused, all goes on as before
#endif
  return memory;
}

void release(void* memory) noexcept {
  std::free(memory);
}

}  // namespace cairn::tensor
