// The matrix product, written once over a tile T: the registers and instructions of one instruction set.
//
// Both operands are packed into panels (kernels_pack.h), a of the tile's height and b of its width. T has: kRows,
// kVectors, kLanes (floats of a register), kPaired (a step is a pair), kWatched (with enter, leave, settle:
// kernels_neon.cc); Word (float, or uint32_t with the odd element above); Register; load, broadcast, zero, step(a, b,
// acc), plain add, store and store_part with NaN canonical; transpose(Register[kLanes]), load_words, odd, even, join,
// widen.
#pragma once

#include "tensor/kernels_pack.h"
#include "tensor/kernels_tile.h"

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
    const Whole whole{op, plan, rows, columns};
    for (Block block = whole.first(); block.rows.begin < rows.end;) {
      const Block next = whole.after(block);
      multiply_block(op, room, block, next);
      block = next;
    }
  }

 private:
  // Panels of a that are packed at once, so that whole cache lines are read.
  static constexpr std::size_t kGroup = kRows < 64 ? 64 / kRows : 1;
  // Steps of one stretch, floats of unfinished chains kept at once.
  static constexpr std::size_t kStretch = 256, kPartials = std::size_t{1} << 21;

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
    Range rows, columns, chain, stretch;
  };
  // The blocks in their order: stretches of a chain, chains, rows, columns.
  struct Whole {
    const ProductOf<E>& op;
    const Plan& plan;
    Range rows, columns;

    Block first() const { return at(rows.begin, columns.begin, 0, 0); }
    // None has rows from rows.end on.
    Block after(const Block& b) const {
      if (b.stretch.end < b.chain.end) return at(b.rows.begin, b.columns.begin, b.chain.begin, b.stretch.end);
      if (b.chain.end < op.k) return at(b.rows.begin, b.columns.begin, b.chain.end, b.chain.end);
      if (b.rows.end < rows.end) return at(b.rows.end, b.columns.begin, 0, 0);
      if (b.columns.end < columns.end) return at(rows.begin, b.columns.end, 0, 0);
      return {.rows = {rows.end, rows.end}, .columns = {}, .chain = {}, .stretch = {}};
    }

   private:
    Block at(std::size_t row, std::size_t column, std::size_t chain, std::size_t k) const {
      const std::size_t end = smaller(chain + plan.chain, op.k);
      return {.rows = {row, smaller(row + plan.rows, rows.end)},
              .columns = {column, smaller(column + plan.columns, columns.end)},
              .chain = {chain, end},
              .stretch = {k, smaller(k + plan.stretch, end)}};
    }
  };

  static Range group_at(const Block& b, std::size_t row) { return {row, smaller(row + kGroup * kRows, b.rows.end)}; }
  static std::size_t panels(Range r, std::size_t width) { return (r.end - r.begin + width - 1) / width; }

  static void multiply_block(const ProductOf<E>& op, const Room& room, const Block& block, const Block& following) {
    const std::size_t k = block.stretch.end - block.stretch.begin, n_steps = Pack::steps(k);
    const std::size_t a_panel = Pack::panel(kRows, k), b_panel = Pack::panel(kColumns, k);
    const auto from = [&](const OperandOf<E>& x) {
      return OperandOf<E>{x.data + block.stretch.begin * x.k_stride, x.row_stride, x.k_stride};
    };
    // After the first chain there is a sum to go on from.
    const float* addend = block.chain.begin == 0 ? op.addend : op.c;
    float* partial = room.partial;
    Pack::pack(from(op.b), block.columns, op.n, kColumns, k, room.b);
    // The next block's b is sent for between the last tiles, early enough and no earlier: it takes the place of what
    // these tiles use.
    Lines b_ahead = op.b.k_stride == 1 ? Lines{} : lines_of(op.b, following.columns, following.stretch);
    const std::size_t b_lines = b_ahead.left, in_row = panels(block.columns, kColumns);
    std::size_t slots = panels(block.rows, kRows) * in_row * kRows;
    const std::size_t b_at_a_time = 1 + b_lines / slots;
    Range group = group_at(block, block.rows.begin);
    for (; group.begin < block.rows.end; group = group_at(block, group.end)) {
      Pack::pack(from(op.a), group, op.m, kRows, k, room.a);
      Lines a_ahead = group.end < block.rows.end
                          ? lines_of(op.a, group_at(block, group.end), block.stretch)
                          : lines_of(op.a, group_at(following, following.rows.begin), following.stretch);
      const std::size_t a_at_a_time = 1 + a_ahead.left / (kGroup * in_row * kRows);
      for (std::size_t i = group.begin; i < group.end; i += kRows)
        for (std::size_t j = block.columns.begin; j < block.columns.end; j += kColumns, slots -= kRows) {
          const std::size_t at = i * op.c_stride + j;
          const bool a_first = a_ahead.left > 0, b_now = !a_first && 2 * b_ahead.left >= slots * b_at_a_time;
          Tile::tile(room.a + (i - group.begin) / kRows * a_panel,
                     room.b + (j - block.columns.begin) / kColumns * b_panel, n_steps,
                     {.addend = addend != nullptr ? addend + at : nullptr,
                      .c = op.c + at,
                      .stride = op.c_stride,
                      .rows = smaller(kRows, group.end - i),
                      .columns = smaller(kColumns, block.columns.end - j),
                      .partial = partial,
                      .first = block.stretch.begin == block.chain.begin,
                      .last = block.stretch.end == block.chain.end,
                      .ahead = a_first ? &a_ahead
                               : b_now ? &b_ahead
                                       : nullptr,
                      .at_a_time = a_first ? a_at_a_time : b_at_a_time});
          if (partial != nullptr) partial += kRows * kColumns;
        }
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
