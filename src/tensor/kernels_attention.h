// Causal attention, written once over a pack P and a tile T: products of one head at a time in the thread's scratch.
#pragma once

#include "tensor/functions.h"
#include "tensor/kernels_optimiser.h"
#include "tensor/kernels_product.h"
#include "tensor/kernels_rows.h"
#include "tensor/kernels_vectors.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P, class T>
struct AttentionKernels {
  using Tiles = ProductKernels<T, Bf16>;
  using Pack = Packing<T, Bf16>;
  using Word = typename T::Word;
  static constexpr std::size_t kRows = Tiles::kRows, kColumns = Tiles::kColumns;

  // One group of heads: its keys and values, and where its queries are.
  struct Group {
    const AttentionShape& in;
    std::size_t b, g, keys, width;
    const Bf16 *k, *v;
    Group(const AttentionShape& s, std::size_t index)
        : in(s), b(index / s.kv_heads), g(index % s.kv_heads), keys(s.past + s.time), width(s.head_width) {
      const std::size_t batch_stride = s.kv_batch_stride != 0 ? s.kv_batch_stride : keys * s.kv_stride;
      k = s.k + b * batch_stride + g * width;
      v = s.v + b * batch_stride + g * width;
    }
    std::size_t first_head() const { return g * (in.heads / in.kv_heads); }
    std::size_t last_head() const { return (g + 1) * (in.heads / in.kv_heads); }
    // Of a [B, T, stride] array at this sequence and head.
    std::size_t at(std::size_t t, std::size_t stride, std::size_t head) const {
      return (b * in.time + t) * stride + head * width;
    }
  };

  // Operands in packed form: `panel` words from panel to panel.
  struct Packed {
    Word* words;
    std::size_t panel;
  };
  static Packed take(Carver& c, std::size_t rows, std::size_t width, std::size_t k) {
    return {c.take<Word>(Pack::words(rows, width, k)), Pack::panel(width, k)};
  }
  static void fill(const Packed& to, const Operand& x, std::size_t rows, std::size_t width, std::size_t k) {
    Pack::pack(x, {0, rows}, rows, width, k, to.words);
  }

  // Queries [t, t + rows) share a causal block and see `keys` keys.
  struct Block {
    std::size_t t, rows, keys;
  };
  static Block block_at(const Group& group, std::size_t t) {
    const std::size_t position = group.in.past + t, end = (position / kCausalBlock + 1) * kCausalBlock;
    const std::size_t keys = end < group.keys ? end : group.keys;
    return {t, keys - position, keys};
  }

  struct Row {
    float maximum, inverse;
  };
  static Row softmax_stats(const float* scores, std::size_t n, float factor) {
    const P lowest = P::set(-__builtin_inff()), k = P::set(factor), zero = P::set(0.0f);
    P top = lowest;
    walk(
        n, [&](std::size_t i) { top = P::max(top, P::mul(P::load(scores + i), k)); },
        [&](std::size_t i, std::size_t m) {
          top = P::max(top, P::head(P::mul(P::load_part(scores + i, m), k), lowest, m));
        });
    const float maximum = P::tree_max(top);
    const P least = P::set(maximum);
    P sums = zero;
    walk(
        n, [&](std::size_t i) { sums = P::add(sums, functions::exp(P::sub(P::mul(P::load(scores + i), k), least))); },
        [&](std::size_t i, std::size_t m) {
          sums = P::add(sums, P::head(functions::exp(P::sub(P::mul(P::load_part(scores + i, m), k), least)), zero, m));
        });
    Row row{0, 0};
    P::store_part(&row.maximum, least, 1);
    P::store_part(&row.inverse, P::div(P::set(1.0f), P::set(P::tree_sum(sums))), 1);
    return row;
  }
  // exp(score * factor - maximum) * inverse of the first n, +0 for the others up to `keys`.
  static void softmax_weights(const float* scores, std::size_t n, std::size_t keys, float factor, Row row, Bf16* out) {
    const P k = P::set(factor), maximum = P::set(row.maximum), inverse = P::set(row.inverse);
    walk(
        n,
        [&](std::size_t i) {
          P::store(out + i, P::mul(functions::exp(P::sub(P::mul(P::load(scores + i), k), maximum)), inverse));
        },
        [&](std::size_t i, std::size_t m) {
          P::store_part(out + i,
                        P::mul(functions::exp(P::sub(P::mul(P::load_part(scores + i, m), k), maximum)), inverse), m);
        });
    for (std::size_t i = n; i < keys; ++i) out[i] = Bf16{};
  }

