// Operations over rows against a plain double-precision model, and each backward against central differences of that
// model. The bounds follow from the roundings to bfloat16 (2^-9 relative each), not from what happens to come out.
#include <gtest/gtest.h>

#include <algorithm>

#include "tensor/bias.h"
#include "tensor/dropout.h"
#include "tensor/embedding.h"
#include "tensor/finite_differences.h"
#include "tensor/gelu.h"
#include "tensor/loss.h"
#include "tensor/norm.h"
#include "tensor/rope.h"
#include "tensor/swiglu.h"

namespace cairn::tensor {
namespace {

TEST(RmsNorm, ForwardAndGradients) {
  Context context = make();
  constexpr std::size_t kRows = 5, kWidth = 21;
  const float epsilon = 1e-3f;
  const Floats x = normals(1, kRows * kWidth), w = normals(2, kWidth), dy = normals(3, x.size());
  const auto model = [&](const Doubles& in, const Doubles& weight) {
    Doubles y(in.size());
    for (std::size_t r = 0; r < kRows; ++r) {
      double mean = 0;
      for (std::size_t i = 0; i < kWidth; ++i) mean += in[r * kWidth + i] * in[r * kWidth + i] / kWidth;
      for (std::size_t i = 0; i < kWidth; ++i)
        y[r * kWidth + i] = in[r * kWidth + i] / std::sqrt(mean + epsilon) * weight[i];
    }
    return y;
  };
  std::vector<Bf16> y(x.size());
  Floats rstd(kRows), dx(x.size()), dweight(kWidth);
  rms_norm_forward(context, {.rows = kRows,
                             .width = kWidth,
                             .epsilon = epsilon,
                             .x = x.data(),
                             .weight = w.data(),
                             .y = y.data(),
                             .rstd = rstd.data()});
  rms_norm_backward(context, {.rows = kRows,
                              .width = kWidth,
                              .x = x.data(),
                              .weight = w.data(),
                              .rstd = rstd.data(),
                              .dy = dy.data(),
                              .dx = dx.data(),
                              .dweight = dweight.data()});
  expect_near(wide(y), model(doubles(x), doubles(w)), kBf16, "y");
  expect_near(dx, differences([&](const Doubles& v) { return model(v, doubles(w)); }, doubles(x), dy), 1e-5, "dx");
  expect_near(dweight, differences([&](const Doubles& v) { return model(doubles(x), v); }, doubles(w), dy), 1e-5,
              "dweight");
}

TEST(Swiglu, ForwardAndGradients) {
  Context context = make();
  constexpr std::size_t kRows = 3, kHidden = 19;
  const Floats x = normals(1, kRows * 2 * kHidden, 2.0f), dy = normals(2, kRows * kHidden);
  const auto model = [&](const Doubles& in) {
    Doubles y(kRows * kHidden);
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t i = 0; i < kHidden; ++i) {
        const double gate = in[r * 2 * kHidden + i], up = in[r * 2 * kHidden + kHidden + i];
        y[r * kHidden + i] = gate / (1 + std::exp(-gate)) * up;
      }
    return y;
  };
  std::vector<Bf16> y(kRows * kHidden), dx(x.size());
  swiglu_forward(context, {.rows = kRows, .hidden = kHidden, .in = x.data(), .out = y.data()});
  swiglu_backward(context, {.rows = kRows, .hidden = kHidden, .in = x.data(), .dout = dy.data(), .din = dx.data()});
  expect_near(wide(y), model(doubles(x)), kBf16, "y");
  expect_near(wide(dx), differences(model, doubles(x), dy), kBf16, "dx");
}

TEST(Rope, ForwardAndGradients) {
  Context context = make();
  constexpr std::size_t kTime = 4, kWidth = 6, kHeads = 3, kFirst = 2;
  Floats cosine(8 * kWidth / 2), sine(cosine.size());
  rope_tables(8, kWidth, 100.0f, cosine, sine);
  const Floats x = normals(1, 2 * kTime * kHeads * kWidth), dy = normals(2, x.size());
  const auto model = [&](const Doubles& in) {
    Doubles y = in;
    for (std::size_t r = 0; r < 2 * kTime; ++r)
      for (std::size_t h = 0; h < 2; ++h)
        for (std::size_t i = 0; i < kWidth / 2; ++i) {
          const double angle =
              static_cast<double>(kFirst + r % kTime) * std::pow(100.0, -2.0 * static_cast<double>(i) / kWidth);
          const std::size_t low = (r * kHeads + h) * kWidth + i, high = low + kWidth / 2;
          y[low] = in[low] * std::cos(angle) - in[high] * std::sin(angle);
          y[high] = in[high] * std::cos(angle) + in[low] * std::sin(angle);
        }
    return y;
  };
  std::vector<Bf16> y(x.size()), dx(x.size());
  Rope op{.rows = 2 * kTime,
          .heads = kHeads,
          .rotated = 2,
          .head_width = kWidth,
          .time = kTime,
          .first = kFirst,
          .cosine = cosine.data(),
          .sine = sine.data(),
          .in = x.data(),
          .out = y.data()};
  rope_forward(context, op);
  op.in = dy.data();
  op.out = dx.data();
  rope_backward(context, op);
  expect_near(wide(y), model(doubles(x)), kBf16, "y");
  expect_near(wide(dx), differences(model, doubles(x), dy), kBf16, "dx");
}

TEST(CrossEntropy, LossAndGradients) {
  Context context = make();
  constexpr std::size_t kRows = 4, kVocabulary = 37;
  const Floats x = normals(1, kRows * kVocabulary, 3.0f);
  const std::vector<std::int32_t> target = {5, 36, -1, 0};
  const auto model = [&](const Doubles& in) {
    Doubles losses(kRows);
    for (std::size_t r = 0; r < kRows; ++r) {
      double total = 0;
      for (std::size_t i = 0; i < kVocabulary; ++i) total += std::exp(in[r * kVocabulary + i]);
      if (target[r] >= 0) losses[r] = std::log(total) - in[r * kVocabulary + static_cast<std::size_t>(target[r])];
    }
    return losses;
  };
  Floats logits = x, loss(kRows);
  std::vector<Bf16> dlogits(x.size());
  cross_entropy(context, {.rows = kRows,
                          .vocabulary = kVocabulary,
                          .scale = 0.5f,
                          .target = target.data(),
                          .logits = logits.data(),
                          .loss = loss.data(),
                          .dlogits = dlogits.data()});
  expect_near(loss, model(doubles(x)), 1e-6, "loss");
  expect_near(wide(dlogits), differences(model, doubles(x), Floats(kRows, 0.5f)), kBf16, "dlogits");
}

TEST(Embedding, GradientIsAddedToWhatIsThere) {
  Context context = make();
  const std::vector<std::int32_t> ids = {2, 0, 2, 2};
  const auto table = narrow({1, 2, 3, 4, 5, 6});
  Floats out(8), dtable = {10, 10, 10, 10, 10, 10};
  embedding_forward(context, {.rows = 4, .width = 2, .ids = ids.data(), .table = table.data(), .out = out.data()});
  EXPECT_EQ(out, (Floats{5, 6, 1, 2, 5, 6, 5, 6}));
  const Floats dout = {1, 2, 3, 4, 5, 6, 7, 8};
  embedding_backward(
      context,
      {.rows = 4, .width = 2, .vocabulary = 3, .ids = ids.data(), .dout = dout.data(), .dtable = dtable.data()});
  EXPECT_EQ(dtable, (Floats{13, 14, 10, 10, 23, 26}));
}

TEST(LayerNorm, ForwardAndGradients) {
  Context context = make();
  constexpr std::size_t kRows = 5, kWidth = 85;
  const float epsilon = 1e-3f;
  const Floats x = normals(1, kRows * kWidth), w = normals(2, kWidth), b = normals(3, kWidth),
               dy = normals(4, x.size());
  const auto model = [&](const Doubles& in, const Doubles& weight, const Doubles& bias) {
    Doubles y(in.size());
    for (std::size_t r = 0; r < kRows; ++r) {
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < kWidth; ++i) mean += in[r * kWidth + i] / kWidth;
      for (std::size_t i = 0; i < kWidth; ++i) variance += std::pow(in[r * kWidth + i] - mean, 2) / kWidth;
      for (std::size_t i = 0; i < kWidth; ++i)
        y[r * kWidth + i] = (in[r * kWidth + i] - mean) / std::sqrt(variance + epsilon) * weight[i] + bias[i];
    }
    return y;
  };
  std::vector<Bf16> y(x.size());
  Floats mean(kRows), rstd(kRows), dx(x.size()), dweight(kWidth), dbias(kWidth);
  LayerNormForward op{.rows = kRows,
                      .width = kWidth,
                      .epsilon = epsilon,
                      .x = x.data(),
                      .weight = w.data(),
                      .bias = b.data(),
                      .y = y.data(),
                      .mean = mean.data(),
                      .rstd = rstd.data()};
  layer_norm_forward(context, op);
  expect_near(wide(y), model(doubles(x), doubles(w), doubles(b)), kBf16, "y");
  op.bias = nullptr;
  layer_norm_forward(context, op);
  expect_near(wide(y), model(doubles(x), doubles(w), Doubles(kWidth)), kBf16, "y without bias");
  layer_norm_backward(context, {.rows = kRows,
                                .width = kWidth,
                                .x = x.data(),
                                .weight = w.data(),
                                .mean = mean.data(),
                                .rstd = rstd.data(),
                                .dy = dy.data(),
                                .dx = dx.data(),
                                .dweight = dweight.data(),
                                .dbias = dbias.data()});
  const auto of_x = [&](const Doubles& v) { return model(v, doubles(w), doubles(b)); };
  const auto of_w = [&](const Doubles& v) { return model(doubles(x), v, doubles(b)); };
  const auto of_b = [&](const Doubles& v) { return model(doubles(x), doubles(w), v); };
  expect_near(dx, differences(of_x, doubles(x), dy), 1e-5, "dx");
  expect_near(dweight, differences(of_w, doubles(w), dy), 1e-5, "dweight");
  expect_near(dbias, differences(of_b, doubles(b), dy), 1e-5, "dbias");
}

