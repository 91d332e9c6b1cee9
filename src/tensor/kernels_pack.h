// Packing of a product's operands into panels, written once over a tile T (kernels_product.h says what a tile has): a
// panel is `width` rows by steps of the chain, so that the inner loop reads it in order.
//
// A step is one element of each row as binary32 (of a pair of bfloat16 the odd element first), or one pair where T
// has a dot-product instruction.
#pragma once

#include "tensor/kernels.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_rows.h says why).
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
  static constexpr std::size_t kSlack = 16;  // stores of whole registers may run past the last panel

  static constexpr std::size_t steps(std::size_t k) { return (k + kPerWord - 1) / kPerWord * kSteps; }
  // Words that `rows` rows take as panels of `width`.
  static constexpr std::size_t words(std::size_t rows, std::size_t width, std::size_t k) {
    return (rows + width - 1) / width * width * steps(k) + kSlack;
  }

  // Rows [rows.begin, rows.end) of the operand's `exist` rows as panels of `width`.
  static void pack(const OperandOf<E>& x, Range rows, std::size_t exist, std::size_t width, std::size_t k, Word* out) {
    for (std::size_t r = rows.begin; r < rows.end; r += width, out += width * steps(k)) {
      const Range panel{r, rows.end - r < width ? rows.end : r + width};
      if (x.k_stride == 1)
        by_rows(x, panel, width, k, out);
      else
        by_columns(x, panel, exist, width, k, out);
    }
  }

 private:
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
  static void by_rows(const OperandOf<E>& x, Range rows, std::size_t width, std::size_t k, Word* out) {
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
          square[i] = p + kLanes <= whole ? load(from) : load_tail(from, k - kPerWord * p);
        }
        T::transpose(square);
        const std::size_t n = all - p < kLanes ? all - p : kLanes;
        for (std::size_t j = 0; j < n; ++j) put(out + group, width, p + j, square[j]);
      }
  }

  // One panel from elements that are contiguous over the rows; `exist` rows may be read.
  static void by_columns(const OperandOf<E>& x, Range rows, std::size_t exist, std::size_t width, std::size_t k,
                         Word* out) {
    for (std::size_t at = 0; at < k; at += kPerWord)
      for (std::size_t group = 0; group < width; group += kLanes) {
        const std::size_t row = rows.begin + group;
        Word* to = out + at / kPerWord * kSteps * width + group;
        const Register even = column(x, at, row, rows.end, exist);
        if constexpr (!kNarrow) {
          T::store_words(to, even);
          continue;
        } else {
          const Register odd = at + 1 < k ? column(x, at + 1, row, rows.end, exist) : T::zero();
          if constexpr (T::kPaired) {
            T::store_words(to, T::join(odd, even));
          } else {
            T::store_words(to, odd);
            T::store_words(to + width, even);
          }
        }
      }
  }
  static Register column(const OperandOf<E>& x, std::size_t at, std::size_t row, std::size_t end, std::size_t exist) {
    if (row >= end) return T::zero();
    const E* from = x.data + at * x.k_stride + row;
    if (row + kLanes <= exist) return widen(from);
    E part[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) part[i] = row + i < exist ? from[i] : E{};
    return widen(part);
  }
  static Register widen(const E* from) {
    if constexpr (kNarrow)
      return T::widen(from);
    else
      return T::load_floats(from);
  }
};

}  // namespace

}  // namespace cairn::tensor
