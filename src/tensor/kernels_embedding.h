// Kernels of embedding.h, written once over a pack P (pack_scalar.h).
#pragma once

#include "tensor/kernels_walk.h"

namespace cairn::tensor {

// Internal linkage: each instruction set compiles its own copy (kernels_walk.h says why).
namespace {

template <class P>
struct EmbeddingKernels {
  static void embedding_forward(const EmbeddingForward& op, Range rows) {
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const Bf16* token = op.table + static_cast<std::size_t>(op.ids[r]) * op.width;
      float* out = op.out + r * op.width;
      if (op.positions == nullptr) {
        walk<P>(op.width, [&](std::size_t i, auto pack) { pack.store(out + i, P::flush(pack.load(token + i))); });
        continue;
      }
      const Bf16* position = op.positions + (op.first + r % op.time) * op.width;
      walk<P>(op.width, [&](std::size_t i, auto pack) {
        pack.store(out + i, P::add(pack.load(token + i), pack.load(position + i)));
      });
    }
  }

  static void embedding_backward(const EmbeddingBackward& op, const TokenGroups& tokens, Range groups) {
    for (std::size_t g = groups.begin; g < groups.end; ++g) {
      const std::uint32_t *p = tokens.positions + tokens.starts[g], *last = tokens.positions + tokens.starts[g + 1];
      float* out = op.dtable + static_cast<std::size_t>(op.ids[*p]) * op.width;
      while (p < last) {  // one grain a turn
        const std::size_t limit = op.fold == 0 ? op.rows : (*p / op.fold + 1) * op.fold;
        std::size_t n = 1;
        while (p + n < last && p[n] < limit) ++n;
        chains_over_rows<P>({0, op.width}, n, 0, out, [&](P chain, std::size_t i, std::size_t c, auto pack) {
          return P::add(chain, pack.load(op.dout + p[i] * op.width + c));
        });
        p += n;
      }
    }
  }

  static void position_gradient(const PositionGradient& op, Range times) {
    for (std::size_t t = times.begin; t < times.end; ++t) {
      float* out = op.dpositions + (op.first + t) * op.width;
      chains_over_rows<P>({0, op.width}, op.rows / op.time, op.fold / op.time, out,
                          [&](P chain, std::size_t b, std::size_t c, auto pack) {
                            return P::add(chain, pack.load(op.dout + (b * op.time + t) * op.width + c));
                          });
    }
  }
};

}  // namespace

}  // namespace cairn::tensor