  struct ForwardScratch {
    Packed k, v, q, weights_packed;
    float *scores, *out;
    Bf16* weights;
    std::size_t stride;
    std::size_t lay(Carver& c, const Group& group) {
      stride = (group.keys + 15) / 16 * 16;
      k = AttentionKernels::take(c, group.keys, kColumns, group.width);
      v = AttentionKernels::take(c, group.width, kColumns, group.keys);
      q = AttentionKernels::take(c, kCausalBlock, kRows, group.width);
      weights_packed = AttentionKernels::take(c, kCausalBlock, kRows, group.keys);
      scores = c.take<float>(kCausalBlock * stride);
      out = c.take<float>(kCausalBlock * group.width);
      weights = c.take<Bf16>(kCausalBlock * stride);
      return c.used;
    }
  };

  static void attention_forward(const AttentionForward& op, Range groups) {
    for (std::size_t index = groups.begin; index < groups.end; ++index) {
      const Group group(op.in, index);
      ForwardScratch s;
      Carver measure, real;
      real.base = static_cast<char*>(thread_scratch(s.lay(measure, group)));
      s.lay(real, group);
      fill(s.k, by_rows(group.k, op.in.kv_stride), group.keys, kColumns, group.width);
      fill(s.v, by_columns(group.v, op.in.kv_stride), group.width, kColumns, group.keys);
      for (std::size_t h = group.first_head(); h < group.last_head(); ++h)
        for (std::size_t t = 0; t < op.in.time;) {
          const Block block = block_at(group, t);
          forward_block(op, group, s, h, block);
          t += block.rows;
        }
    }
  }

