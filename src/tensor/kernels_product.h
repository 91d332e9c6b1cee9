// The matrix product, written once over a tile T: the registers and instructions of one instruction set.
//
// Operands are packed into panels of T's height (a) or width (b) by steps of the chain, so that the inner loop reads
// both in order. A step is one element of each row (binary32, the odd element of each pair first), or one pair where T
// has a dot-product instruction. T has: kRows, kVectors, kLanes (floats of a register), kPaired, kWatched (with enter,
// leave, settle: kernels_neon.cc); Word (float, or uint32_t with the odd element above); Register; load, broadcast,
// zero, step(a, b, acc), plain add, store and store_part with NaN canonical; transpose(Register[kLanes]), load_words,
// odd, even, join, widen.
#pragma once

#include "tensor/kernels.h"
#include "tensor/lane.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

// Hands out 64-byte aligned pieces of one block; with no block it only measures.
struct Carver {
  char* base = nullptr;
  std::size_t used = 0;
  template <class E>
  E* take(std::size_t n) {
    E* piece = base != nullptr ? reinterpret_cast<E*>(base + used) : nullptr;
    used += (n * sizeof(E) + 63) / 64 * 64;
    return piece;
  }
};

template <class T>
struct ProductKernels {
  using Word = typename T::Word;
  using Register = typename T::Register;
  static constexpr std::size_t kLanes = T::kLanes, kRows = T::kRows, kColumns = T::kVectors * T::kLanes;
  static constexpr std::size_t kStepsPerPair = T::kPaired ? 1 : 2;
  static constexpr std::size_t kSlack = 16;  // stores of whole registers may run past the last panel
  // A register that reaches past a step must be the step's only one, for the next step to overwrite what it spilled.
  static_assert((kRows % kLanes == 0 || kRows < kLanes) && kColumns % kLanes == 0);

  static std::size_t steps(std::size_t k) { return (k + 1) / 2 * kStepsPerPair; }
  static std::size_t panels(std::size_t n, std::size_t width) { return (n + width - 1) / width; }
  // Words that `rows` rows take as panels of `width`.
  static std::size_t packed_words(std::size_t rows, std::size_t width, std::size_t k) {
    return panels(rows, width) * width * steps(k) + kSlack;
  }

  static void put(Word* out, std::size_t width, std::size_t pair, Register words) {
    if constexpr (T::kPaired) {
      T::store_words(out + pair * width, words);
    } else {
      T::store_words(out + 2 * pair * width, T::odd(words));
      T::store_words(out + (2 * pair + 1) * width, T::even(words));
    }
  }

  // One panel from rows that are contiguous in k: squares of kLanes rows by kLanes pairs are turned in registers. A
  // register may reach past the panel's width into the next step, which is written after it.
  static void pack_by_rows(const Operand& x, Range rows, std::size_t width, std::size_t k, Word* out) {
    const std::size_t whole = k / 2, pairs = (k + 1) / 2;
    for (std::size_t group = 0; group < width; group += kLanes)
      for (std::size_t p = 0; p < pairs; p += kLanes) {
        Register square[kLanes];
        for (std::size_t i = 0; i < kLanes; ++i) {
          const std::size_t row = rows.begin + group + i;
          if (row >= rows.end || group + i >= width) {
            square[i] = T::zero();
            continue;
          }
          const Bf16* from = x.data + row * x.row_stride + 2 * p;
          square[i] = p + kLanes <= whole ? T::load_words(from) : load_tail(from, k - 2 * p);
        }
        T::transpose(square);
        const std::size_t n = pairs - p < kLanes ? pairs - p : kLanes;
        for (std::size_t j = 0; j < n; ++j) put(out + group, width, p + j, square[j]);
      }
  }

  // At most 2 * kLanes elements, the rest +0.
  static Register load_tail(const Bf16* from, std::size_t n) {
    Bf16 words[2 * kLanes];
    for (std::size_t i = 0; i < 2 * kLanes; ++i) words[i] = i < n ? from[i] : Bf16{0};
    return T::load_words(words);
  }

