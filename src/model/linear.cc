#include "model/linear.h"

#include "model/pass.h"
#include "tensor/bias.h"
#include "tensor/elementwise.h"
#include "tensor/product.h"

namespace cairn::model {

void multiply_rows(tensor::Context& context, const tensor::Bf16* x, const tensor::Bf16* w, MatrixShape s,
                   const float* addend, float* y) {
  tensor::multiply(context, tensor::Product{.m = s.rows,
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
  tensor::multiply(context, tensor::Product{.m = s.rows,
                                            .n = s.in,
                                            .k = s.out,
                                            .a = tensor::by_rows(dy, s.out),
                                            .b = tensor::by_columns(w, s.in),
                                            .addend = addend,
                                            .c = dx,
                                            .c_stride = s.in});
}

void add_outer(tensor::Context& context, const tensor::Bf16* dy, const tensor::Bf16* x, MatrixShape s, std::size_t fold,
               float* dw) {
  tensor::multiply(context, tensor::Product{.m = s.out,
                                            .n = s.in,
                                            .k = s.rows,
                                            .a = tensor::by_columns(dy, s.out),
                                            .b = tensor::by_columns(x, s.in),
                                            .addend = dw,
                                            .c = dw,
                                            .c_stride = s.in,
                                            .fold = fold});
}

Place Linear::place(Site site) const {
  const LayerLayout& at = pass.w.layout().layers[layer];
  switch (site) {
    case Site::qkv:
      return at.qkv;
    case Site::output:
      return at.output;
    case Site::gate_up:
      return at.up;
    case Site::down:
      return at.down;
  }
  CAIRN_CHECK(false);
}

MatrixShape Linear::shape(Site site) const {
  const ModelConfig& c = pass.config();
  const std::size_t rows = pass.rows();
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

void Linear::forward(Site site, const tensor::Bf16* x, const float* addend, float* y, LowRankKept& kept) const {
  tensor::Context& context = pass.context;
  const MatrixShape s = shape(site);
  multiply_rows(context, x, pass.w.matrix(place(site).weight), s, addend, y);
  if (pass.delta) {
    const std::size_t rank = pass.delta->rank();
    tensor::Bf16* inner = kept[static_cast<std::size_t>(site)].data();
    multiply_rows(context, x, pass.delta->a(layer, site), {s.rows, rank, s.in}, nullptr, scratch.wide);
    tensor::scale(context, s.rows * rank, pass.delta->scale(), scratch.wide);
    tensor::to_bf16(context, s.rows * rank, scratch.wide, inner);
    multiply_rows(context, inner, pass.delta->b(layer, site), {s.rows, s.out, rank}, y, y);
  }
  if (const float* bias = pass.w.vector(place(site).bias))
    tensor::add_bias(context, {.rows = s.rows, .width = s.out, .stride = s.out, .bias = bias, .x = y});
}

void Linear::backward(Site site, const tensor::Bf16* x, const tensor::Bf16* dy, const float* addend, float* dx,
                      const LowRankKept& kept, const Gradients& into) const {
  tensor::Context& context = pass.context;
  const MatrixShape s = shape(site);
  const Place at = place(site);
  multiply_back(context, dy, pass.w.matrix(at.weight), s, addend, dx);
  if (float* dw = into.of(at.weight)) add_outer(context, dy, x, s, pass.fold, dw);
  if (float* dbias = into.of(at.bias))
    tensor::bias_gradient(
        context, {.rows = s.rows, .width = s.out, .stride = s.out, .dy = dy, .dbias = dbias, .fold = pass.fold});
  if (!pass.delta) return;
  const std::size_t rank = pass.delta->rank();
  multiply_back(context, dy, pass.delta->b(layer, site), {s.rows, s.out, rank}, nullptr, scratch.wide);
  tensor::scale(context, s.rows * rank, pass.delta->scale(), scratch.wide);
  tensor::to_bf16(context, s.rows * rank, scratch.wide, scratch.narrow);
  multiply_back(context, scratch.narrow, pass.delta->a(layer, site), {s.rows, rank, s.in}, dx, dx);
  if (!into.low_rank) return;
  const tensor::Bf16* inner = kept[static_cast<std::size_t>(site)].data();
  add_outer(context, dy, inner, {s.rows, s.out, rank}, pass.fold, into.low_rank + pass.delta->offset_b(layer, site));
  add_outer(context, scratch.narrow, x, {s.rows, rank, s.in}, pass.fold,
            into.low_rank + pass.delta->offset_a(layer, site));
}

}  // namespace cairn::model