  static void forward_block(const AttentionForward& op, const Group& group, const ForwardScratch& s, std::size_t h,
                            const Block& block) {
    const std::size_t width = group.width;
    fill(s.q, by_rows(op.in.q + group.at(block.t, op.in.q_stride, h), op.in.q_stride), block.rows, kRows, width);
    Tiles::tiles({s.q.words, s.k.words, s.q.panel, s.k.panel, block.rows, block.keys, Pack::steps(width)}, nullptr,
                 s.scores, s.stride);
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::size_t seen = op.in.past + block.t + r + 1;
      const Row row = softmax_stats(s.scores + r * s.stride, seen, op.in.scale);
      softmax_weights(s.scores + r * s.stride, seen, block.keys, op.in.scale, row, s.weights + r * s.stride);
      if (op.stats != nullptr) {
        float* stats = op.stats + ((group.b * op.in.heads + h) * op.in.time + block.t + r) * 2;
        stats[0] = row.maximum;
        stats[1] = row.inverse;
      }
    }
    const Packed weights{s.weights_packed.words, Pack::panel(kRows, block.keys)};
    fill(weights, by_rows(s.weights, s.stride), block.rows, kRows, block.keys);
    Tiles::tiles({weights.words, s.v.words, weights.panel, s.v.panel, block.rows, width, Pack::steps(block.keys)},
                 nullptr, s.out, width);
    for (std::size_t r = 0; r < block.rows; ++r)
      VectorKernels<P>::to_bf16(width, s.out + r * width, op.out + group.at(block.t + r, op.out_stride, h));
  }

  struct BackwardScratch {
    Packed k, v, k_columns, q_columns, dout_columns, rows, block_rows;
    float *scores, *dweights;
    Bf16 *weights, *dscores;  // [T, stride], of one head
    std::size_t stride;
    std::size_t lay(Carver& c, const Group& group) {
      const std::size_t width = group.width, time = group.keys;
      stride = (time + 15) / 16 * 16;
      k = AttentionKernels::take(c, time, kColumns, width);
      v = AttentionKernels::take(c, time, kColumns, width);
      k_columns = AttentionKernels::take(c, width, kColumns, time);
      q_columns = AttentionKernels::take(c, width, kColumns, time);
      dout_columns = AttentionKernels::take(c, width, kColumns, time);
      rows = AttentionKernels::take(c, kCausalBlock, kRows, width);
      block_rows = AttentionKernels::take(c, kCausalBlock, kRows, time);
      scores = c.take<float>(kCausalBlock * stride);
      dweights = c.take<float>(kCausalBlock * stride);
      weights = c.take<Bf16>(time * stride);
      dscores = c.take<Bf16>(time * stride);
      return c.used;
    }
  };

  static void attention_backward(const AttentionBackward& op, Range groups) {
    for (std::size_t index = groups.begin; index < groups.end; ++index) {
      const Group group(op.in, index);
      BackwardScratch s;
      Carver measure, real;
      real.base = static_cast<char*>(thread_scratch(s.lay(measure, group)));
      s.lay(real, group);
      fill(s.k, by_rows(group.k, op.in.kv_stride), group.keys, kColumns, group.width);
      fill(s.v, by_rows(group.v, op.in.kv_stride), group.keys, kColumns, group.width);
      fill(s.k_columns, by_columns(group.k, op.in.kv_stride), group.width, kColumns, group.keys);
      for (std::size_t h = group.first_head(); h < group.last_head(); ++h) {
        fill(s.q_columns, by_columns(op.in.q + group.at(0, op.in.q_stride, h), op.in.q_stride), group.width, kColumns,
             group.keys);
        fill(s.dout_columns, by_columns(op.dout + group.at(0, op.dout_stride, h), op.dout_stride), group.width,
             kColumns, group.keys);
        for (std::size_t t = 0; t < op.in.time;) {
          const Block block = block_at(group, t);
          backward_queries(op, group, s, h, block);
          t += block.rows;
        }
        for (std::size_t key = 0; key < group.keys; key += kCausalBlock) backward_keys(op, group, s, h, key);
      }
    }
  }

  // The block's weights and score gradients, and dq = dscores . k
  static void backward_queries(const AttentionBackward& op, const Group& group, const BackwardScratch& s, std::size_t h,
                               const Block& block) {
    const std::size_t width = group.width, steps = Pack::steps(width);
    fill(s.rows, by_rows(op.in.q + group.at(block.t, op.in.q_stride, h), op.in.q_stride), block.rows, kRows, width);
    Tiles::tiles({s.rows.words, s.k.words, s.rows.panel, s.k.panel, block.rows, block.keys, steps}, nullptr, s.scores,
                 s.stride);
    fill(s.rows, by_rows(op.dout + group.at(block.t, op.dout_stride, h), op.dout_stride), block.rows, kRows, width);
    Tiles::tiles({s.rows.words, s.v.words, s.rows.panel, s.v.panel, block.rows, block.keys, steps}, nullptr, s.dweights,
                 s.stride);
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::size_t t = block.t + r;
      const float* stats = op.stats + ((group.b * op.in.heads + h) * op.in.time + t) * 2;
      Bf16* weights = s.weights + t * s.stride;
      softmax_weights(s.scores + r * s.stride, t + 1, block.keys, op.in.scale, {stats[0], stats[1]}, weights);
      score_gradients(weights, s.dweights + r * s.stride, t + 1, block.keys, op.in.scale, s.dscores + t * s.stride);
    }
    const Packed packed{s.block_rows.words, Pack::panel(kRows, block.keys)};
    fill(packed, by_rows(s.dscores + block.t * s.stride, s.stride), block.rows, kRows, block.keys);
    Tiles::tiles(
        {packed.words, s.k_columns.words, packed.panel, s.k_columns.panel, block.rows, width, Pack::steps(block.keys)},
        nullptr, op.dq + group.at(block.t, op.dq_stride, h), op.dq_stride);
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
    walk(
        n,
        [&](std::size_t i) {
          P::store(out + i, P::mul(P::mul(P::load(weights + i), P::sub(P::load(dweights + i), dot)), k));
        },
        [&](std::size_t i, std::size_t m) {
          P::store_part(out + i,
                        P::mul(P::mul(P::load_part(weights + i, m), P::sub(P::load_part(dweights + i, m), dot)), k), m);
        });
    for (std::size_t i = n; i < keys; ++i) out[i] = Bf16{};
  }

  // dk (+)= dscores^T . q and dv (+)= weights^T . dout for one block of keys, over the queries from the block's first
  // position on.
  static void backward_keys(const AttentionBackward& op, const Group& group, const BackwardScratch& s, std::size_t h,
                            std::size_t key) {
    const std::size_t rows = group.keys - key < kCausalBlock ? group.keys - key : kCausalBlock,
                      queries = group.keys - key;
    const std::size_t skip = Pack::steps(key) * kColumns, steps = Pack::steps(queries);
    const Packed packed{s.block_rows.words, Pack::panel(kRows, queries)};
    const std::size_t at = (group.b * group.keys + key) * op.dkv_stride + group.g * group.width;
    const bool first = h == group.first_head();
    const auto multiply = [&](const Bf16* from, const Packed& with, float* to) {
      Pack::pack(by_columns(from + key * s.stride + key, s.stride), {0, rows}, rows, kRows, queries, packed.words);
      Tiles::tiles({packed.words, with.words + skip, packed.panel, with.panel, rows, group.width, steps},
                   first ? nullptr : to + at, to + at, op.dkv_stride);
    };
    multiply(s.dscores, s.q_columns, op.dk);
    multiply(s.weights, s.dout_columns, op.dv);
  }
};

