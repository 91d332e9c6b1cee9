#include "tensor/cases.h"

#include <array>

#include "tensor/attention.h"
#include "tensor/elementwise.h"
#include "tensor/lane.h"
#include "tensor/math.h"
#include "tensor/product.h"

namespace cairn::tensor {

float Inputs::draw() {
  const std::uint32_t w = random_word(stream_, at_++), kind = w & 63, sign = w & 0x80000000u,
                      fraction = (w >> 6) & 0x007FFFFFu;
  // Exponents around 1, or from subnormals up to 2^-118.
  std::uint32_t exponent = 120 + ((w >> 29) & 3) * 2 + (w >> 6) % 2;
  if (flavour_ == Flavour::tiny && kind < 48) exponent = kind < 16 ? 0 : kind < 40 ? 60 + kind % 8 : 1 + kind % 8;
  if (flavour_ == Flavour::special && kind == 0) return lane::from_bits(sign | 0x7F800000u);
  if (flavour_ == Flavour::special && kind == 1) return lane::from_bits(sign | 0x7F800001u | fraction);
  if (kind == 2) return lane::from_bits(sign);
  return lane::from_bits(sign | exponent << 23 | fraction);
}
std::vector<float> Inputs::floats(std::size_t n) {
  std::vector<float> out(n);
  for (float& x : out) x = draw();
  return out;
}
std::vector<float> Inputs::positive(std::size_t n) {
  std::vector<float> out(n);
  for (float& x : out) x = 0.5f + random_uniform(stream_, at_++);
  return out;
}
// Cut, not rounded: subnormals and NaNs with payload stay what they are.
std::vector<Bf16> Inputs::bf16s(std::size_t n) {
  std::vector<Bf16> out(n);
  for (Bf16& x : out) {
    const std::uint32_t u = lane::bits(draw());
    x.bits = static_cast<std::uint16_t>((u >> 16) | ((u & 0x7FFFFFFFu) > 0x7F800000u ? 1u : 0u));
  }
  return out;
}
std::vector<std::int32_t> Inputs::ids(std::size_t n, std::uint32_t bound) {
  std::vector<std::int32_t> out(n);
  for (std::int32_t& x : out) x = static_cast<std::int32_t>(random_below(stream_, at_++, bound));
  return out;
}
std::size_t Inputs::between(std::size_t low, std::size_t high) {
  return low + random_below(stream_, at_++, static_cast<std::uint32_t>(high - low + 1));
}

namespace {

// Which operands lie with k outermost, whether c is added to, and how long one chain is.
struct Way {
  bool a_columns = false, b_columns = false, adds = false;
  std::size_t fold = 0;
};
template <class E>
std::vector<E> draw(Inputs& in, std::size_t n) {
  if constexpr (sizeof(E) == 2)
    return in.bf16s(n);
  else
    return in.floats(n);
}
template <class E>
void product_of(Context& context, Inputs& in, std::array<std::size_t, 3> shape, Bytes& out, const Way& way) {
  const auto [m, n, k] = shape;
  const std::size_t gap = in.between(0, 3);
  const std::size_t a_stride = (way.a_columns ? m : k) + gap, b_stride = (way.b_columns ? n : k) + gap,
                    stride = n + gap;
  const auto a = draw<E>(in, a_stride * (way.a_columns ? k : m)), b = draw<E>(in, b_stride * (way.b_columns ? k : n));
  auto c = in.floats(m * stride);
  multiply(context, ProductOf<E>{.m = m,
                                 .n = n,
                                 .k = k,
                                 .a = way.a_columns ? by_columns(a.data(), a_stride) : by_rows(a.data(), a_stride),
                                 .b = way.b_columns ? by_columns(b.data(), b_stride) : by_rows(b.data(), b_stride),
                                 .addend = way.adds ? c.data() : nullptr,
                                 .c = c.data(),
                                 .c_stride = stride,
                                 .fold = way.fold});
  keep(out, c);
}
template <class E>
void product_case(Context& context, Inputs& in, std::size_t size, Bytes& out, const Way& way) {
  const std::size_t m = in.between(1, size), n = in.between(1, size), k = in.between(1, size);
  product_of<E>(context, in, {m, n, k}, out, way);
}
// Chains longer than a kernel runs through at once.
template <class E>
void product_long(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t m = in.between(1, 20), n = in.between(1, 40), k = in.between(500, 500 + 20 * size);
  product_of<E>(context, in, {m, n, k}, out, {true, true, true});
  product_of<E>(context, in, {m, n, k}, out, {});
}
template <class E>
void product_rows(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  product_case<E>(c, in, size, out, {});
}
template <class E>
void product_columns(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  product_case<E>(c, in, size, out, {.b_columns = true});
}
template <class E>
void product_gradient(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  product_case<E>(c, in, size, out, {true, true, true});
}
// Several chains to an output, the last one shorter; long ones too.
template <class E>
void product_fold(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  product_case<E>(c, in, size, out, {true, true, true, in.between(1, size)});
  product_case<E>(c, in, size, out, {.fold = in.between(1, size)});
  product_of<E>(c, in, {in.between(1, 20), in.between(1, 40), 20 * size}, out, {true, true, true, 15 * size});
}

struct AttentionWay {
  std::size_t past = 0;
  bool causal = true;
  float dropout = 0.0f;
  std::size_t least = 1;  // queries
};
void attention_case(Context& context, Inputs& in, std::size_t size, Bytes& out, const AttentionWay& way = {}) {
  const std::size_t past = way.past;
  const std::size_t kv_heads = in.between(1, 2), heads = kv_heads * in.between(1, 2), width = in.between(1, 40);
  const std::size_t time = in.between(way.least, size), batch = in.between(1, 2), keys = past + time,
                    line = (heads + 2 * kv_heads) * width;
  const auto qkv = in.bf16s(batch * keys * line), dout = in.bf16s(batch * time * heads * width);
  const AttentionShape shape{.batch = batch,
                             .time = time,
                             .heads = heads,
                             .kv_heads = kv_heads,
                             .head_width = width,
                             .past = past,
                             .q_stride = line,
                             .kv_stride = line,
                             .scale = 0.25f,
                             .causal = way.causal,
                             .dropout = {.rate = way.dropout, .stream = {7, 8}, .first = 9},
                             .q = qkv.data(),
                             .k = qkv.data() + heads * width,
                             .v = qkv.data() + (heads + kv_heads) * width};
  std::vector<Bf16> y(dout.size());
  std::vector<float> stats(batch * heads * time * 2), gradient(batch * time * line);
  attention_forward(context, {.in = shape, .out = y.data(), .out_stride = heads * width, .stats = stats.data()});
  keep(out, y);
  keep(out, stats);
  if (past != 0) return;
  attention_backward(context, {.in = shape,
                               .stats = stats.data(),
                               .dout = dout.data(),
                               .dout_stride = heads * width,
                               .dq = gradient.data(),
                               .dk = gradient.data() + heads * width,
                               .dv = gradient.data() + (heads + kv_heads) * width,
                               .dq_stride = line,
                               .dkv_stride = line});
  keep(out, gradient);
}
void attention(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  attention_case(c, in, size, out);
}
void attention_over_cache(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t past = in.between(1, size);
  attention_case(c, in, 5, out, {.past = past});
}
void attention_over_all(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  attention_case(c, in, size, out, {.causal = false});
  attention_case(c, in, size, out, {.causal = false, .dropout = 0.1f});
}
void attention_dropout(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  attention_case(c, in, size, out, {.dropout = 0.2f});
}
// Longer than what the backward pass holds of the weights at once.
void attention_long(Context& c, Inputs& in, std::size_t size, Bytes& out) {
  attention_case(c, in, 130 + size, out, {.least = 130});
}

void elementwise(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t n = in.between(1, size * size * 3);
  const auto a = in.floats(n), b = in.floats(n);
  const auto h = in.bf16s(n);
  std::vector<Bf16> narrow(n);
  std::vector<float> c(n);
  to_bf16(context, n, a.data(), narrow.data());
  keep(out, narrow);
  to_float(context, n, h.data(), c.data());
  keep(out, c);
  add(context, n, a.data(), b.data(), c.data());
  keep(out, c);
  blend(context, {.n = n, .alpha = 0.3f, .beta = -1.7f, .x = a.data(), .y = b.data(), .out = c.data()});
  keep(out, c);
  scale(context, n, 0x1.3p-9f, c.data());
  keep(out, c);
  keep(out, std::vector<float>{sum(context, n, a.data()), sum_of_squares(context, n, b.data())});
}

void optimiser(Context& context, Inputs& in, std::size_t size, Bytes& out) {
  const std::size_t n = in.between(1, size * size);
  const auto gradient = in.floats(n);
  auto weights = in.floats(n), m = in.floats(n), v = in.positive(n);
  std::vector<Bf16> copy(n);
  for (std::size_t step = 1; step < 4; ++step)
    adamw(context, {.n = n,
                    .weight_decay = 0.1f,
                    .grad_scale = 0.7f,
                    .step = step,
                    .gradient = gradient.data(),
                    .weights = weights.data(),
                    .m = m.data(),
                    .v = v.data(),
                    .copy = copy.data()});
  keep(out, weights);
  keep(out, m);
  keep(out, v);
  keep(out, copy);
}

// Not dispatched, but part of the profile.
void functions(Context&, Inputs& in, std::size_t size, Bytes& out) {
  for (const float x : in.floats(size))
    for (const float scale : {1.0f, 11.0f, 0x1p-120f}) {
      const float y = x * scale;
      keep(out, std::vector<float>{math::exp(y), math::log(y), math::tanh(y), math::sigmoid(y), math::sin(y),
                                   math::cos(y), math::sqrt(y)});
    }
}
void random(Context&, Inputs& in, std::size_t size, Bytes& out) {
  std::vector<float> normals(size);
  const std::uint64_t key = in.between(0, 1000), first = in.between(0, 9);
  fill_normal({key, 3}, first, 0.02f, normals);
  keep(out, normals);
  keep(out, in.ids(size, 977));
  keep(out, in.positive(size));
}

constexpr std::array kCases = {Case{"product.rows", product_rows<Bf16>},
                               Case{"product.columns", product_columns<Bf16>},
                               Case{"product.gradient", product_gradient<Bf16>},
                               Case{"product.long", product_long<Bf16>},
                               Case{"product.fold", product_fold<Bf16>},
                               Case{"product.float.rows", product_rows<float>},
                               Case{"product.float.columns", product_columns<float>},
                               Case{"product.float.gradient", product_gradient<float>},
                               Case{"product.float.long", product_long<float>},
                               Case{"product.float.fold", product_fold<float>},
                               Case{"attention", attention},
                               Case{"attention.cache", attention_over_cache},
                               Case{"attention.all", attention_over_all},
                               Case{"attention.dropout", attention_dropout},
                               Case{"attention.long", attention_long},
                               Case{"elementwise", elementwise},
                               Case{"adamw", optimiser},
                               Case{"functions", functions},
                               Case{"random", random}};

}  // namespace

std::span<const Case> cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> list;
    for (const auto part : {std::span<const Case>(kCases), row_cases(), optimiser_cases(), edge_cases()})
      for (const Case& c : part) list.push_back(c);
    return list;
  }();
  return all;
}

}  // namespace cairn::tensor
