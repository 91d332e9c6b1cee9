// The backward pass of attention (kernels_attention.h): queries in spans of a few causal blocks, ascending. A span's
// weights and score gradients are held; the chains of dk and dv go on from span to span, unfinished ones in scratch.
#pragma once

#include "tensor/kernels_attention.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P, class T>
struct AttentionBackwardKernels {
  using Softmax = SoftmaxKernels<P>;
  using Packed = PackedOperand<T>;
  using Pack = Packing<T, Bf16>;
  using Tile = TileKernels<T>;
  static constexpr std::size_t kRows = Tile::kRows, kColumns = Tile::kColumns;
  static constexpr std::size_t kSpan = 4 * kCausalBlock;                      // queries of a span
  static constexpr std::size_t kPanels = (kCausalBlock + kRows - 1) / kRows;  // of a block of keys

  struct Scratch {
    Packed k, v, k_columns;          // of the whole sequence
    Packed q_columns, dout_columns;  // of a span
    Packed rows, score_rows, key_rows;
    float *scores, *dweights, *factors, *dk, *dv;
    Bf16 *weights, *dscores;  // [kSpan, stride]
    std::size_t stride;
    std::size_t lay(Carver& c, const AttentionGroup& group) {
      const std::size_t width = group.width, keys = group.keys;
      stride = (keys + 15) / 16 * 16;
      k = Packed::take(c, keys, kColumns, width);
      v = Packed::take(c, keys, kColumns, width);
      k_columns = Packed::take(c, width, kColumns, keys);
      q_columns = Packed::take(c, width, kColumns, kSpan);
      dout_columns = Packed::take(c, width, kColumns, kSpan);
      rows = Packed::take(c, kCausalBlock, kRows, width);
      score_rows = Packed::take(c, kCausalBlock, kRows, keys);
      key_rows = Packed::take(c, kCausalBlock, kRows, kSpan);
      scores = c.take<float>(kCausalBlock * stride);
      dweights = c.take<float>(kCausalBlock * stride);
      factors = c.take<float>(stride);
      const std::size_t unfinished =
          (keys + kCausalBlock - 1) / kCausalBlock * kPanels * kRows * ((width + kColumns - 1) / kColumns * kColumns);
      dk = c.take<float>(unfinished);
      dv = c.take<float>(unfinished);
      weights = c.take<Bf16>(kSpan * stride);
      dscores = c.take<Bf16>(kSpan * stride);
      return c.used;
    }
  };

  static void attention_backward(const AttentionBackward& op, Range groups) {
    for (std::size_t index = groups.begin; index < groups.end; ++index) {
      const AttentionGroup group(op.in, index);
      Scratch s;
      Carver measure, real;
      real.base = static_cast<char*>(thread_scratch(s.lay(measure, group)));
      s.lay(real, group);
      s.k.fill(by_rows(group.k, op.in.kv_stride), group.keys, group.width);
      s.v.fill(by_rows(group.v, op.in.kv_stride), group.keys, group.width);
      s.k_columns.fill(by_columns(group.k, op.in.kv_stride), group.width, group.keys);
      for (std::size_t h = group.first_head(); h < group.last_head(); ++h)
        for (std::size_t t = 0; t < op.in.time; t += kSpan) backward_span(op, group, s, h, t);
    }
  }

 private:
  static void backward_span(const AttentionBackward& op, const AttentionGroup& group, const Scratch& s, std::size_t h,
                            std::size_t begin) {
    const std::size_t end = op.in.time - begin < kSpan ? op.in.time : begin + kSpan, n = end - begin;
    s.q_columns.fill(by_columns(op.in.q + group.at(begin, op.in.q_stride, h), op.in.q_stride), group.width, n);
    s.dout_columns.fill(by_columns(op.dout + group.at(begin, op.dout_stride, h), op.dout_stride), group.width, n);
    for (std::size_t t = begin; t < end;) {
      const AttentionBlock block = attention_block(group, t);
      backward_queries(op, group, s, h, block, t - begin);
      t += block.rows;
    }
    const std::size_t keys = op.in.causal ? end : group.keys;
    for (std::size_t key = 0; key < keys; key += kCausalBlock) backward_keys(op, group, s, h, key, {begin, end});
  }

