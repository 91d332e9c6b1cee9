// Kernels of bias.h and dropout.h, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/dropout_factors.h"
#include "tensor/kernels_walk.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct BiasKernels {
  static void add_bias(const AddBias& op, Range rows) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      float* x = op.x + r * op.stride;
      walk<P>(op.width,
              [&](std::size_t i, auto pack) { pack.store(x + i, P::add(pack.load(x + i), pack.load(op.bias + i))); });
    }
  }

  static void bias_gradient(const BiasGradient& op, Range channels) {
    chains_over_rows<P>(channels, op.rows, op.fold, op.dbias, [&](P chain, std::size_t r, std::size_t c, auto pack) {
      return P::add(chain, pack.load(op.dy + r * op.stride + c));
    });
  }

  static void dropout(const ApplyDropout& op, Range elements) {
    constexpr std::size_t kBlock = 1024;
    float factors[kBlock];
    for (std::size_t at = elements.begin; at < elements.end; at += kBlock) {
      const std::size_t n = elements.end - at < kBlock ? elements.end - at : kBlock;
      float* x = op.x + at;
      dropout_factors(op.dropout, at, n, factors);
      walk<P>(n,
              [&](std::size_t i, auto pack) { pack.store(x + i, P::mul(pack.load(x + i), pack.load(factors + i))); });
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
