// A tile of a product's outputs, each its own chain, written once over the registers and instructions of one
// instruction set (kernels_product.h says what T has).
#pragma once

#include "tensor/kernels_lines.h"
#include "tensor/lane.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

// One tile of outputs: kRows by kColumns chains in registers.
template <class T>
struct TileKernels {
  using Word = typename T::Word;
  using Register = typename T::Register;
  static constexpr std::size_t kLanes = T::kLanes, kRows = T::kRows, kColumns = T::kVectors * T::kLanes;
  // A register that reaches past a step must be the step's only one, for the next step to overwrite what it spilled.
  static_assert((kRows % kLanes == 0 || kRows < kLanes) && kColumns % kLanes == 0);

  // Where a tile goes; `rows` and `columns` are how much of it exists. With `partial` the chain is longer than one
  // call: it begins there unless this is its first stretch and is left there unless it is its last; the next tile's
  // lies behind it. (Storing a partial chain changes no bit.)
  struct Out {
    const float* addend;
    float* c;
    std::size_t stride, rows, columns;
    float* partial = nullptr;
    bool first = true, last = true;
    Lines* ahead = nullptr;     // what else to send for meanwhile,
    std::size_t at_a_time = 1;  // and how many lines with each row
  };

  using Accumulators = Register[kRows][T::kVectors];
  // All n steps. What the tile will need of memory is sent for in between, a row at a time: all at once, it would hold
  // up the loads of b.
  static inline __attribute__((always_inline)) void run(const Word* a, const Word* b, std::size_t n, const Out& out,
                                                        Accumulators& acc) {
    const std::size_t share = n / kRows / 2 * 2;
    for (std::size_t r = 0; r < kRows; ++r, n -= share) {
      fetch(out, r);
      some(a, b, share, acc);
    }
    some(a, b, n, acc);
  }
  static inline __attribute__((always_inline)) void some(const Word*& a, const Word*& b, std::size_t n,
                                                         Accumulators& acc) {
    std::size_t s = 0;
    for (; s + 2 <= n; s += 2, a += 2 * kRows, b += 2 * kColumns) {
      one(a, b, acc);
      one(a + kRows, b + kColumns, acc);
    }
    if (s < n) one(a, b, acc);
  }
  static inline __attribute__((always_inline)) void one(const Word* a, const Word* b, Accumulators& acc) {
    Register y[T::kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < T::kVectors; ++v) {
      y[v] = T::load(b + v * kLanes);
      if (v * kLanes % kLine == 0) __builtin_prefetch(b + kAhead * kColumns + v * kLanes);
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
      const Register x = T::broadcast(a[r]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < T::kVectors; ++v) acc[r][v] = T::step(x, y[v], acc[r][v]);
    }
  }
  static constexpr std::size_t kLine = 64 / sizeof(Word);
  static constexpr std::size_t kAhead = 8;  // steps of b on their way from the second-level cache
  // The inner loop without its loads: the rate that the processor can reach.
  static double spin(std::size_t rounds) {
    // From a volatile, so that the compiler can tell no chain from another and must compute them all.
    volatile float unknown = 0.0f;
    volatile Word zero_word{};
    float all[kRows][kColumns];
    for (auto& row : all)
      for (float& value : row) value = unknown;
    Accumulators acc;
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t v = 0; v < T::kVectors; ++v) acc[r][v] = T::load_floats(all[r] + v * kLanes);
    const Register x = T::broadcast(zero_word), y = T::broadcast(zero_word);
    for (std::size_t s = 0; s < rounds; ++s) {
#pragma GCC unroll 16
      for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < T::kVectors; ++v) acc[r][v] = T::step(x, y, acc[r][v]);
    }
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t v = 0; v < T::kVectors; ++v) T::store_floats(all[r] + v * kLanes, acc[r][v]);
    for (const auto& row : all)
      for (const float value : row) unknown = value;
    return 2.0 * static_cast<double>(rounds) * kRows * kColumns * (T::kPaired ? 2 : 1);
  }
  // The same chains by lane.h, where the processor's flushing may have decided otherwise.
  static void run_exactly(const Word* a, const Word* b, std::size_t n, const Out& out, Accumulators& acc) {
    for (std::size_t r = 0; r < kRows; ++r) {
      float row[kColumns];
      for (std::size_t c = 0; c < kColumns; ++c) {
        Lane chain{out.first ? 0.0f : out.partial[r * kColumns + c]};
        for (std::size_t s = 0; s < n; ++s) chain = fma(Lane{a[s * kRows + r]}, Lane{b[s * kColumns + c]}, chain);
        row[c] = chain.value;
      }
      for (std::size_t v = 0; v < T::kVectors; ++v) acc[r][v] = T::load_floats(row + v * kLanes);
    }
  }

  static __attribute__((noinline)) void tile(const Word* a, const Word* b, std::size_t n, const Out& out) {
    Accumulators acc;
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < T::kVectors; ++v)
        acc[r][v] = out.first ? T::zero() : T::load_floats(out.partial + r * kColumns + v * kLanes);
    if constexpr (T::kWatched) {
      const std::uint64_t mode = T::enter();
      run(a, b, n, out, acc);
      for (auto& row : acc)
        for (Register& r : row) T::settle(r);
      if (T::leave(mode)) run_exactly(a, b, n, out, acc);
    } else {
      run(a, b, n, out, acc);
    }
    if (!out.last)
      keep(acc, out.partial);
    else if (out.rows == kRows && out.columns == kColumns)
      finish(acc, out);
    else
      finish_part(acc, out);
  }

 private:
  // Row r's lines: of the outputs, of the next tile's unfinished chains, of what is packed next.
  static inline __attribute__((always_inline)) void fetch(const Out& out, std::size_t r) {
    if (out.ahead != nullptr)
      for (std::size_t i = 0; i < out.at_a_time; ++i) out.ahead->send();
    for (std::size_t c = 0; c < kColumns; c += 16) {
      if (out.last && r < out.rows) {
        __builtin_prefetch(out.c + r * out.stride + c, 1);
        if (out.addend != nullptr && out.addend != out.c) __builtin_prefetch(out.addend + r * out.stride + c);
      }
      if (out.partial != nullptr) __builtin_prefetch(out.partial + (kRows + r) * kColumns + c, 1);
    }
  }
  static inline void keep(const Accumulators& acc, float* partial) {
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < T::kVectors; ++v) T::store_floats(partial + r * kColumns + v * kLanes, acc[r][v]);
  }
  static inline void finish(const Accumulators& acc, const Out& out) {
    const bool adds = out.addend != nullptr;
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < T::kVectors; ++v) {
        const std::size_t at = r * out.stride + v * kLanes;
        const Register chain = T::add(acc[r][v], T::zero());
        T::store(out.c + at, adds ? T::add(T::load_floats(out.addend + at), chain) : chain);
      }
  }
  static void finish_part(const Accumulators& acc, const Out& out) {
    float all[kRows * kColumns];
    keep(acc, all);
    for (std::size_t r = 0; r < out.rows; ++r)
      for (std::size_t c = 0; c < out.columns; c += kLanes) {
        const std::size_t at = r * out.stride + c, n = out.columns - c < kLanes ? out.columns - c : kLanes;
        const Register chain = T::add(T::load_floats(all + r * kColumns + c), T::zero());
        T::store_part(out.c + at,
                      out.addend != nullptr ? T::add(T::load_floats_part(out.addend + at, n), chain) : chain, n);
      }
  }
};

}  // namespace

}  // namespace cairn::tensor
