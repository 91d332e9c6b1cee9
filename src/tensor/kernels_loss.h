// Kernels of loss.h, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/functions.h"
#include "tensor/kernels_walk.h"
#include "tensor/math.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct LossKernels {
  static P highest(std::size_t n, const float* x) {
    const P lowest = P::set(-__builtin_inff());
    P top = lowest;
    walk<P>(n, [&](std::size_t i, auto pack) { top = P::max(top, pack.head(pack.load(x + i), lowest)); });
    return P::set(P::tree_max(top));
  }
  // The sum of e^(x - maximum); `keep` stores the terms over x.
  template <bool Keep>
  static float sum_of_exps(std::size_t n, float* x, P maximum) {
    const P zero = P::set(0.0f);
    P sums = zero;
    walk<P>(n, [&](std::size_t i, auto pack) {
      const P e = functions::exp(P::sub(pack.load(x + i), maximum));
      sums = P::add(sums, pack.head(e, zero));
      if (Keep) pack.store(x + i, e);
    });
    return P::tree_sum(sums);
  }

  static void one_row(const CrossEntropy& op, std::size_t target, float* x, float* loss, Bf16* d) {
    const P maximum = highest(op.vocabulary, x), z = P::set(op.z_loss);
    const P gap = P::sub(maximum, P::set(x[target]));
    const float total =
        d != nullptr ? sum_of_exps<true>(op.vocabulary, x, maximum) : sum_of_exps<false>(op.vocabulary, x, maximum);
    const P log_sum = P::set(math::log(total)), log_z = P::add(maximum, log_sum);
    P result = P::add(gap, log_sum), k = P::div(P::set(op.scale), P::set(total));
    if (op.z_loss != 0.0f) {
      result = P::fma(P::mul(z, log_z), log_z, result);
      k = P::mul(k, P::fma(P::add(z, z), log_z, P::set(1.0f)));
    }
    P::store_part(loss, result, 1);
    if (d == nullptr) return;
    walk<P>(op.vocabulary, [&](std::size_t i, auto pack) { pack.store(d + i, P::mul(pack.load(x + i), k)); });
    P::store_part(d + target, P::sub(P::mul(P::set(x[target]), k), P::set(op.scale)), 1);
  }

  static void cross_entropy(const CrossEntropy& op, Range rows) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      Bf16* d = op.dlogits != nullptr ? op.dlogits + r * op.vocabulary : nullptr;
      if (op.target[r] >= 0) {
        one_row(op, static_cast<std::size_t>(op.target[r]), op.logits + r * op.vocabulary, op.loss + r, d);
        continue;
      }
      op.loss[r] = 0.0f;
      if (d != nullptr)
        for (std::size_t i = 0; i < op.vocabulary; ++i) d[i] = Bf16{};
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
