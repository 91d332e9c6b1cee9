// How kernels go over channels, written once over a pack P (pack_scalar.h): whole packs at full speed, then what is
// left as a part of one. The slot of element i is i mod 16.
#pragma once

#include "tensor/kernels.h"

namespace cairn::tensor {

// Everything here and in the kernels_*.h has internal linkage: each instruction set's file compiles its own copy, and
// the linker must never merge code compiled for one processor into a file meant for another.
namespace {

// Where a pack lies: all of its slots in memory, or the first n, the others +0.
template <class P>
struct Whole {
  template <class E>
  static P load(const E* p) {
    return P::load(p);
  }
  template <class E>
  static void store(E* p, P a) {
    P::store(p, a);
  }
  // a, or in the slots that are not there the others'.
  static P head(P a, P) { return a; }
};
template <class P>
struct Part {
  std::size_t n;
  template <class E>
  P load(const E* p) const {
    return P::load_part(p, n);
  }
  template <class E>
  void store(E* p, P a) const {
    P::store_part(p, a, n);
  }
  P head(P a, P other) const { return P::head(a, other, n); }
};

// Calls act(i, pack) for each pack of n elements, in ascending order.
template <class P, class F>
inline void walk(std::size_t n, F act) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) act(i, Whole<P>{});
  if (i < n) act(i, Part<P>{n - i});
}
// Calls full(i) for whole packs at i and part(i, n) for the rest.
template <class F, class G>
inline void walk(std::size_t n, F full, G part) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) full(i);
  if (i < n) part(i, n - i);
}

template <class P>
inline float single(P a) {
  float r;
  P::store_part(&r, a, 1);
  return r;
}

// W packs of the chains of chains_over_rows(): several, so that a row's reads are long and the chains run side by side.
template <class P, std::size_t W, class A, class F>
inline void chain_block(std::size_t rows, std::size_t grain, std::size_t channel, A pack, float* out, F step) {
  for (std::size_t first = 0; first < rows; first += grain) {
    const std::size_t last = rows - first < grain ? rows : first + grain;
    P chains[W];
#pragma GCC unroll 4
    for (std::size_t w = 0; w < W; ++w) chains[w] = P::set(0.0f);
    for (std::size_t r = first; r < last; ++r)
#pragma GCC unroll 4
      for (std::size_t w = 0; w < W; ++w) chains[w] = step(chains[w], r, channel + 16 * w, pack);
#pragma GCC unroll 4
    for (std::size_t w = 0; w < W; ++w) {
      float* at = out + channel + 16 * w;
      pack.store(at, P::add(pack.load(at), chains[w]));
    }
  }
}

// The left fold over grains that gradients over rows are (norm.h). For each channel c of the range: a chain from +0,
// chain = step(chain, row, c, pack) over the grain's rows in ascending order, is added to out[c] at the grain's end.
template <class P, class F>
inline void chains_over_rows(Range channels, std::size_t rows, std::size_t fold, float* out, F step) {
  const std::size_t grain = fold == 0 ? rows : fold;
  std::size_t c = channels.begin;
  for (; c + 64 <= channels.end; c += 64) chain_block<P, 4>(rows, grain, c, Whole<P>{}, out, step);
  for (; c + 16 <= channels.end; c += 16) chain_block<P, 1>(rows, grain, c, Whole<P>{}, out, step);
  if (c < channels.end) chain_block<P, 1>(rows, grain, c, Part<P>{channels.end - c}, out, step);
}

}  // namespace

}  // namespace cairn::tensor