TEST(HeadNorm, ForwardAndGradients) {
  Context context = make();
  constexpr std::size_t kRows = 4, kHeads = 3, kWidth = 18, kStride = kHeads * kWidth + 5;
  const float epsilon = 1e-3f;
  const Floats x = normals(1, kRows * kStride), w = normals(2, kWidth), dy = normals(3, x.size());
  // What lies between the rows passes, so that its gradient is that of the identity.
  const auto model = [&](const Doubles& in, const Doubles& weight) {
    Doubles y = in;
    for (std::size_t r = 0; r < kRows; ++r)
      for (std::size_t h = 0; h < kHeads; ++h) {
        const std::size_t at = r * kStride + h * kWidth;
        double mean = 0;
        for (std::size_t i = 0; i < kWidth; ++i) mean += in[at + i] * in[at + i] / kWidth;
        for (std::size_t i = 0; i < kWidth; ++i) y[at + i] = in[at + i] / std::sqrt(mean + epsilon) * weight[i];
      }
    return y;
  };
  Floats y = x, rstd(kRows * kHeads), dx = dy, dweight(kWidth);
  head_norm_forward(context, {.rows = kRows,
                              .heads = kHeads,
                              .head_width = kWidth,
                              .stride = kStride,
                              .epsilon = epsilon,
                              .x = y.data(),
                              .weight = w.data(),
                              .y = y.data(),
                              .rstd = rstd.data()});
  head_norm_backward(context, {.rows = kRows,
                               .heads = kHeads,
                               .head_width = kWidth,
                               .stride = kStride,
                               .x = x.data(),
                               .weight = w.data(),
                               .rstd = rstd.data(),
                               .dy = dx.data(),
                               .dx = dx.data(),
                               .dweight = dweight.data()});
  expect_near(y, model(doubles(x), doubles(w)), 1e-6, "y");
  expect_near(dx, differences([&](const Doubles& v) { return model(v, doubles(w)); }, doubles(x), dy), 1e-5, "dx");
  expect_near(dweight, differences([&](const Doubles& v) { return model(doubles(x), v); }, doubles(w), dy), 1e-5,
              "dweight");
}

