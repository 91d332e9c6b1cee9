// What a product sends for before it packs it: packing reads a matrix by columns, or from far caches, and waits for
// little else. Which lines are sent for changes no result.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/kernels.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

constexpr std::size_t smaller(std::size_t a, std::size_t b) {
  return a < b ? a : b;
}

// Lines of memory that will be packed soon, sent for one at a time: packing waits for little else.
struct Lines {
  const char *at = nullptr, *column = nullptr;  // the next line, the top of its column
  std::size_t stride = 0, high = 1, below = 1;  // bytes from line to line of a column, its lines, those from `at` on
  std::size_t left = 0;                         // in all columns
  void send() {
    if (left == 0) return;
    __builtin_prefetch(at, 0, 2);
    --left;
    at += stride;
    if (--below > 0) return;
    below = high;
    at = column += kBytes;
  }
  static constexpr std::size_t kBytes = 64;
};

// The lines of these elements.
template <class E>
Lines lines_of(const OperandOf<E>& x, Range rows, Range k) {
  const bool by_rows = x.k_stride == 1;
  const Range along = by_rows ? k : rows, across = by_rows ? rows : k;
  const std::size_t stride = (by_rows ? x.row_stride : x.k_stride) * sizeof(E), high = across.end - across.begin;
  if (high == 0 || along.begin == along.end) return {};
  const char* at = reinterpret_cast<const char*>(x.data + along.begin) + across.begin * stride;
  // Where rows begin at different places of a line, as many as any needs.
  const std::size_t before =
      stride % Lines::kBytes == 0 ? reinterpret_cast<std::uintptr_t>(at) % Lines::kBytes : Lines::kBytes - sizeof(E);
  const std::size_t wide = (before + (along.end - along.begin) * sizeof(E) + Lines::kBytes - 1) / Lines::kBytes;
  return {at, at, stride, high, high, high * wide};
}

}  // namespace

}  // namespace cairn::tensor
