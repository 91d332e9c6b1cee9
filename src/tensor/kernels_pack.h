// Packing of a product's operands into panels, written once over a tile T (kernels_product.h says what a tile has): a
// panel is `width` rows by steps of the chain, so that the inner loop reads it in order.
//
// A step is one element of each row as binary32 (of a pair of bfloat16 the odd element first), or one pair where T
// has a dot-product instruction.
#pragma once

#include "tensor/kernels_lines.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class T, class E>
struct Packing {
  using Word = typename T::Word;
  using Register = typename T::Register;
  static constexpr bool kNarrow = sizeof(E) == 2;
  static_assert(kNarrow || !T::kPaired);
  static constexpr std::size_t kLanes = T::kLanes;
  static constexpr std::size_t kPerWord = kNarrow ? 2 : 1;          // elements that one load of a lane takes
  static constexpr std::size_t kSteps = T::kPaired ? 1 : kPerWord;  // steps that these make
  static constexpr std::size_t kSlack = 16;  // words that a store of a whole register may run past a panel

  static constexpr std::size_t steps(std::size_t k) { return (k + kPerWord - 1) / kPerWord * kSteps; }
  // Words from panel to panel.
  static constexpr std::size_t panel(std::size_t width, std::size_t k) {
    return width * steps(k) + (width % kLanes != 0 ? kSlack : 0);
  }
  // Words that `rows` rows take as panels of `width`.
  static constexpr std::size_t words(std::size_t rows, std::size_t width, std::size_t k) {
    return (rows + width - 1) / width * panel(width, k);
  }

  // Rows [rows.begin, rows.end) of the operand's `exist` rows as panels of `width`.
  static void pack(const OperandOf<E>& x, Range rows, std::size_t exist, std::size_t width, std::size_t k, Word* out) {
    // A cache line of columns spans several panels: these are filled together, some elements of k at a time, while the
    // lines are in the first-level cache.
    const std::size_t group = x.k_stride == 1 ? width : (kGroup + width - 1) / width * width;
    for (std::size_t first = rows.begin; first < rows.end; first += group) {
      const std::size_t last = rows.end - first < group ? rows.end : first + group;
      for (std::size_t begin = 0; begin < k; begin += x.k_stride == 1 ? k : kChunk) {
        const std::size_t n = x.k_stride == 1 || k - begin < kChunk ? k - begin : kChunk;
        const OperandOf<E> chunk{x.data + begin * x.k_stride, x.row_stride, x.k_stride};
        Word* to = out + (first - rows.begin) / width * panel(width, k) + steps(begin) * width;
        if (x.k_stride != 1) {
          // The elements some chunks on, or where there are no more the next group's.
          const std::size_t ahead = begin + kAhead, on = ahead < k ? 0 : (k + kChunk - 1) / kChunk * kChunk;
          const Range next = ahead < k ? Range{first, last} : Range{last, smaller(last + group, rows.end)};
          Lines soon = lines_of(x, next, {smaller(ahead - on, k), smaller(ahead - on + kChunk, k)});
          while (soon.left > 0) soon.send();
        }
        for (std::size_t r = first; r < last; r += width, to += panel(width, k))
          if (x.k_stride == 1)
            by_rows(chunk, {r, last - r < width ? last : r + width}, exist, width, n, to);
          else
            by_columns(chunk, r, exist, width, n, to);
      }
    }
  }

 private:
  static constexpr std::size_t kGroup = 64, kChunk = 16;  // rows filled together, elements of k at a time
  static constexpr std::size_t kAhead = 2 * kChunk;       // elements of k to the chunk that is sent for

  // The words of a lane's load, as one step or as two.
  static void put(Word* out, std::size_t width, std::size_t at, Register words) {
    if constexpr (kSteps == 1) {
      T::store_words(out + at * width, words);
    } else {
      T::store_words(out + 2 * at * width, T::odd(words));
      T::store_words(out + (2 * at + 1) * width, T::even(words));
    }
  }

  static Register load(const E* from) {
    if constexpr (kNarrow)
      return T::load_words(from);
    else
      return T::load_floats(from);
  }
  // At most kPerWord * kLanes elements, the rest +0.
  static Register load_tail(const E* from, std::size_t n) {
    E all[kPerWord * kLanes];
    for (std::size_t i = 0; i < kPerWord * kLanes; ++i) all[i] = i < n ? from[i] : E{};
    return load(all);
  }

  // One panel from rows that are contiguous in k: squares of kLanes rows by kLanes words are turned in registers. A
  // register may reach past the panel's width into the next step, which is written after it.
  static void by_rows(const OperandOf<E>& x, Range rows, std::size_t exist, std::size_t width, std::size_t k,
                      Word* out) {
    const std::size_t whole = k / kPerWord, all = (k + kPerWord - 1) / kPerWord;
    for (std::size_t group = 0; group < width; group += kLanes)
      for (std::size_t p = 0; p < all; p += kLanes) {
        Register square[kLanes];
        for (std::size_t i = 0; i < kLanes; ++i) {
          const std::size_t row = rows.begin + group + i;
          if (row >= rows.end || group + i >= width) {
            square[i] = T::zero();
            continue;
          }
          const E* from = x.data + row * x.row_stride + kPerWord * p;
          if (row + width < exist) __builtin_prefetch(from + width * x.row_stride, 0, 2);
          square[i] = p + kLanes <= whole ? load(from) : load_tail(from, k - kPerWord * p);
        }
        T::transpose(square);
        const std::size_t n = all - p < kLanes ? all - p : kLanes;
        for (std::size_t j = 0; j < n; ++j) put(out + group, width, p + j, square[j]);
      }
  }

  // One panel from elements that are contiguous over the rows; `exist` rows may be read.
  static void by_columns(const OperandOf<E>& x, std::size_t row, std::size_t exist, std::size_t width, std::size_t k,
                         Word* out) {
    for (std::size_t group = 0; group < width; group += kLanes, row += kLanes) {
      const E* from = x.data + row;
      if (row + kLanes <= exist)
        columns(from, x.k_stride, width, k, out + group, [](const E* p) { return widen(p); });
      else
        columns(from, x.k_stride, width, k, out + group, [n = row < exist ? exist - row : 0](const E* p) {
          E part[kLanes];
          for (std::size_t i = 0; i < kLanes; ++i) part[i] = i < n ? p[i] : E{};
          return widen(part);
        });
    }
  }
  // kLanes rows of a panel, each step's from a register that `load` makes.
  template <class F>
  static inline void columns(const E* from, std::size_t stride, std::size_t width, std::size_t k, Word* out, F load) {
    if constexpr (!kNarrow) {
      for (std::size_t at = 0; at < k; ++at) T::store_words(out + at * width, load(from + at * stride));
    } else {
      for (std::size_t at = 0; at < k; at += 2, from += 2 * stride, out += kSteps * width) {
        const Register odd = at + 1 < k ? load(from + stride) : T::zero(), even = load(from);
        if constexpr (T::kPaired) {
          T::store_words(out, T::join(odd, even));
        } else {
          T::store_words(out, odd);
          T::store_words(out + width, even);
        }
      }
    }
  }
  static inline Register widen(const E* from) {
    if constexpr (kNarrow)
      return T::widen(from);
    else
      return T::load_floats(from);
  }
};

}  // namespace

}  // namespace cairn::tensor
