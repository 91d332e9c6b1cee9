// Attention, written once over a pack P and a tile T: what its forward and backward pass share. One head at a time, in
// the thread's scratch, a block of queries at a time: nothing of size T x T.
#pragma once

#include "tensor/dropout_factors.h"
#include "tensor/functions.h"
#include "tensor/kernels_product.h"
#include "tensor/kernels_vectors.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

// One group of heads: its keys and values, and where its queries are.
struct AttentionGroup {
  const AttentionShape& in;
  std::size_t b, g, keys, width;
  const Bf16 *k, *v;
  AttentionGroup(const AttentionShape& s, std::size_t index)
      : in(s), b(index / s.kv_heads), g(index % s.kv_heads), keys(s.past + s.time), width(s.head_width) {
    k = s.k + b * keys * s.kv_stride + g * width;
    v = s.v + b * keys * s.kv_stride + g * width;
  }
  std::size_t first_head() const { return g * (in.heads / in.kv_heads); }
  std::size_t last_head() const { return (g + 1) * (in.heads / in.kv_heads); }
  // Of a [B, T, stride] array at this sequence and head.
  std::size_t at(std::size_t t, std::size_t stride, std::size_t head) const {
    return (b * in.time + t) * stride + head * width;
  }
  // The number of the weight of query t and key 0, as dropout counts.
  std::uint64_t weight_at(std::size_t head, std::size_t t) const {
    return ((std::uint64_t{b} * in.heads + head) * in.time + t) * keys;
  }
};

// Queries [t, t + rows) take `keys` keys: where causal, those up to the end of their block.
struct AttentionBlock {
  std::size_t t, rows, keys;
};
inline AttentionBlock attention_block(const AttentionGroup& group, std::size_t t) {
  const std::size_t position = group.in.past + t, end = (position / kCausalBlock + 1) * kCausalBlock;
  const std::size_t last = end < group.keys ? end : group.keys;
  return {t, last - position, group.in.causal ? last : group.keys};
}
// Keys that query t sees.
inline std::size_t attention_seen(const AttentionGroup& group, std::size_t t) {
  return group.in.causal ? group.in.past + t + 1 : group.keys;
}

template <class P>
struct SoftmaxKernels {
  struct Row {
    float maximum, inverse;
  };
  // Leaves exp(score * factor - maximum) where the n scores are.
  static Row exponentials(float* scores, std::size_t n, float factor) {
    const P lowest = P::set(-__builtin_inff()), k = P::set(factor);
    P top = lowest;
    walk(
        n, [&](std::size_t i) { top = P::max(top, P::mul(P::load(scores + i), k)); },
        [&](std::size_t i, std::size_t m) {
          top = P::max(top, P::head(P::mul(P::load_part(scores + i, m), k), lowest, m));
        });
    const P maximum = P::set(P::tree_max(top));
    P sums = P::set(0.0f);
    walk(
        n,
        [&](std::size_t i) {
          const P e = functions::exp(P::sub(P::mul(P::load(scores + i), k), maximum));
          sums = P::add(sums, e);
          P::store(scores + i, e);
        },
        [&](std::size_t i, std::size_t m) {
          const P e = functions::exp(P::sub(P::mul(P::load_part(scores + i, m), k), maximum));
          sums = P::add(sums, P::head(e, P::set(0.0f), m));
          P::store_part(scores + i, e, m);
        });
    Row row{0, 0};
    P::store_part(&row.maximum, maximum, 1);
    P::store_part(&row.inverse, P::div(P::set(1.0f), P::set(P::tree_sum(sums))), 1);
    return row;
  }
  // e * inverse of the first n, +0 for the others up to `keys`.
  static void weights(const float* e, std::size_t n, std::size_t keys, float inverse, Bf16* out) {
    const P k = P::set(inverse);
    walk(
        n, [&](std::size_t i) { P::store(out + i, P::mul(P::load(e + i), k)); },
        [&](std::size_t i, std::size_t m) { P::store_part(out + i, P::mul(P::load_part(e + i, m), k), m); });
    for (std::size_t i = n; i < keys; ++i) out[i] = Bf16{};
  }
  // The same from scores, with what the forward pass left.
  static void weights_again(const float* scores, std::size_t n, std::size_t keys, float factor, Row row, Bf16* out) {
    const P k = P::set(factor), maximum = P::set(row.maximum), inverse = P::set(row.inverse);
    const auto weight = [&](P score) { return P::mul(functions::exp(P::sub(P::mul(score, k), maximum)), inverse); };
    walk(
        n, [&](std::size_t i) { P::store(out + i, weight(P::load(scores + i))); },
        [&](std::size_t i, std::size_t m) { P::store_part(out + i, weight(P::load_part(scores + i, m)), m); });
    for (std::size_t i = n; i < keys; ++i) out[i] = Bf16{};
  }
  // x[i] *= factors[i]
  template <class E>
  static void multiply(E* x, const float* factors, std::size_t n) {
    walk(
        n, [&](std::size_t i) { P::store(x + i, P::mul(P::load(x + i), P::load(factors + i))); },
        [&](std::size_t i, std::size_t m) {
          P::store_part(x + i, P::mul(P::load_part(x + i, m), P::load_part(factors + i, m)), m);
        });
  }
  // scale * weight * (dweight - sum over keys of weight * dweight)
  static void score_gradients(const Bf16* weights, const float* dweights, std::size_t n, std::size_t keys, float factor,
                              Bf16* out) {
    P dots = P::set(0.0f);
    walk(
        n, [&](std::size_t i) { dots = P::fma(P::load(weights + i), P::load(dweights + i), dots); },
        [&](std::size_t i, std::size_t m) {
          dots = P::fma(P::load_part(weights + i, m), P::load_part(dweights + i, m), dots);
        });
    const P dot = P::set(P::tree_sum(dots)), k = P::set(factor);
    const auto gradient = [&](P weight, P dweight) { return P::mul(P::mul(weight, P::sub(dweight, dot)), k); };
    walk(
        n, [&](std::size_t i) { P::store(out + i, gradient(P::load(weights + i), P::load(dweights + i))); },
        [&](std::size_t i, std::size_t m) {
          P::store_part(out + i, gradient(P::load_part(weights + i, m), P::load_part(dweights + i, m)), m);
        });
    for (std::size_t i = n; i < keys; ++i) out[i] = Bf16{};
  }
};

// Operands of a head in packed form.
template <class T>
struct PackedOperand {
  using Pack = Packing<T, Bf16>;
  typename T::Word* words = nullptr;
  std::size_t width = 0;
  static PackedOperand take(Carver& c, std::size_t rows, std::size_t width, std::size_t k) {
    return {c.take<typename T::Word>(Pack::words(rows, width, k)), width};
  }
  void fill(const Operand& x, std::size_t rows, std::size_t k) const {
    Pack::pack(x, {0, rows}, rows, width, k, words);
  }
};

// Of y [m, n] = a [m, k] . b [n, k]^T; panels were filled with a_k and b_k elements of k, of which the first k count.
template <class T>
inline void multiply_packed(const PackedOperand<T>& a, std::size_t m, std::size_t a_k, const PackedOperand<T>& b,
                            std::size_t n, std::size_t b_k, std::size_t k, float* y, std::size_t stride) {
  using Pack = Packing<T, Bf16>;
  ProductKernels<T, Bf16>::tiles(
      {a.words, b.words, Pack::panel(a.width, a_k), Pack::panel(b.width, b_k), m, n, Pack::steps(k)}, nullptr, y,
      stride);
}

}  // namespace

}  // namespace cairn::tensor
