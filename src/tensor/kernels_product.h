// The matrix product, written once over a tile T: the registers and instructions of one instruction set.
//
// Both operands are packed into panels (kernels_pack.h), a of the tile's height and b of its width. T has: kRows,
// kVectors, kLanes (floats of a register), kPaired (a step is a pair), kWatched (with enter, leave, settle:
// kernels_neon.cc); Word (float, or uint32_t with the odd element above); Register; load, broadcast, zero, step(a, b,
// acc), plain add, store and store_part with NaN canonical; transpose(Register[kLanes]), load_words, odd, even, join,
// widen.
#pragma once

#include "tensor/kernels_pack.h"
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
  // Row r's lines: of the outputs, and of the next tile's unfinished chains.
  static inline __attribute__((always_inline)) void fetch(const Out& out, std::size_t r) {
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

// Products of whole matrices of elements E.
template <class T, class E>
struct ProductKernels {
  using Tile = TileKernels<T>;
  using Pack = Packing<T, E>;
  using Word = typename T::Word;
  static constexpr std::size_t kRows = Tile::kRows, kColumns = Tile::kColumns;

  // All tiles of packed a [m rows] and b [n rows]; panels may be longer than the `steps` used.
  struct Packed {
    const Word *a, *b;
    std::size_t a_panel, b_panel;  // words from panel to panel
    std::size_t m, n, steps;
  };
  static void tiles(const Packed& in, const float* addend, float* c, std::size_t stride) {
    for (std::size_t i = 0; i < in.m; i += kRows)
      for (std::size_t j = 0; j < in.n; j += kColumns) {
        const std::size_t at = i * stride + j;
        Tile::tile(in.a + i / kRows * in.a_panel, in.b + j / kColumns * in.b_panel, in.steps,
                   {addend != nullptr ? addend + at : nullptr, c + at, stride, smaller(kRows, in.m - i),
                    smaller(kColumns, in.n - j)});
      }
  }

  // Blocks of columns whose packed b fits the second-level cache, blocks of rows whose unfinished chains fit their
  // buffer, and of the chains stretches whose panel of a fits the first-level cache.
  static void product(const ProductOf<E>& op, Range rows, Range columns) {
    const Plan plan = plan_for(op, rows, columns);
    Carver measure, real;
    lay(plan, measure);
    real.base = static_cast<char*>(thread_scratch(measure.used));
    const Room room = lay(plan, real);
    for (std::size_t j = columns.begin; j < columns.end; j += plan.columns)
      for (std::size_t i = rows.begin; i < rows.end; i += plan.rows) {
        const Range block_rows{i, smaller(i + plan.rows, rows.end)};
        const Range block_columns{j, smaller(j + plan.columns, columns.end)};
        for (std::size_t begin = 0; begin == 0 || begin < op.k; begin += plan.chain) {
          const std::size_t end = smaller(begin + plan.chain, op.k);
          for (std::size_t k = begin; k == begin || k < end; k += plan.stretch)
            multiply_block(op, room, {block_rows, block_columns, {k, smaller(k + plan.stretch, end)}, begin, end});
        }
      }
  }

 private:
  // Steps of one stretch, floats of unfinished chains kept at once.
  // Panels of a that are packed at once, so that whole cache lines are read.
  static constexpr std::size_t kGroup = kRows < 64 ? 64 / kRows : 1;
  static constexpr std::size_t kStretch = 256, kPartials = std::size_t{1} << 21;

  static constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }
  static constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

  struct Plan {
    std::size_t chain, stretch;  // elements of k
    std::size_t rows, columns;   // of a block
    bool whole;                  // chains are no longer than a stretch
  };
  static Plan plan_for(const ProductOf<E>& op, Range rows, Range columns) {
    Plan p{};
    p.chain = op.fold != 0 && op.fold < op.k ? op.fold : op.k > 0 ? op.k : 1;
    p.stretch = smaller(p.chain, kStretch / Pack::kSteps * Pack::kPerWord);
    p.whole = p.chain == p.stretch;
    const std::size_t fit = cached_bytes() / sizeof(Word) / (Pack::steps(p.stretch) + 1) / kColumns * kColumns;
    p.columns = smaller(round_up(columns.end - columns.begin, kColumns), fit < kColumns ? kColumns : fit);
    const std::size_t all = round_up(rows.end - rows.begin, kRows);
    p.rows = p.whole ? all : smaller(all, kPartials / p.columns / kRows * kRows + kRows);
    return p;
  }

  struct Room {
    Word *a, *b;
    float* partial;  // of the block's tiles, in order; none where a chain is one stretch
  };
  static Room lay(const Plan& plan, Carver& c) {
    Room room;
    room.a = c.take<Word>(Pack::words(kGroup * kRows, kRows, plan.stretch));
    room.b = c.take<Word>(Pack::words(plan.columns, kColumns, plan.stretch));
    room.partial = plan.whole ? nullptr : c.take<float>(plan.rows * plan.columns);
    return room;
  }

  struct Block {
    Range rows, columns, stretch;
    std::size_t chain_begin, chain_end;
  };
  static void multiply_block(const ProductOf<E>& op, const Room& room, const Block& block) {
    const std::size_t k = block.stretch.end - block.stretch.begin, n_steps = Pack::steps(k);
    const std::size_t a_panel = Pack::panel(kRows, k), b_panel = Pack::panel(kColumns, k);
    const auto from = [&](const OperandOf<E>& x) {
      return OperandOf<E>{x.data + block.stretch.begin * x.k_stride, x.row_stride, x.k_stride};
    };
    // After the first chain there is a sum to go on from.
    const float* addend = block.chain_begin == 0 ? op.addend : op.c;
    float* partial = room.partial;
    Pack::pack(from(op.b), block.columns, op.n, kColumns, k, room.b);
    // Between a group's tiles the next group's elements are sent for, some of k at a time.
    const std::size_t tiles = kGroup * ((block.columns.end - block.columns.begin + kColumns - 1) / kColumns);
    const std::size_t slice = (k + tiles - 1) / tiles;
    Range group{block.rows.begin, 0};
    for (; group.begin < block.rows.end; group.begin = group.end) {
      group.end = smaller(group.begin + kGroup * kRows, block.rows.end);
      Pack::pack(from(op.a), group, op.m, kRows, k, room.a);
      const Range next{group.end, smaller(group.end + kGroup * kRows, block.rows.end)};
      std::size_t sent = 0;
      for (std::size_t i = group.begin; i < group.end; i += kRows)
        for (std::size_t j = block.columns.begin; j < block.columns.end; j += kColumns) {
          const std::size_t at = i * op.c_stride + j, send = smaller(sent + slice, k);
          Pack::send_for(from(op.a), next, {sent, send});
          sent = send;
          Tile::tile(room.a + (i - group.begin) / kRows * a_panel,
                     room.b + (j - block.columns.begin) / kColumns * b_panel, n_steps,
                     {.addend = addend != nullptr ? addend + at : nullptr,
                      .c = op.c + at,
                      .stride = op.c_stride,
                      .rows = smaller(kRows, group.end - i),
                      .columns = smaller(kColumns, block.columns.end - j),
                      .partial = partial,
                      .first = block.stretch.begin == block.chain_begin,
                      .last = block.stretch.end == block.chain_end});
          if (partial != nullptr) partial += kRows * kColumns;
        }
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