TEST(Gelu, ForwardAndGradients) {
  Context context = make();
  constexpr std::size_t kRows = 7, kHidden = 37;
  const Floats x = normals(1, kRows * kHidden, 2.0f), dy = normals(2, x.size());
  const auto exact = [](const Doubles& in) {
    Doubles y = in;
    for (double& v : y) v = 0.5 * v * (1 + std::erf(v / std::sqrt(2.0)));
    return y;
  };
  const auto by_tanh = [](const Doubles& in) {
    Doubles y = in;
    for (double& v : y) v = 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
    return y;
  };
  std::vector<Bf16> y(x.size()), dx(x.size());
  const auto check = [&](bool tanh, const std::function<Doubles(const Doubles&)>& model) {
    gelu_forward(context, {.rows = kRows, .hidden = kHidden, .tanh = tanh, .in = x.data(), .out = y.data()});
    gelu_backward(
        context, {.rows = kRows, .hidden = kHidden, .tanh = tanh, .in = x.data(), .dout = dy.data(), .din = dx.data()});
    expect_near(wide(y), model(doubles(x)), kBf16, "y");
    expect_near(wide(dx), differences(model, doubles(x), dy), kBf16, "dx");
  };
  check(false, exact);
  check(true, by_tanh);
}

TEST(Rope, OverAPartOfEachHeadWithEitherPairs) {
  Context context = make();
  constexpr std::size_t kTime = 5, kWidth = 11, kPart = 6, kHeads = 3;
  Floats cosine(kTime * kPart / 2), sine(cosine.size());
  rope_tables(kTime, kPart, 100.0f, cosine, sine);
  const Floats x = normals(1, kTime * kHeads * kWidth), dy = normals(2, x.size());
  for (const bool interleaved : {false, true}) {
    const auto model = [&](const Doubles& in) {
      Doubles y = in;
      for (std::size_t t = 0; t < kTime; ++t)
        for (std::size_t h = 0; h < kHeads; ++h)
          for (std::size_t i = 0; i < kPart / 2; ++i) {
            const double angle = static_cast<double>(t) * std::pow(100.0, -2.0 * static_cast<double>(i) / kPart);
            const std::size_t at = (t * kHeads + h) * kWidth, a = at + (interleaved ? 2 * i : i),
                              b = interleaved ? a + 1 : a + kPart / 2;
            y[a] = in[a] * std::cos(angle) - in[b] * std::sin(angle);
            y[b] = in[b] * std::cos(angle) + in[a] * std::sin(angle);
          }
      return y;
    };
    std::vector<Bf16> y(x.size()), dx(x.size());
    Rope op{.rows = kTime,
            .heads = kHeads,
            .rotated = kHeads,
            .head_width = kWidth,
            .rotated_width = kPart,
            .interleaved = interleaved,
            .time = kTime,
            .cosine = cosine.data(),
            .sine = sine.data(),
            .in = x.data(),
            .out = y.data()};
    rope_forward(context, op);
    op.in = dy.data();
    op.out = dx.data();
    rope_backward(context, op);
    expect_near(wide(y), model(doubles(x)), kBf16, "y");
    expect_near(wide(dx), differences(model, doubles(x), dy), kBf16, "dx");
  }
}