  // One panel from elements that are contiguous over the rows; `exist` rows may be read.
  static void pack_by_columns(const Operand& x, Range rows, std::size_t exist, std::size_t width, std::size_t k,
                              Word* out) {
    const auto load = [&](std::size_t at, std::size_t row) -> Register {
      if (at >= k || row >= rows.end) return T::zero();
      const Bf16* from = x.data + at * x.k_stride + row;
      if (row + kLanes <= exist) return T::widen(from);
      Bf16 part[kLanes];
      for (std::size_t i = 0; i < kLanes; ++i) part[i] = row + i < exist ? from[i] : Bf16{0};
      return T::widen(part);
    };
    for (std::size_t p = 0; p < (k + 1) / 2; ++p)
      for (std::size_t group = 0; group < width; group += kLanes) {
        const Register even = load(2 * p, rows.begin + group), odd = load(2 * p + 1, rows.begin + group);
        if constexpr (T::kPaired) {
          T::store_words(out + p * width + group, T::join(odd, even));
        } else {
          T::store_words(out + 2 * p * width + group, odd);
          T::store_words(out + (2 * p + 1) * width + group, even);
        }
      }
  }

  // Rows [rows.begin, rows.end) of the operand's `exist` rows as panels of `width`.
  static void pack(const Operand& x, Range rows, std::size_t exist, std::size_t width, std::size_t k, Word* out) {
    for (std::size_t r = rows.begin; r < rows.end; r += width, out += width * steps(k)) {
      const Range panel{r, rows.end - r < width ? rows.end : r + width};
      if (x.k_stride == 1)
        pack_by_rows(x, panel, width, k, out);
      else
        pack_by_columns(x, panel, exist, width, k, out);
    }
  }

  // Where a tile goes; `rows` and `columns` are how much of it exists. With `partial` the chain is longer than one
  // call: it begins there unless this is its first stretch and is left there unless it is its last. (Storing a partial
  // chain changes no bit.)
  struct Out {
    const float* addend;
    float* c;
    std::size_t stride, rows, columns;
    float* partial = nullptr;
    bool first = true, last = true;
  };

