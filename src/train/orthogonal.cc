#include "train/orthogonal.h"

#include <algorithm>

#include "tensor/elementwise.h"
#include "tensor/math.h"
#include "tensor/product.h"

namespace cairn::train {

void Orthogonaliser::operator()(tensor::Context& context, std::size_t rows, std::size_t columns, std::span<float> x) {
  constexpr int kIterations = 5;
  const std::size_t n = rows * columns, shorter = std::min(rows, columns);
  const auto make_room = [](auto& scratch, std::size_t size) {
    if (scratch.size() < size) scratch.resize(size);
  };
  make_room(narrow_, n);
  for (auto* scratch : {&gram_, &square_}) make_room(*scratch, shorter * shorter);
  for (auto* scratch : {&gram_narrow_, &factor_}) make_room(*scratch, shorter * shorter);

  const float norm = tensor::math::sqrt(tensor::sum_of_squares(context, n, x.data()));
  tensor::scale(context, n, 1.0F / (norm + 1e-7F), x.data());
  for (int i = 0; i < kIterations; ++i) iterate(context, rows, columns, x.data());
}

void Orthogonaliser::iterate(tensor::Context& context, std::size_t rows, std::size_t columns, float* x) {
  constexpr float kA = 3.4445F, kB = -4.7750F, kC = 2.0315F;
  const bool wide = columns >= rows;
  const std::size_t shorter = wide ? rows : columns, longer = wide ? columns : rows, square = shorter * shorter;
  tensor::to_bf16(context, rows * columns, x, narrow_.data());
  // The shorter side's vectors, each of `longer` elements, as rows of an operand.
  const tensor::Operand sides =
      wide ? tensor::by_rows(narrow_.data(), columns) : tensor::by_columns(narrow_.data(), columns);
  tensor::multiply(
      context,
      {.m = shorter, .n = shorter, .k = longer, .a = sides, .b = sides, .c = gram_.data(), .c_stride = shorter});
  tensor::to_bf16(context, square, gram_.data(), gram_narrow_.data());
  const tensor::Operand gram = tensor::by_rows(gram_narrow_.data(), shorter);  // symmetric to the bit, as is B
  tensor::multiply(
      context,
      {.m = shorter, .n = shorter, .k = shorter, .a = gram, .b = gram, .c = square_.data(), .c_stride = shorter});
  tensor::blend(context,
                {.n = square, .alpha = kB, .beta = kC, .x = gram_.data(), .y = square_.data(), .out = square_.data()});
  tensor::to_bf16(context, square, square_.data(), factor_.data());
  const tensor::Operand factor = tensor::by_rows(factor_.data(), shorter);
  tensor::scale(context, rows * columns, kA, x);
  tensor::multiply(context, {.m = rows,
                             .n = columns,
                             .k = shorter,
                             .a = wide ? factor : tensor::by_rows(narrow_.data(), columns),
                             .b = wide ? tensor::by_columns(narrow_.data(), columns) : factor,
                             .addend = x,
                             .c = x,
                             .c_stride = columns});
}

}  // namespace cairn::train
