// The table of kernels that a Context holds: one for each instruction set, all of the same meaning to the bit
// (docs/arithmetic.md). The seam for other devices and profiles: operations (ops.cc) check nothing here, share out
// outputs and call through the table. A kernel computes the outputs of a range and touches no others; it runs in one
// thread, with flushing set (FlushScope).
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/attention.h"
#include "tensor/bias.h"
#include "tensor/dropout.h"
#include "tensor/elementwise.h"
#include "tensor/embedding.h"
#include "tensor/gelu.h"
#include "tensor/isa.h"
#include "tensor/loss.h"
#include "tensor/norm.h"
#include "tensor/optimiser.h"
#include "tensor/product.h"
#include "tensor/rope.h"
#include "tensor/swiglu.h"

namespace cairn::tensor {

struct Range {
  std::size_t begin = 0, end = 0;
};

// Token positions grouped by id, ascending within a group: group g is positions[starts[g] .. starts[g + 1]).
struct TokenGroups {
  const std::uint32_t* positions = nullptr;
  const std::uint32_t* starts = nullptr;
};

// What AdamW derives from its settings once a step.
struct AdamWFactors {
  float rest1, rest2;      // 1 - beta1, 1 - beta2
  float unbias1, unbias2;  // 1 / (1 - beta1^step), 1 / (1 - beta2^step)
};

// Elements whose rounding the kernels of 8-bit moments draw at once: their ranges begin at multiples of it.
inline constexpr std::size_t kDrawnAtOnce = 256;
// Elements of one block of sum and sum_of_squares.
inline constexpr std::size_t kSumBlock = 4096;
// Positions of one causal block of attention.
inline constexpr std::size_t kCausalBlock = 32;

struct Kernels {
  std::size_t row_step, column_step;  // ranges of products begin at multiples of these
  void (*product)(const Product&, Range rows, Range columns);
  void (*float_product)(const FloatProduct&, Range rows, Range columns);
  // Multiplies and adds in registers alone, `rounds` times; the operations done. For measuring the processor.
  double (*spin)(std::size_t rounds);
  double (*float_spin)(std::size_t rounds);  // as float_product multiplies
  void (*rms_norm_forward)(const RmsNormForward&, Range rows);
  void (*rms_norm_backward)(const RmsNormBackward&, Range rows);     // dx
  void (*rms_norm_dweight)(const RmsNormBackward&, Range channels);  // dweight
  void (*layer_norm_forward)(const LayerNormForward&, Range rows);
  void (*layer_norm_backward)(const LayerNormBackward&, Range rows);   // dx
  void (*layer_norm_gains)(const LayerNormBackward&, Range channels);  // dweight, dbias
  void (*head_norm_forward)(const HeadNormForward&, Range rows);
  void (*head_norm_backward)(const HeadNormBackward&, Range rows);     // dx
  void (*head_norm_dweight)(const HeadNormBackward&, Range channels);  // dweight
  void (*rope_forward)(const Rope&, Range rows);
  void (*rope_backward)(const Rope&, Range rows);
  void (*swiglu_forward)(const SwigluForward&, Range rows);
  void (*swiglu_backward)(const SwigluBackward&, Range rows);
  void (*gelu_forward)(const GeluForward&, Range rows);
  void (*gelu_backward)(const GeluBackward&, Range rows);
  void (*add_bias)(const AddBias&, Range rows);
  void (*bias_gradient)(const BiasGradient&, Range channels);
  void (*dropout)(const ApplyDropout&, Range elements);
  void (*attention_forward)(const AttentionForward&, Range groups);  // group: b * G + g, all its query heads
  void (*attention_backward)(const AttentionBackward&, Range groups);
  void (*cross_entropy)(const CrossEntropy&, Range rows);
  void (*embedding_forward)(const EmbeddingForward&, Range rows);
  void (*embedding_backward)(const EmbeddingBackward&, const TokenGroups&, Range groups);
  void (*position_gradient)(const PositionGradient&, Range times);
  void (*to_bf16)(std::size_t n, const float* in, Bf16* out);
  void (*to_float)(std::size_t n, const Bf16* in, float* out);
  void (*add)(std::size_t n, const float* a, const float* b, float* out);
  void (*blend)(const Blend&, Range elements);
  void (*scale)(std::size_t n, float factor, float* x);
  float (*sum)(std::size_t n, const float* x);             // one block, n <= kSumBlock
  float (*sum_of_squares)(std::size_t n, const float* x);  // one block
  void (*adamw)(const AdamW&, const AdamWFactors&, Range elements);
  void (*adamw8)(const AdamW8&, const AdamWFactors&, Range elements);  // this and momentum8: by whole draws
  void (*momentum)(const Momentum&, Range elements);
  void (*momentum8)(const Momentum8&, Range elements);
  void (*descend)(const Descend&, Range elements);
  void (*decode_first)(const Moment8&, float* out, Range elements);  // this and decode_second: by whole blocks
  void (*decode_second)(const Moment8&, float* out, Range elements);
};

// The table of an instruction set that is available; the scalar one is the specification.
const Kernels& kernels_of(Isa isa);

extern const Kernels kScalarKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kAvx512DotKernels;  // with VDPBF16PS
#elif defined(__aarch64__)
extern const Kernels kNeonKernels;
#endif

// This thread's scratch: 64-byte aligned, at least `bytes`, good until the next call in this thread.
void* thread_scratch(std::size_t bytes);

// What a kernel may expect to stay in its processor's second-level cache beside what streams through: half of it. Bears
// on speed alone.
std::size_t cached_bytes();

}  // namespace cairn::tensor
