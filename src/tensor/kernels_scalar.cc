// The specification: every operation in plain C++ over lane.h's arithmetic, right on any processor and under any flush
// mode.

#include "tensor/kernels_table.h"
#include "tensor/pack_scalar.h"

namespace cairn::tensor {
namespace {

// A tile of one output: what kernels_product.h needs for the products inside attention.
struct TileScalar {
  static constexpr std::size_t kRows = 1, kVectors = 1, kLanes = 1;
  static constexpr bool kPaired = false, kWatched = false;
  using Word = float;
  using Register = Lane;
  static Register load(const Word* p) { return {*p}; }
  static Register broadcast(Word x) { return {x}; }
  static Register zero() { return {0.0f}; }
  static Register step(Register a, Register b, Register acc) { return fma(a, b, acc); }
  static Register add(Register a, Register b) { return a + b; }
  static Register load_floats(const float* p) { return {*p}; }
  static Register load_floats_part(const float* p, std::size_t) { return {*p}; }
  static void store_floats(float* p, Register a) { *p = a.value; }
  static void store(float* p, Register a) { *p = a.value != a.value ? lane::from_bits(0x7FC00000u) : a.value; }
  static void store_part(float* p, Register a, std::size_t) { store(p, a); }
  static void store_words(Word* p, Register a) { *p = a.value; }
  static void transpose(Register (&)[1]) {}
  // A pair as one word, the odd element above.
  static Register load_words(const Bf16* p) {
    return {lane::from_bits(static_cast<std::uint32_t>(p[1].bits) << 16 | p[0].bits)};
  }
  static Register odd(Register w) { return {lane::from_bits(lane::bits(w.value) & 0xFFFF0000u)}; }
  static Register even(Register w) { return {lane::from_bits(lane::bits(w.value) << 16)}; }
  static Register widen(const Bf16* p) { return {tensor::to_float(*p)}; }
};

// product.h's definition, literally.
// The chain of output (i, j) over k in [begin, end).
Lane chain(const Product& op, std::size_t i, std::size_t j, std::size_t begin, std::size_t end) {
  const auto element = [&](const Operand& x, std::size_t row, std::size_t k) {
    return Lane{k < end ? tensor::to_float(x.data[row * x.row_stride + k * x.k_stride]) : 0.0f};
  };
  Lane acc{0.0f};
  for (std::size_t k = begin; k < end; k += 2) {
    acc = fma(element(op.a, i, k + 1), element(op.b, j, k + 1), acc);
    acc = fma(element(op.a, i, k), element(op.b, j, k), acc);
  }
  return acc + Lane{0.0f};
}
Lane chain(const FloatProduct& op, std::size_t i, std::size_t j, std::size_t begin, std::size_t end) {
  const auto element = [](const OperandOf<float>& x, std::size_t row, std::size_t k) {
    return Lane{x.data[row * x.row_stride + k * x.k_stride]};
  };
  Lane acc{0.0f};
  for (std::size_t k = begin; k < end; ++k) acc = fma(element(op.a, i, k), element(op.b, j, k), acc);
  return acc + Lane{0.0f};
}
template <class E>
void product(const ProductOf<E>& op, Range rows, Range columns) {
  const std::size_t fold = op.fold != 0 ? op.fold : op.k > 0 ? op.k : 1;
  for (std::size_t i = rows.begin; i < rows.end; ++i)
    for (std::size_t j = columns.begin; j < columns.end; ++j) {
      const std::size_t at = i * op.c_stride + j;
      for (std::size_t k = 0; k == 0 || k < op.k; k += fold) {
        const Lane sum = chain(op, i, j, k, op.k - k < fold ? op.k : k + fold);
        const float* addend = k == 0 ? op.addend : op.c;
        TileScalar::store(op.c + at, addend != nullptr ? Lane{addend[at]} + sum : sum);
      }
    }
}

constexpr Kernels make() {
  Kernels k = make_kernels<PackScalar, TileScalar, TileScalar, TileScalar>();
  k.product = &product<Bf16>;
  k.float_product = &product<float>;
  return k;
}

}  // namespace

constexpr Kernels kScalarKernels = make();

}  // namespace cairn::tensor
