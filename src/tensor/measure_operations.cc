#include "tensor/attention.h"
#include "tensor/elementwise.h"
#include "tensor/loss.h"
#include "tensor/measure.h"
#include "tensor/measuring.h"
#include "tensor/norm.h"
#include "tensor/swiglu.h"

namespace cairn::tensor {
namespace {

constexpr std::size_t kRows = 2048, kWidth = 768, kHidden = 2048;

OperationRate rms_norm(Context& context, double seconds) {
  const auto x = noise<float>(kRows * kWidth), weight = noise<float>(kWidth);
  std::vector<Bf16> y(x.size());
  std::vector<float> rstd(kRows);
  const RmsNormForward op{
      .rows = kRows, .width = kWidth, .x = x.data(), .weight = weight.data(), .y = y.data(), .rstd = rstd.data()};
  const double time = shortest(seconds, [&] { rms_norm_forward(context, op); });
  return {"RMSNorm", "2048x768", 6.0 * static_cast<double>(x.size()) / time};
}

OperationRate rms_norm_back(Context& context, double seconds) {
  const auto x = noise<float>(kRows * kWidth), weight = noise<float>(kWidth), dy = noise<float>(kRows * kWidth);
  std::vector<float> rstd(kRows, 1.0f), dx(x.size()), dweight(kWidth);
  const RmsNormBackward op{.rows = kRows,
                           .width = kWidth,
                           .x = x.data(),
                           .weight = weight.data(),
                           .rstd = rstd.data(),
                           .dy = dy.data(),
                           .dx = dx.data(),
                           .dweight = dweight.data()};
  const double time = shortest(seconds, [&] { rms_norm_backward(context, op); });
  return {"RMSNorm, backward", "2048x768", 24.0 * static_cast<double>(x.size()) / time};  // x and dy are read twice
}

OperationRate swiglu(Context& context, double seconds) {
  const auto in = noise<float>(kRows * 2 * kHidden);
  std::vector<Bf16> out(kRows * kHidden);
  const SwigluForward op{.rows = kRows, .hidden = kHidden, .in = in.data(), .out = out.data()};
  const double time = shortest(seconds, [&] { swiglu_forward(context, op); });
  return {"SwiGLU", "2048x2048", 10.0 * static_cast<double>(out.size()) / time};
}

OperationRate loss(Context& context, double seconds) {
  constexpr std::size_t kTokens = 64, kVocabulary = 8192;
  auto logits = noise<float>(kTokens * kVocabulary);
  std::vector<std::int32_t> target(kTokens, 7);
  std::vector<float> losses(kTokens);
  std::vector<Bf16> gradient(logits.size());
  const CrossEntropy op{.rows = kTokens,
                        .vocabulary = kVocabulary,
                        .target = target.data(),
                        .logits = logits.data(),
                        .loss = losses.data(),
                        .dlogits = gradient.data()};
  // What it leaves where the logits were lies between 0 and 1, so it may be run on that again.
  const double time = shortest(seconds, [&] { cross_entropy(context, op); });
  return {"cross-entropy and gradient", "64x8192", 10.0 * static_cast<double>(logits.size()) / time};
}

OperationRate optimiser(Context& context, double seconds) {
  const std::size_t n = std::size_t{1} << 22;
  const auto gradient = noise<float>(n);
  std::vector<float> weights = noise<float>(n), m(n), v(n);
  std::vector<Bf16> copy(n);
  const AdamW op{.n = n,
                 .gradient = gradient.data(),
                 .weights = weights.data(),
                 .m = m.data(),
                 .v = v.data(),
                 .copy = copy.data()};
  const double time = shortest(seconds, [&] { adamw(context, op); });
  return {"AdamW", "4194304", 30.0 * static_cast<double>(n) / time};
}

// 4 sequences of 512 tokens, 12 heads of 64 channels; causal, so half of each product.
constexpr std::size_t kBatch = 4, kTime = 512, kHeads = 12, kHead = 64, kLine = 3 * kHeads * kHead;
AttentionShape heads(const std::vector<Bf16>& qkv) {
  return {.batch = kBatch,
          .time = kTime,
          .heads = kHeads,
          .kv_heads = kHeads,
          .head_width = kHead,
          .q_stride = kLine,
          .kv_stride = kLine,
          .scale = 0.125f,
          .q = qkv.data(),
          .k = qkv.data() + kHeads * kHead,
          .v = qkv.data() + 2 * kHeads * kHead};
}
std::vector<OperationRate> attention(Context& context, double seconds) {
  const auto qkv = noise<Bf16>(kBatch * kTime * kLine), dout = noise<Bf16>(kBatch * kTime * kHeads * kHead);
  std::vector<Bf16> y(dout.size());
  std::vector<float> stats(kBatch * kHeads * kTime * 2), gradient(qkv.size());
  const AttentionForward forward{
      .in = heads(qkv), .out = y.data(), .out_stride = kHeads * kHead, .stats = stats.data()};
  const AttentionBackward backward{.in = heads(qkv),
                                   .stats = stats.data(),
                                   .dout = dout.data(),
                                   .dout_stride = kHeads * kHead,
                                   .dq = gradient.data(),
                                   .dk = gradient.data() + kHeads * kHead,
                                   .dv = gradient.data() + 2 * kHeads * kHead,
                                   .dq_stride = kLine,
                                   .dkv_stride = kLine};
  const double once = static_cast<double>(kBatch * kHeads * kTime * (kTime + 1) * kHead);  // one product, causal
  const double there = shortest(seconds, [&] { attention_forward(context, forward); });
  const double back = shortest(seconds, [&] { attention_backward(context, backward); });
  return {{"attention", "4x512, 12 heads of 64", 0, 2 * once / there},
          {"attention, backward", "4x512, 12 heads of 64", 0, 5 * once / back}};
}

}  // namespace

std::vector<OperationRate> measure_operations(Context& context, double seconds_each) {
  std::vector<OperationRate> out = attention(context, seconds_each);
  for (const auto one : {rms_norm, rms_norm_back, swiglu, loss, optimiser}) out.push_back(one(context, seconds_each));
  return out;
}

}  // namespace cairn::tensor