// The whole table for a pack, a tile for products of bfloat16, one of binary32 and one for attention.
template <class P, class T, class F, class A>
constexpr Kernels make_kernels() {
  using R = RowKernels<P>;
  using V = VectorKernels<P>;
  using O = OptimiserKernels<P>;
  return {.row_step = T::kRows,
          .column_step = TileKernels<T>::kColumns,
          .product = &ProductKernels<T, Bf16>::product,
          .float_product = &ProductKernels<F, float>::product,
          .spin = &TileKernels<T>::spin,
          .rms_norm_forward = &R::rms_norm_forward,
          .rms_norm_backward = &R::rms_norm_backward,
          .rms_norm_dweight = &R::rms_norm_dweight,
          .layer_norm_forward = &R::layer_norm_forward,
          .layer_norm_backward = &R::layer_norm_backward,
          .layer_norm_gains = &R::layer_norm_gains,
          .head_norm_forward = &R::head_norm_forward,
          .head_norm_backward = &R::head_norm_backward,
          .head_norm_dweight = &R::head_norm_dweight,
          .rope_forward = &R::rope_forward,
          .rope_backward = &R::rope_backward,
          .swiglu_forward = &R::swiglu_forward,
          .swiglu_backward = &R::swiglu_backward,
          .gelu_forward = &R::gelu_forward,
          .gelu_backward = &R::gelu_backward,
          .add_bias = &R::add_bias,
          .bias_gradient = &R::bias_gradient,
          .dropout = &R::dropout,
          .attention_forward = &AttentionKernels<P, A>::attention_forward,
          .attention_backward = &AttentionKernels<P, A>::attention_backward,
          .cross_entropy = &R::cross_entropy,
          .embedding_forward = &R::embedding_forward,
          .embedding_backward = &R::embedding_backward,
          .position_gradient = &R::position_gradient,
          .to_bf16 = &V::to_bf16,
          .to_float = &V::to_float,
          .add = &V::add,
          .blend = &V::blend,
          .scale = &V::scale,
          .sum = &V::sum,
          .sum_of_squares = &V::sum_of_squares,
          .adamw = &V::adamw,
          .adamw8 = &O::adamw8,
          .momentum = &O::momentum,
          .momentum8 = &O::momentum8,
          .descend = &O::descend,
          .decode_first = &O::decode_first,
          .decode_second = &O::decode_second};
}

}  // namespace

}  // namespace cairn::tensor
