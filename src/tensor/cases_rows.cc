// The cases of operations over rows of channels.
#include <array>

#include "tensor/bias.h"
#include "tensor/cases.h"
#include "tensor/dropout.h"
#include "tensor/embedding.h"
#include "tensor/gelu.h"
#include "tensor/loss.h"
#include "tensor/math.h"
#include "tensor/norm.h"
#include "tensor/rope.h"
#include "tensor/swiglu.h"

namespace cairn::tensor {
namespace {

void norm(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t rows = in.between(1, size), width = in.between(1, size);
  const auto x = in.floats(rows * width), weight = in.floats(width), dy = in.floats(rows * width);
  std::vector<Bf16> y(rows * width);
  std::vector<float> rstd(rows);
  rms_norm_forward(context, {.rows = rows,
                             .width = width,
                             .epsilon = 1e-5f,
                             .x = x.data(),
                             .weight = weight.data(),
                             .y = y.data(),
                             .rstd = rstd.data()});
  auto dx = in.floats(rows * width), dweight = in.floats(width);
  rms_norm_backward(context, {.rows = rows,
                              .width = width,
                              .x = x.data(),
                              .weight = weight.data(),
                              .rstd = rstd.data(),
                              .dy = dy.data(),
                              .dx = dx.data(),
                              .dweight = dweight.data()});
  keep(out, y);
  keep(out, rstd);
  keep(out, dx);
  keep(out, dweight);
}

void rope(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t time = in.between(1, size), width = 2 * in.between(1, 20), heads = in.between(2, 4),
                    first = in.between(0, 9);
  std::vector<float> cosine((first + time) * width / 2), sine(cosine.size());
  rope_tables(first + time, width, 10000.0f, cosine, sine);
  const auto x = in.floats(2 * time * heads * width);
  std::vector<Bf16> y(x.size());
  Rope op{.rows = 2 * time,
          .heads = heads,
          .rotated = heads - 1,
          .head_width = width,
          .time = time,
          .first = first,
          .cosine = cosine.data(),
          .sine = sine.data(),
          .in = x.data(),
          .out = y.data()};
  rope_forward(context, op);
  keep(out, cosine);
  keep(out, sine);
  keep(out, y);
  rope_backward(context, op);
  keep(out, y);
}

void swiglu(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t rows = in.between(1, size), hidden = in.between(1, size);
  const auto x = in.floats(rows * 2 * hidden), dy = in.floats(rows * hidden);
  std::vector<Bf16> y(rows * hidden), dx(rows * 2 * hidden);
  swiglu_forward(context, {.rows = rows, .hidden = hidden, .in = x.data(), .out = y.data()});
  swiglu_backward(context, {.rows = rows, .hidden = hidden, .in = x.data(), .dout = dy.data(), .din = dx.data()});
  keep(out, y);
  keep(out, dx);
}

// Rows in grains of `fold`, the last one shorter; widths beyond what the kernels run through at once.
struct Shape {
  std::size_t rows, fold, width;
  Shape(Inputs& in, std::size_t size)
      : rows(in.between(1, size)), fold(in.between(1, rows)), width(in.between(1, 3 * size)) {}
};

void norm_fold(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const Shape shape(in, size);
  const std::size_t n = shape.rows * shape.width;
  const auto x = in.floats(n), weight = in.floats(shape.width), dy = in.floats(n), rstd = in.positive(shape.rows);
  auto dx = in.floats(n), dweight = in.floats(shape.width);
  rms_norm_backward(context, {.rows = shape.rows,
                              .width = shape.width,
                              .x = x.data(),
                              .weight = weight.data(),
                              .rstd = rstd.data(),
                              .dy = dy.data(),
                              .dx = dx.data(),
                              .dweight = dweight.data(),
                              .fold = shape.fold});
  keep(out, dx);
  keep(out, dweight);
}

void layer_norm(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const Shape shape(in, size);
  const std::size_t n = shape.rows * shape.width;
  const auto x = in.floats(n), weight = in.floats(shape.width), bias = in.floats(shape.width), dy = in.floats(n);
  std::vector<float> mean(shape.rows), rstd(shape.rows);
  for (const float* with : {static_cast<const float*>(nullptr), bias.data()}) {
    std::vector<Bf16> y(n);
    layer_norm_forward(context, {.rows = shape.rows,
                                 .width = shape.width,
                                 .x = x.data(),
                                 .weight = weight.data(),
                                 .bias = with,
                                 .y = y.data(),
                                 .mean = mean.data(),
                                 .rstd = rstd.data()});
    keep(out, y);
  }
  auto dx = in.floats(n), dweight = in.floats(shape.width), dbias = in.floats(shape.width);
  layer_norm_backward(context, {.rows = shape.rows,
                                .width = shape.width,
                                .x = x.data(),
                                .weight = weight.data(),
                                .mean = mean.data(),
                                .rstd = rstd.data(),
                                .dy = dy.data(),
                                .dx = dx.data(),
                                .dweight = dweight.data(),
                                .dbias = dbias.data(),
                                .fold = shape.fold});
  for (const auto* values : {&mean, &rstd, &dx, &dweight, &dbias}) keep(out, *values);
}

void head_norm(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const Shape shape(in, size);
  const std::size_t heads = in.between(1, 3), stride = heads * shape.width + in.between(0, 9);
  const auto x = in.floats(shape.rows * stride), weight = in.floats(shape.width);
  auto y = x, dx = in.floats(shape.rows * stride), dweight = in.floats(shape.width);
  std::vector<float> rstd(shape.rows * heads);
  head_norm_forward(context, {.rows = shape.rows,
                              .heads = heads,
                              .head_width = shape.width,
                              .stride = stride,
                              .x = y.data(),
                              .weight = weight.data(),
                              .y = y.data(),
                              .rstd = rstd.data()});
  head_norm_backward(context, {.rows = shape.rows,
                               .heads = heads,
                               .head_width = shape.width,
                               .stride = stride,
                               .x = x.data(),
                               .weight = weight.data(),
                               .rstd = rstd.data(),
                               .dy = dx.data(),
                               .dx = dx.data(),
                               .dweight = dweight.data(),
                               .fold = shape.fold});
  for (const auto* values : {&y, &rstd, &dx, &dweight}) keep(out, *values);
}

void rope_partial(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t time = in.between(1, size), half = in.between(1, 20), rest = in.between(0, 20),
                    width = 2 * half + rest, heads = in.between(1, 4);
  std::vector<float> cosine(time * half), sine(time * half);
  rope_tables(time, 2 * half, 500.0f, cosine, sine);
  const auto x = in.floats(time * heads * width);
  std::vector<Bf16> y(x.size());
  for (const bool interleaved : {false, true}) {
    const Rope op{.rows = time,
                  .heads = heads,
                  .rotated = heads,
                  .head_width = width,
                  .rotated_width = 2 * half,
                  .interleaved = interleaved,
                  .time = time,
                  .cosine = cosine.data(),
                  .sine = sine.data(),
                  .in = x.data(),
                  .out = y.data()};
    rope_forward(context, op);
    keep(out, y);
    rope_backward(context, op);
    keep(out, y);
  }
}

void rope_scaled(Context&, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t time = in.between(1, size), half = in.between(1, 40);
  const float original = static_cast<float>(in.between(100, 10000));
  std::vector<float> cosine(time * half), sine(time * half);
  for (const RopeScaling& scaling : {RopeScaling{.factor = 3.0f}, {.factor = 8.0f, .original = original}}) {
    rope_tables(time, 2 * half, 10000.0f, cosine, sine, scaling);
    keep(out, cosine);
    keep(out, sine);
  }
}

void gelu(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t rows = in.between(1, size), hidden = in.between(1, size);
  const auto x = in.floats(rows * hidden), dy = in.floats(rows * hidden);
  std::vector<Bf16> y(x.size());
  for (const bool by_tanh : {false, true}) {
    gelu_forward(context, {.rows = rows, .hidden = hidden, .tanh = by_tanh, .in = x.data(), .out = y.data()});
    keep(out, y);
    gelu_backward(
        context, {.rows = rows, .hidden = hidden, .tanh = by_tanh, .in = x.data(), .dout = dy.data(), .din = y.data()});
    keep(out, y);
  }
}

void loss(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t rows = in.between(1, size), vocabulary = in.between(1, 3 * size);
  auto logits = in.floats(rows * vocabulary);
  auto target = in.ids(rows, static_cast<std::uint32_t>(vocabulary));
  target[rows / 2] = -1;
  std::vector<float> losses(rows);
  std::vector<Bf16> dlogits(logits.size());
  cross_entropy(context, {.rows = rows,
                          .vocabulary = vocabulary,
                          .scale = 1.0f,
                          .target = target.data(),
                          .logits = logits.data(),
                          .loss = losses.data()});
  keep(out, losses);
  cross_entropy(context, {.rows = rows,
                          .vocabulary = vocabulary,
                          .scale = 0.01f,
                          .target = target.data(),
                          .logits = logits.data(),
                          .loss = losses.data(),
                          .dlogits = dlogits.data()});
  keep(out, losses);
  keep(out, dlogits);
}

void embedding(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t rows = in.between(1, 2 * size), width = in.between(1, size), vocabulary = in.between(1, size);
  const auto ids = in.ids(rows, static_cast<std::uint32_t>(vocabulary));
  const auto table = in.bf16s(vocabulary * width);
  const auto dout = in.floats(rows * width);
  auto dtable = in.floats(vocabulary * width);
  std::vector<float> y(rows * width);
  embedding_forward(context, {.rows = rows, .width = width, .ids = ids.data(), .table = table.data(), .out = y.data()});
  embedding_backward(context, {.rows = rows,
                               .width = width,
                               .vocabulary = vocabulary,
                               .ids = ids.data(),
                               .dout = dout.data(),
                               .dtable = dtable.data()});
  keep(out, y);
  keep(out, dtable);
}

void z_loss(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t rows = in.between(1, size), vocabulary = in.between(1, 3 * size);
  auto logits = in.floats(rows * vocabulary);
  const auto target = in.ids(rows, static_cast<std::uint32_t>(vocabulary));
  std::vector<float> losses(rows);
  std::vector<Bf16> dlogits(logits.size());
  cross_entropy(context, {.rows = rows,
                          .vocabulary = vocabulary,
                          .scale = 0.125f,
                          .z_loss = 1e-2f,
                          .target = target.data(),
                          .logits = logits.data(),
                          .loss = losses.data(),
                          .dlogits = dlogits.data()});
  keep(out, losses);
  keep(out, dlogits);
}

void positions(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t batch = in.between(1, 6), time = in.between(1, size), width = in.between(1, 3 * size),
                    first = in.between(0, 5), rows = batch * time, fold = in.between(1, batch) * time, vocabulary = 7;
  const auto ids = in.ids(rows, static_cast<std::uint32_t>(vocabulary));
  const auto table = in.bf16s(vocabulary * width), learned = in.bf16s((first + time) * width);
  const auto dout = in.floats(rows * width);
  auto dtable = in.floats(vocabulary * width), dpositions = in.floats((first + time) * width);
  std::vector<float> y(rows * width);
  embedding_forward(context, {.rows = rows,
                              .width = width,
                              .ids = ids.data(),
                              .table = table.data(),
                              .time = time,
                              .first = first,
                              .positions = learned.data(),
                              .out = y.data()});
  embedding_backward(context, {.rows = rows,
                               .width = width,
                               .vocabulary = vocabulary,
                               .ids = ids.data(),
                               .dout = dout.data(),
                               .dtable = dtable.data(),
                               .fold = fold});
  position_gradient(context, {.rows = rows,
                              .width = width,
                              .time = time,
                              .first = first,
                              .dout = dout.data(),
                              .dpositions = dpositions.data(),
                              .fold = fold});
  for (const auto* values : {&y, &dtable, &dpositions}) keep(out, *values);
}

void bias(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const Shape shape(in, size);
  const std::size_t stride = shape.width + in.between(0, 9);
  const auto added = in.floats(shape.width);
  const auto dy = in.bf16s(shape.rows * stride);
  auto x = in.floats(shape.rows * stride), dbias = in.floats(shape.width);
  add_bias(context, {.rows = shape.rows, .width = shape.width, .stride = stride, .bias = added.data(), .x = x.data()});
  bias_gradient(context, {.rows = shape.rows,
                          .width = shape.width,
                          .stride = stride,
                          .dy = dy.data(),
                          .dbias = dbias.data(),
                          .fold = shape.fold});
  keep(out, x);
  keep(out, dbias);
}

void dropout_case(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t n = in.between(1, size * size);
  const Dropout settings{.rate = 0.2f, .stream = {in.between(0, 1000), 5}, .first = in.between(0, 40)};
  auto x = in.floats(n);
  dropout(context, {.n = n, .dropout = settings, .x = x.data()});
  keep(out, x);
}

// Not dispatched, but part of the profile.
void error_function(Context&, Inputs& in, std::size_t size, Bytes& out) {
  for (const float x : in.floats(size)) keep(out, std::vector<float>{math::erf(x), math::erf(x * 0x1p-120f)});
}

constexpr std::array kCases = {Case{"cross_entropy", loss},
                               Case{"cross_entropy.z_loss", z_loss},
                               Case{"rms_norm", norm},
                               Case{"rms_norm.fold", norm_fold},
                               Case{"layer_norm", layer_norm},
                               Case{"head_norm", head_norm},
                               Case{"swiglu", swiglu},
                               Case{"gelu", gelu},
                               Case{"rope", rope},
                               Case{"rope.partial", rope_partial},
                               Case{"rope.scaled", rope_scaled},
                               Case{"embedding", embedding},
                               Case{"embedding.positions", positions},
                               Case{"bias", bias},
                               Case{"dropout", dropout_case},
                               Case{"erf", error_function}};

}  // namespace

std::span<const Case> row_cases() {
  return kCases;
}

}  // namespace cairn::tensor