TEST(CrossEntropy, WithZLoss) {
  Context context = make();
  constexpr std::size_t kRows = 3, kVocabulary = 41;
  const Floats x = normals(1, kRows * kVocabulary, 3.0f);
  const std::vector<std::int32_t> target = {5, 40, 0};
  const auto model = [&](const Doubles& in) {
    Doubles losses(kRows);
    for (std::size_t r = 0; r < kRows; ++r) {
      double total = 0;
      for (std::size_t i = 0; i < kVocabulary; ++i) total += std::exp(in[r * kVocabulary + i]);
      losses[r] = std::log(total) - in[r * kVocabulary + static_cast<std::size_t>(target[r])] +
                  0.05 * std::log(total) * std::log(total);
    }
    return losses;
  };
  Floats logits = x, loss(kRows);
  std::vector<Bf16> dlogits(x.size());
  cross_entropy(context, {.rows = kRows,
                          .vocabulary = kVocabulary,
                          .scale = 0.5f,
                          .z_loss = 0.05f,
                          .target = target.data(),
                          .logits = logits.data(),
                          .loss = loss.data(),
                          .dlogits = dlogits.data()});
  expect_near(loss, model(doubles(x)), 1e-6, "loss");
  expect_near(wide(dlogits), differences(model, doubles(x), Floats(kRows, 0.5f)), kBf16, "dlogits");
}

TEST(Embedding, AddsPositionsAndTheirGradient) {
  Context context = make();
  const std::vector<std::int32_t> ids = {1, 0, 0, 1};
  const auto table = narrow({1, 2, 3, 4}), positions = narrow({100, 200, 10, 20, 30, 40});
  Floats out(8), dpositions = {1, 1, 1, 1, 1, 1};
  embedding_forward(context, {.rows = 4,
                              .width = 2,
                              .ids = ids.data(),
                              .table = table.data(),
                              .time = 2,
                              .first = 1,
                              .positions = positions.data(),
                              .out = out.data()});
  EXPECT_EQ(out, (Floats{13, 24, 31, 42, 11, 22, 33, 44}));
  const Floats dout = {1, 2, 3, 4, 5, 6, 7, 8};
  position_gradient(
      context,
      {.rows = 4, .width = 2, .time = 2, .first = 1, .dout = dout.data(), .dpositions = dpositions.data(), .fold = 2});
  EXPECT_EQ(dpositions, (Floats{1, 1, 7, 9, 11, 13}));
}

TEST(Bias, IsAddedAndItsGradientSumsTheRows) {
  Context context = make();
  const Floats bias = {1, 2};
  Floats x = {10, 20, -1, 30, 40, -1}, dbias = {100, 100};
  add_bias(context, {.rows = 2, .width = 2, .stride = 3, .bias = bias.data(), .x = x.data()});
  EXPECT_EQ(x, (Floats{11, 22, -1, 31, 42, -1}));
  const auto dy = narrow({1, 2, 9, 3, 4, 9});
  bias_gradient(context, {.rows = 2, .width = 2, .stride = 3, .dy = dy.data(), .dbias = dbias.data()});
  EXPECT_EQ(dbias, (Floats{104, 106}));
}