  using Accumulators = Register[kRows][T::kVectors];
  static inline __attribute__((always_inline)) void run(const Word* a, const Word* b, std::size_t n,
                                                        Accumulators& acc) {
    for (std::size_t s = 0; s < n; ++s, a += kRows, b += kColumns) {
      Register y[T::kVectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < T::kVectors; ++v) y[v] = T::load(b + v * kLanes);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < kRows; ++r) {
        const Register x = T::broadcast(a[r]);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < T::kVectors; ++v) acc[r][v] = T::step(x, y[v], acc[r][v]);
      }
    }
  }
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

  static void tile(const Word* a, const Word* b, std::size_t n, const Out& out) {
    Accumulators acc;
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < T::kVectors; ++v)
        acc[r][v] = out.first ? T::zero() : T::load_floats(out.partial + r * kColumns + v * kLanes);
    if constexpr (T::kWatched) {
      const std::uint64_t mode = T::enter();
      run(a, b, n, acc);
      for (auto& row : acc)
        for (Register& r : row) T::settle(r);
      if (T::leave(mode)) run_exactly(a, b, n, out, acc);
    } else {
      run(a, b, n, acc);
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < T::kVectors; ++v)
        if (!out.last)
          T::store_floats(out.partial + r * kColumns + v * kLanes, acc[r][v]);
        else if (r < out.rows && v * kLanes < out.columns)
          finish(acc[r][v], out, r * out.stride + v * kLanes, out.columns - v * kLanes);
    }
  }

  static void finish(Register acc, const Out& out, std::size_t at, std::size_t n) {
    const Register chain = T::add(acc, T::zero());
    if (n >= kLanes)
      T::store(out.c + at, out.addend != nullptr ? T::add(T::load_floats(out.addend + at), chain) : chain);
    else
      T::store_part(out.c + at, out.addend != nullptr ? T::add(T::load_floats_part(out.addend + at, n), chain) : chain,
                    n);
  }

  // All tiles of packed a [m rows] and b [n rows]; panels may be longer than the `n_steps` used.
  struct Packed {
    const Word *a, *b;
    std::size_t a_panel, b_panel;  // words from panel to panel
    std::size_t m, n, steps;
  };
  static void tiles(const Packed& in, const float* addend, float* c, std::size_t stride) {
    for (std::size_t i = 0; i < in.m; i += kRows)
      for (std::size_t j = 0; j < in.n; j += kColumns) {
        const std::size_t at = i * stride + j;
        tile(in.a + i / kRows * in.a_panel, in.b + j / kColumns * in.b_panel, in.steps,
             {addend != nullptr ? addend + at : nullptr, c + at, stride, in.m - i < kRows ? in.m - i : kRows,
              in.n - j < kColumns ? in.n - j : kColumns});
      }
  }

  // Pairs of one stretch of a chain: a panel of a then stays in the first-level cache.
  static constexpr std::size_t kStretchPairs = 256;
  // Words of b that stay in the second-level cache, and floats of unfinished chains that are kept at once.
  static constexpr std::size_t kCachedWords = std::size_t{1} << 18, kPartials = std::size_t{1} << 20;

  static std::size_t smaller(std::size_t a, std::size_t b) {
    return a < b ? a : b;
  }
  static std::size_t round_up(std::size_t n, std::size_t to) {
    return (n + to - 1) / to * to;
  }

  // Blocks of columns whose packed b fits the cache, blocks of rows whose unfinished chains fit their buffer, stretches
  // of the chains.
  static void product(const Product& op, Range rows, Range columns) {
    const std::size_t stretch = smaller(round_up(op.k, 2), 2 * kStretchPairs), n_steps = steps(stretch);
    const bool whole = op.k <= stretch;
    const std::size_t fit = kCachedWords / (n_steps + 1) / kColumns * kColumns;
    const std::size_t most_columns =
        smaller(round_up(columns.end - columns.begin, kColumns), fit < kColumns ? kColumns : fit);
    const std::size_t most_rows =
        smaller(round_up(rows.end - rows.begin, kRows), kPartials / most_columns / kRows * kRows + kRows);
    Carver measure, real;
    Block block{};
    block.lay(measure, most_rows, most_columns, stretch, whole);
    real.base = static_cast<char*>(thread_scratch(measure.used));
    block.lay(real, most_rows, most_columns, stretch, whole);
    for (std::size_t j = columns.begin; j < columns.end; j += most_columns)
      for (std::size_t i = rows.begin; i < rows.end; i += whole ? rows.end - i : most_rows)
        for (std::size_t k = 0; k == 0 || k < op.k; k += stretch) {
          block.rows = {i, whole ? rows.end : smaller(i + most_rows, rows.end)};
          block.columns = {j, smaller(j + most_columns, columns.end)};
          block.chain = {k, smaller(k + stretch, op.k)};
          multiply_block(op, block);
        }
  }

  struct Block {
    Range rows, columns, chain;
    Word *a, *b;
    float* partial;  // of the block's tiles, in order; none where a chain is one stretch
    void lay(Carver& c, std::size_t most_rows, std::size_t most_columns, std::size_t stretch, bool whole) {
      a = c.take<Word>(packed_words(kRows, kRows, stretch));
      b = c.take<Word>(packed_words(most_columns, kColumns, stretch));
      partial = whole ? nullptr : c.take<float>(most_rows * most_columns);
    }
  };

  static void multiply_block(const Product& op, const Block& block) {
    const std::size_t k = block.chain.end - block.chain.begin, n_steps = steps(k);
    const auto from = [&](const Operand& x) {
      return Operand{x.data + block.chain.begin * x.k_stride, x.row_stride, x.k_stride};
    };
    pack(from(op.b), block.columns, op.n, kColumns, k, block.b);
    float* partial = block.partial;
    for (std::size_t i = block.rows.begin; i < block.rows.end; i += kRows) {
      const Range panel{i, smaller(i + kRows, block.rows.end)};
      pack(from(op.a), panel, op.m, kRows, k, block.a);
      for (std::size_t j = block.columns.begin; j < block.columns.end; j += kColumns) {
        const std::size_t at = i * op.c_stride + j;
        tile(block.a, block.b + (j - block.columns.begin) * n_steps, n_steps,
             {.addend = op.addend != nullptr ? op.addend + at : nullptr,
              .c = op.c + at,
              .stride = op.c_stride,
              .rows = panel.end - i,
              .columns = smaller(kColumns, block.columns.end - j),
              .partial = partial,
              .first = block.chain.begin == 0,
              .last = block.chain.end == op.k});
        if (partial != nullptr) partial += kRows * kColumns;
      }
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
