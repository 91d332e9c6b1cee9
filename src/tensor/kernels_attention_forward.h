// The forward pass of attention (kernels_attention.h).
#pragma once

#include "tensor/kernels_attention.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P, class T>
struct AttentionForwardKernels {
  using Softmax = SoftmaxKernels<P>;
  using Packed = PackedOperand<T>;
  static constexpr std::size_t kRows = T::kRows, kColumns = TileKernels<T>::kColumns;

  struct Scratch {
    Packed k, v, q, weights_packed;
    float *scores, *out, *factors;
    Bf16* weights;
    std::size_t stride;
    std::size_t lay(Carver& c, const AttentionGroup& group) {
      stride = (group.keys + 15) / 16 * 16;
      k = Packed::take(c, group.keys, kColumns, group.width);
      v = Packed::take(c, group.width, kColumns, group.keys);
      q = Packed::take(c, kCausalBlock, kRows, group.width);
      weights_packed = Packed::take(c, kCausalBlock, kRows, group.keys);
      scores = c.take<float>(kCausalBlock * stride);
      out = c.take<float>(kCausalBlock * group.width);
      factors = c.take<float>(stride);
      weights = c.take<Bf16>(kCausalBlock * stride);
      return c.used;
    }
  };

  static void attention_forward(const AttentionForward& op, Range groups) {
    for (std::size_t index = groups.begin; index < groups.end; ++index) {
      const AttentionGroup group(op.in, index);
      Scratch s;
      Carver measure, real;
      real.base = static_cast<char*>(thread_scratch(s.lay(measure, group)));
      s.lay(real, group);
      s.k.fill(by_rows(group.k, op.in.kv_stride), group.keys, group.width);
      s.v.fill(by_columns(group.v, op.in.kv_stride), group.width, group.keys);
      for (std::size_t h = group.first_head(); h < group.last_head(); ++h)
        for (std::size_t t = 0; t < op.in.time;) {
          const AttentionBlock block = attention_block(group, t);
          forward_block(op, group, s, h, block);
          t += block.rows;
        }
    }
  }

 private:
  static void forward_block(const AttentionForward& op, const AttentionGroup& group, const Scratch& s, std::size_t h,
                            const AttentionBlock& block) {
    const std::size_t width = group.width;
    s.q.fill(by_rows(op.in.q + group.at(block.t, op.in.q_stride, h), op.in.q_stride), block.rows, width);
    multiply_packed(s.q, block.rows, width, s.k, block.keys, width, width, s.scores, s.stride);
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::size_t t = block.t + r, seen = attention_seen(group, t);
      const auto row = Softmax::exponentials(s.scores + r * s.stride, seen, op.in.scale);
      Softmax::weights(s.scores + r * s.stride, seen, block.keys, row.inverse, s.weights + r * s.stride);
      if (op.stats != nullptr) {
        float* stats = op.stats + ((group.b * op.in.heads + h) * op.in.time + t) * 2;
        stats[0] = row.maximum;
        stats[1] = row.inverse;
      }
      if (op.in.dropout.rate > 0) {
        dropout_factors(op.in.dropout, group.weight_at(h, t), seen, s.factors);
        Softmax::multiply(s.weights + r * s.stride, s.factors, seen);
      }
    }
    s.weights_packed.fill(by_rows(s.weights, s.stride), block.rows, block.keys);
    multiply_packed(s.weights_packed, block.rows, block.keys, s.v, width, group.keys, block.keys, s.out, width);
    for (std::size_t r = 0; r < block.rows; ++r)
      VectorKernels<P>::to_bf16(width, s.out + r * width, op.out + group.at(block.t + r, op.out_stride, h));
  }
};

}  // namespace

}  // namespace cairn::tensor