  // The block's weights and score gradients, at `row` of the span, and dq = dscores . k
  static void backward_queries(const AttentionBackward& op, const AttentionGroup& group, const Scratch& s,
                               std::size_t h, const AttentionBlock& block, std::size_t row) {
    const std::size_t width = group.width;
    s.rows.fill(by_rows(op.in.q + group.at(block.t, op.in.q_stride, h), op.in.q_stride), block.rows, width);
    multiply_packed(s.rows, block.rows, width, s.k, block.keys, width, width, s.scores, s.stride);
    s.rows.fill(by_rows(op.dout + group.at(block.t, op.dout_stride, h), op.dout_stride), block.rows, width);
    multiply_packed(s.rows, block.rows, width, s.v, block.keys, width, width, s.dweights, s.stride);
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::size_t t = block.t + r, seen = attention_seen(group, t);
      const float* stats = op.stats + ((group.b * op.in.heads + h) * op.in.time + t) * 2;
      Bf16* weights = s.weights + (row + r) * s.stride;
      float* dweights = s.dweights + r * s.stride;
      Softmax::weights_again(s.scores + r * s.stride, seen, block.keys, op.in.scale, {stats[0], stats[1]}, weights);
      const bool drops = op.in.dropout.rate > 0;
      if (drops) {
        dropout_factors(op.in.dropout, group.weight_at(h, t), seen, s.factors);
        Softmax::multiply(dweights, s.factors, seen);
      }
      Softmax::score_gradients(weights, dweights, seen, block.keys, op.in.scale, s.dscores + (row + r) * s.stride);
      if (drops) Softmax::multiply(weights, s.factors, seen);
    }
    s.score_rows.fill(by_rows(s.dscores + row * s.stride, s.stride), block.rows, block.keys);
    multiply_packed(s.score_rows, block.rows, block.keys, s.k_columns, width, group.keys, block.keys,
                    op.dq + group.at(block.t, op.dq_stride, h), op.dq_stride);
  }

  // dk (+)= dscores^T . q and dv (+)= weights^T . dout for one block of keys, over the span's queries; where causal,
  // over those from the block's first position on.
  static void backward_keys(const AttentionBackward& op, const AttentionGroup& group, const Scratch& s, std::size_t h,
                            std::size_t key, Range span) {
    const std::size_t first = op.in.causal && key > span.begin ? key : span.begin, skip = first - span.begin;
    const std::size_t rows = group.keys - key < kCausalBlock ? group.keys - key : kCausalBlock;
    const Chains chains{.key = key,
                        .rows = rows,
                        .queries = span.end - first,
                        .filled = span.end - span.begin,
                        .skip = skip,
                        .begins = first == (op.in.causal ? key : 0),
                        .ends = span.end == op.in.time,
                        .adds = h != group.first_head(),
                        .at = (group.b * group.keys + key) * op.dkv_stride + group.g * group.width,
                        .stride = op.dkv_stride};
    go_on(chains, group.width, s, s.dscores, s.q_columns, s.dk, op.dk);
    go_on(chains, group.width, s, s.weights, s.dout_columns, s.dv, op.dv);
  }

  struct Chains {
    std::size_t key, rows;              // of the block
    std::size_t queries, filled, skip;  // taken, in the span, left out at its beginning
    bool begins, ends, adds;
    std::size_t at, stride;  // of the output
  };
  static void go_on(const Chains& x, std::size_t width, const Scratch& s, const Bf16* from, const Packed& with,
                    float* unfinished, float* to) {
    Pack::pack(by_columns(from + x.skip * s.stride + x.key, s.stride), {0, x.rows}, s.stride - x.key, kRows, x.queries,
               s.key_rows.words);
    const std::size_t tiles = (width + kColumns - 1) / kColumns;
    for (std::size_t i = 0; i < x.rows; i += kRows)
      for (std::size_t j = 0; j < tiles; ++j) {
        float* c = to + x.at + i * x.stride + j * kColumns;
        Tile::tile(
            s.key_rows.words + i / kRows * Pack::panel(kRows, x.queries),
            with.words + j * Pack::panel(kColumns, x.filled) + Pack::steps(x.skip) * kColumns, Pack::steps(x.queries),
            {.addend = x.adds ? c : nullptr,
             .c = c,
             .stride = x.stride,
             .rows = x.rows - i < kRows ? x.rows - i : kRows,
             .columns = width - j * kColumns < kColumns ? width - j * kColumns : kColumns,
             .partial = unfinished + ((x.key / kCausalBlock * kPanels + i / kRows) * tiles + j) * kRows * kColumns,
             .first = x.begins,
             .last = x.ends});
      }
  }
};

}  // namespace

}  // namespace cairn::tensor