// Gradients over rows, with the rows of several grains in one call and in one call for each.
TEST(Fold, GivesTheBitsOfOneCallForEachGrain) {
  Context context = make();
  constexpr std::size_t kTime = 3, kGrain = 2 * kTime, kRows = 4 * kGrain, kHeads = 2, kHead = 35,
                        kWidth = kHeads * kHead, kVocabulary = 5;
  const Floats x = normals(1, kRows * kWidth), dy = normals(2, x.size()), w = normals(3, kWidth);
  const Floats mean = normals(4, kRows), rstd = normals(5, kRows * kHeads);
  const auto narrow_dy = narrow(dy);
  std::vector<std::int32_t> ids(kRows);
  for (std::size_t r = 0; r < kRows; ++r) ids[r] = static_cast<std::int32_t>(r * r % kVocabulary);
  const auto gradients = [&](std::size_t rows_of_a_call, std::size_t fold) {
    Floats rms = w, gain = w, shift = w, head(w.begin(), w.begin() + kHead), bias = w, dx(x.size());
    Floats table = normals(6, kVocabulary * kWidth), positions = normals(7, kTime * kWidth);
    for (std::size_t r = 0; r < kRows; r += rows_of_a_call) {
      const std::size_t at = r * kWidth, n = rows_of_a_call;
      const float *xr = x.data() + at, *dyr = dy.data() + at, *rstdr = rstd.data() + r;
      rms_norm_backward(context, {n, kWidth, xr, w.data(), rstdr, dyr, dx.data(), rms.data(), fold});
      layer_norm_backward(
          context, {n, kWidth, xr, w.data(), mean.data() + r, rstdr, dyr, dx.data(), gain.data(), shift.data(), fold});
      head_norm_backward(context, {n, kHeads, kHead, kWidth, xr, w.data(), rstd.data() + r * kHeads, dyr, dx.data(),
                                   head.data(), fold});
      bias_gradient(context, {n, kWidth, kWidth, narrow_dy.data() + at, bias.data(), fold});
      embedding_backward(context, {n, kWidth, kVocabulary, ids.data() + r, dyr, table.data(), fold});
      position_gradient(context, {n, kWidth, kTime, 0, dyr, positions.data(), fold});
    }
    return std::vector<Floats>{rms, gain, shift, head, bias, table, positions};
  };
  const auto expected = gradients(kGrain, 0);
  EXPECT_EQ(gradients(kRows, kGrain), expected);
  EXPECT_EQ(gradients(2 * kGrain, kGrain), expected);
  EXPECT_NE(gradients(kRows, 0), expected);  // the fold matters
}

TEST(Dropout, KeepsItsShareAndDependsOnTheElementsNumberAlone) {
  Context context = make();
  constexpr std::size_t kN = 100000;
  Dropout settings{.rate = 0.2f, .stream = {7, 9}, .first = 3};
  Floats whole(kN, 1.0f), parts(kN, 1.0f);
  dropout(context, {.n = kN, .dropout = settings, .x = whole.data()});
  for (std::size_t at = 0, n = 1; at < kN; at += n, n = std::min<std::size_t>(2 * n + 1, kN - at)) {
    settings.first = 3 + at;
    dropout(context, {.n = n, .dropout = settings, .x = parts.data() + at});
    if (at + n == kN) break;
  }
  EXPECT_EQ(parts, whole);
  const std::uint32_t bound = 13107;  // round(0.2 * 65536)
  const float kept = 65536.0f / (65536 - bound);
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < kN; ++i) {
    const std::uint32_t word = random_word({7, 9}, (3 + i) / 2), bits = (3 + i) % 2 == 0 ? word & 0xFFFF : word >> 16;
    ASSERT_EQ(whole[i], bits >= bound ? kept : 0.0f) << i;
    zeros += whole[i] == 0.0f;
  }
  EXPECT_NEAR(static_cast<double>(zeros), 0.2 * kN, 4 * std::sqrt(0.2 * 0.8 * kN));  // four standard deviations
}

TEST(Dropout, AtRateZeroChangesNothing) {
  Context context = make();
  Floats x = normals(1, 33);
  const Floats before = x;
  dropout(context, {.n = x.size(), .dropout = {}, .x = x.data()});
  EXPECT_EQ(x, before);
}

}  // namespace
}  // namespace cairn::tensor
