// The operations: shares out outputs over the context's threads and calls the kernels. No arithmetic but AdamW's
// factors.
#include <algorithm>
#include <numeric>
#include <vector>

#include "tensor/kernels.h"
#include "tensor/lane.h"
#include "tensor/math.h"

namespace cairn::tensor {
namespace {

// Outputs a thread should have at least, so that waking it pays: some tens of microseconds of elementwise work.
constexpr std::size_t kWorthWaking = 1 << 15;

// Calls act(range) for ranges that cover [0, n) and begin at multiples of `step`; `weight` is the work of one output.
template <class F>
void share(const Context& context, std::size_t n, std::size_t step, std::size_t weight, F act) {
  if (n == 0) return;
  const std::size_t least = std::max<std::size_t>(1, kWorthWaking / std::max<std::size_t>(1, weight));
  const std::size_t parts = std::clamp<std::size_t>(n / least, 1, static_cast<std::size_t>(context.threads()) * 4);
  const std::size_t stride = ((n + parts - 1) / parts + step - 1) / step * step;
  context.parallel_for((n + stride - 1) / stride, [&](std::size_t i) {
    act(Range{i * stride, std::min(n, (i + 1) * stride)});
  });
}

}  // namespace

namespace {

template <class E>
void share_product(Context& context, const ProductOf<E>& op, void (*kernel)(const ProductOf<E>&, Range, Range)) {
  if (op.m == 0 || op.n == 0) return;
  const Kernels& k = context.kernels();
  // Each part packs the other operand anew, so the longer side is cut, into no more parts than there are threads.
  const bool by_row = op.m >= op.n;
  const std::size_t n = by_row ? op.m : op.n, step = by_row ? k.row_step : k.column_step;
  const std::size_t work = op.m * op.n * std::max<std::size_t>(op.k, 1) / (16 * kWorthWaking);
  const std::size_t parts = std::clamp<std::size_t>(work, 1, static_cast<std::size_t>(context.threads()));
  const std::size_t stride = ((n + parts - 1) / parts + step - 1) / step * step;
  context.parallel_for((n + stride - 1) / stride, [&](std::size_t i) {
    const Range part{i * stride, std::min(n, (i + 1) * stride)};
    kernel(op, by_row ? part : Range{0, op.m}, by_row ? Range{0, op.n} : part);
  });
}

}  // namespace

void multiply(Context& context, const Product& op) {
  share_product(context, op, context.kernels().product);
}
void multiply(Context& context, const FloatProduct& op) {
  share_product(context, op, context.kernels().float_product);
}

void rms_norm_forward(Context& context, const RmsNormForward& op) {
  share(context, op.rows, 1, op.width, [&](Range r) { context.kernels().rms_norm_forward(op, r); });
}
void rms_norm_backward(Context& context, const RmsNormBackward& op) {
  share(context, op.rows, 1, op.width, [&](Range r) { context.kernels().rms_norm_backward(op, r); });
  if (op.dweight == nullptr) return;
  share(context, op.width, 16, op.rows, [&](Range c) { context.kernels().rms_norm_dweight(op, c); });
}

void layer_norm_forward(Context& context, const LayerNormForward& op) {
  share(context, op.rows, 1, op.width, [&](Range r) { context.kernels().layer_norm_forward(op, r); });
}
void layer_norm_backward(Context& context, const LayerNormBackward& op) {
  share(context, op.rows, 1, op.width, [&](Range r) { context.kernels().layer_norm_backward(op, r); });
  if (op.dweight == nullptr && op.dbias == nullptr) return;
  share(context, op.width, 16, op.rows, [&](Range c) { context.kernels().layer_norm_gains(op, c); });
}
void head_norm_forward(Context& context, const HeadNormForward& op) {
  share(context, op.rows, 1, op.heads * op.head_width, [&](Range r) { context.kernels().head_norm_forward(op, r); });
}
void head_norm_backward(Context& context, const HeadNormBackward& op) {
  if (op.dweight != nullptr)  // first, since dx may be dy
    share(context, op.head_width, 16, op.rows * op.heads, [&](Range c) { context.kernels().head_norm_dweight(op, c); });
  share(context, op.rows, 1, op.heads * op.head_width, [&](Range r) { context.kernels().head_norm_backward(op, r); });
}

namespace {

Lane scaled(Lane frequency, const RopeScaling& s) {
  constexpr float kTwoPi = 0x1.921fb6p+2f;
  const Lane slow = frequency / Lane{s.factor};
  if (s.original == 0.0f) return slow;
  const Lane turns = (frequency * Lane{s.original}) / Lane{kTwoPi};
  if (turns.value < s.low) return slow;
  if (turns.value > s.high) return frequency;
  const Lane share = (turns - Lane{s.low}) / (Lane{s.high} - Lane{s.low});
  return fma(share, frequency, (Lane{1.0f} - share) * slow);
}

}  // namespace

void rope_tables(std::size_t time, std::size_t rotated_width, float base, std::span<float> cosine,
                 std::span<float> sine, const RopeScaling& scaling) {
  const std::size_t half = rotated_width / 2;
  const Lane log_base{math::log(base)};
  for (std::size_t i = 0; i < half; ++i) {
    const Lane exponent = Lane{-2.0f * static_cast<float>(i)} / Lane{static_cast<float>(rotated_width)};
    Lane frequency{math::exp((exponent * log_base).value)};
    if (scaling.factor != 1.0f) frequency = scaled(frequency, scaling);
    for (std::size_t t = 0; t < time; ++t) {
      const float angle = (Lane{static_cast<float>(t)} * frequency).value;
      cosine[t * half + i] = math::cos(angle);
      sine[t * half + i] = math::sin(angle);
    }
  }
}
void rope_forward(Context& context, const Rope& op) {
  share(context, op.rows, 1, op.heads * op.head_width, [&](Range r) { context.kernels().rope_forward(op, r); });
}
void rope_backward(Context& context, const Rope& op) {
  share(context, op.rows, 1, op.heads * op.head_width, [&](Range r) { context.kernels().rope_backward(op, r); });
}

void swiglu_forward(Context& context, const SwigluForward& op) {
  share(context, op.rows, 1, 2 * op.hidden, [&](Range r) { context.kernels().swiglu_forward(op, r); });
}
void swiglu_backward(Context& context, const SwigluBackward& op) {
  share(context, op.rows, 1, 4 * op.hidden, [&](Range r) { context.kernels().swiglu_backward(op, r); });
}

void gelu_forward(Context& context, const GeluForward& op) {
  share(context, op.rows, 1, 2 * op.hidden, [&](Range r) { context.kernels().gelu_forward(op, r); });
}
void gelu_backward(Context& context, const GeluBackward& op) {
  share(context, op.rows, 1, 4 * op.hidden, [&](Range r) { context.kernels().gelu_backward(op, r); });
}

void add_bias(Context& context, const AddBias& op) {
  share(context, op.rows, 1, op.width, [&](Range r) { context.kernels().add_bias(op, r); });
}
void bias_gradient(Context& context, const BiasGradient& op) {
  share(context, op.width, 16, op.rows, [&](Range c) { context.kernels().bias_gradient(op, c); });
}

void dropout(Context& context, const ApplyDropout& op) {
  if (op.dropout.rate <= 0.0f) return;
  share(context, op.n, 16, 2, [&](Range r) { context.kernels().dropout(op, r); });
}

void attention_forward(Context& context, const AttentionForward& op) {
  const std::size_t work = op.in.time * (op.in.past + op.in.time) * op.in.head_width / 8;
  share(context, op.in.batch * op.in.kv_heads, 1, work, [&](Range g) { context.kernels().attention_forward(op, g); });
}
void attention_backward(Context& context, const AttentionBackward& op) {
  const std::size_t work = op.in.time * op.in.time * op.in.head_width / 4;
  share(context, op.in.batch * op.in.kv_heads, 1, work, [&](Range g) { context.kernels().attention_backward(op, g); });
}

void cross_entropy(Context& context, const CrossEntropy& op) {
  share(context, op.rows, 1, 4 * op.vocabulary, [&](Range r) { context.kernels().cross_entropy(op, r); });
}

void embedding_forward(Context& context, const EmbeddingForward& op) {
  share(context, op.rows, 1, op.width, [&](Range r) { context.kernels().embedding_forward(op, r); });
}
void embedding_backward(Context& context, const EmbeddingBackward& op) {
  // Counting sort by id; stable, so positions ascend within a group.
  std::vector<std::uint32_t> ends(op.vocabulary, 0), positions(op.rows), starts;
  for (std::size_t n = 0; n < op.rows; ++n) ++ends[static_cast<std::size_t>(op.ids[n])];
  std::exclusive_scan(ends.begin(), ends.end(), ends.begin(), std::uint32_t{0});
  for (std::size_t n = 0; n < op.rows; ++n)
    positions[ends[static_cast<std::size_t>(op.ids[n])]++] = static_cast<std::uint32_t>(n);
  for (std::uint32_t i = 0; i < op.rows; ++i)
    if (i == 0 || op.ids[positions[i]] != op.ids[positions[i - 1]]) starts.push_back(i);
  const std::size_t groups = starts.size();
  starts.push_back(static_cast<std::uint32_t>(op.rows));
  const TokenGroups tokens{positions.data(), starts.data()};
  share(context, groups, 1, 2 * op.width, [&](Range g) { context.kernels().embedding_backward(op, tokens, g); });
}

void position_gradient(Context& context, const PositionGradient& op) {
  share(context, op.time, 1, op.rows / op.time * op.width,
        [&](Range t) { context.kernels().position_gradient(op, t); });
}

void to_bf16(Context& context, std::size_t n, const float* in, Bf16* out) {
  share(context, n, 16, 1, [&](Range r) { context.kernels().to_bf16(r.end - r.begin, in + r.begin, out + r.begin); });
}
void to_float(Context& context, std::size_t n, const Bf16* in, float* out) {
  share(context, n, 16, 1, [&](Range r) { context.kernels().to_float(r.end - r.begin, in + r.begin, out + r.begin); });
}
void add(Context& context, std::size_t n, const float* a, const float* b, float* out) {
  share(context, n, 16, 1,
        [&](Range r) { context.kernels().add(r.end - r.begin, a + r.begin, b + r.begin, out + r.begin); });
}
void blend(Context& context, const Blend& op) {
  share(context, op.n, 16, 1, [&](Range r) { context.kernels().blend(op, r); });
}
void scale(Context& context, std::size_t n, float factor, float* x) {
  share(context, n, 16, 1, [&](Range r) { context.kernels().scale(r.end - r.begin, factor, x + r.begin); });
}

namespace {

float sum_blocks(Context& context, std::size_t n, const float* x, float (*block)(std::size_t, const float*)) {
  std::vector<float> sums((n + kSumBlock - 1) / kSumBlock);
  share(context, sums.size(), 1, kSumBlock, [&](Range r) {
    for (std::size_t i = r.begin; i < r.end; ++i)
      sums[i] = block(std::min(kSumBlock, n - i * kSumBlock), x + i * kSumBlock);
  });
  Lane total{0.0f};
  for (const float s : sums) total = total + Lane{s};
  return total.value != total.value ? lane::from_bits(0x7FC00000u) : total.value;
}

}  // namespace

float sum(Context& context, std::size_t n, const float* x) {
  return sum_blocks(context, n, x, context.kernels().sum);
}
float sum_of_squares(Context& context, std::size_t n, const float* x) {
  return sum_blocks(context, n, x, context.kernels().sum_of_squares);
}

namespace {

AdamWFactors factors_of(const AdamW& op) {
  const Lane one{1.0f};
  return {.rest1 = (one - Lane{op.beta1}).value,
          .rest2 = (one - Lane{op.beta2}).value,
          .unbias1 = (one / (one - Lane{math::power(op.beta1, op.step)})).value,
          .unbias2 = (one / (one - Lane{math::power(op.beta2, op.step)})).value};
}

}  // namespace

void adamw(Context& context, const AdamW& op) {
  const AdamWFactors factors = factors_of(op);
  share(context, op.n, 16, 2, [&](Range r) { context.kernels().adamw(op, factors, r); });
}
void adamw8(Context& context, const AdamW8& op) {
  const AdamWFactors factors = factors_of(op.step);
  share(context, op.step.n, kDrawnAtOnce, 4, [&](Range r) { context.kernels().adamw8(op, factors, r); });
}
void momentum(Context& context, const Momentum& op) {
  share(context, op.n, 16, 1, [&](Range r) { context.kernels().momentum(op, r); });
}
void momentum8(Context& context, const Momentum8& op) {
  share(context, op.step.n, kDrawnAtOnce, 3, [&](Range r) { context.kernels().momentum8(op, r); });
}
void descend(Context& context, const Descend& op) {
  share(context, op.n, 16, 1, [&](Range r) { context.kernels().descend(op, r); });
}
void decode_first(Context& context, std::size_t n, const Moment8& m, float* out) {
  share(context, n, kCodeBlock, 1, [&](Range r) { context.kernels().decode_first(m, out, r); });
}
void decode_second(Context& context, std::size_t n, const Moment8& v, float* out) {
  share(context, n, kCodeBlock, 1, [&](Range r) { context.kernels().decode_second(v, out, r); });
}

}  // namespace cairn::tensor
