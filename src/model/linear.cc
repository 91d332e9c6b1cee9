#include "model/linear.h"

#include "tensor/elementwise.h"
#include "tensor/product.h"

namespace cairn::model {

void multiply_rows(tensor::Context& context, const tensor::Bf16* x, const tensor::Bf16* w, MatrixShape s,
                   const float* addend, float* y) {
  tensor::multiply(context, {.m = s.rows,
                             .n = s.out,
                             .k = s.in,
                             .a = tensor::by_rows(x, s.in),
                             .b = tensor::by_rows(w, s.in),
                             .addend = addend,
                             .c = y,
                             .c_stride = s.out});
}

void multiply_back(tensor::Context& context, const tensor::Bf16* dy, const tensor::Bf16* w, MatrixShape s,
                   const float* addend, float* dx) {
  tensor::multiply(context, {.m = s.rows,
                             .n = s.in,
                             .k = s.out,
                             .a = tensor::by_rows(dy, s.out),
                             .b = tensor::by_columns(w, s.in),
                             .addend = addend,
                             .c = dx,
                             .c_stride = s.in});
}

void add_outer(tensor::Context& context, const tensor::Bf16* dy, const tensor::Bf16* x, MatrixShape s, float* dw) {
  tensor::multiply(context, {.m = s.out,
                             .n = s.in,
                             .k = s.rows,
                             .a = tensor::by_columns(dy, s.out),
                             .b = tensor::by_columns(x, s.in),
                             .addend = dw,
                             .c = dw,
                             .c_stride = s.in});
}

std::size_t Linear::offset(Site site) const {
  const LayerLayout& at = w.layout().layers[layer];
  switch (site) {
    case Site::qkv:
      return at.qkv.weight;
    case Site::output:
      return at.output.weight;
    case Site::gate_up:
      return at.up.weight;
    case Site::down:
      return at.down.weight;
  }
  CAIRN_CHECK(false);
}

MatrixShape Linear::shape(Site site) const {
  const ModelConfig& c = w.config();
  switch (site) {
    case Site::qkv:
      return {rows, c.qkv_width(), c.width};
    case Site::output:
      return {rows, c.width, c.attention_width()};
    case Site::gate_up:
      return {rows, c.up_width(), c.width};
    case Site::down:
      return {rows, c.width, c.hidden};
  }
  CAIRN_CHECK(false);
}

void Linear::forward(Site site, const tensor::Bf16* x, const float* addend, float* y,
                     std::vector<tensor::Bf16>* kept) const {
  const MatrixShape s = shape(site);
  multiply_rows(context, x, w.matrix(offset(site)), s, addend, y);
  if (!delta) return;
  const std::size_t rank = delta->rank();
  tensor::Bf16* inner = kept[static_cast<std::size_t>(site)].data();
  multiply_rows(context, x, delta->a(layer, site), {rows, rank, s.in}, nullptr, scratch);
  tensor::scale(context, rows * rank, delta->scale(), scratch);
  tensor::to_bf16(context, rows * rank, scratch, inner);
  multiply_rows(context, inner, delta->b(layer, site), {rows, s.out, rank}, y, y);
}

void Linear::backward(Site site, const tensor::Bf16* x, const tensor::Bf16* dy, float* dx,
                      const std::vector<tensor::Bf16>* kept, const Gradients& into, const LowRankScratch& back) const {
  const MatrixShape s = shape(site);
  multiply_back(context, dy, w.matrix(offset(site)), s, nullptr, dx);
  if (into.weights) add_outer(context, dy, x, s, into.weights + offset(site));
  if (!delta) return;
  const std::size_t rank = delta->rank();
  multiply_back(context, dy, delta->b(layer, site), {rows, s.out, rank}, nullptr, back.wide);
  tensor::scale(context, rows * rank, delta->scale(), back.wide);
  tensor::to_bf16(context, rows * rank, back.wide, back.narrow);
  multiply_back(context, back.narrow, delta->a(layer, site), {rows, rank, s.in}, dx, dx);
  if (!into.low_rank) return;
  const tensor::Bf16* inner = kept[static_cast<std::size_t>(site)].data();
  add_outer(context, dy, inner, {rows, s.out, rank}, into.low_rank + delta->offset_b(layer, site));
  add_outer(context, back.narrow, x, {rows, rank, s.in}, into.low_rank + delta->offset_a(layer, site));
}

}  // namespace cairn::model
