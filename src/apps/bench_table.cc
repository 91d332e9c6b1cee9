#include "apps/bench_table.h"

#include <charconv>

#include "apps/bench_train.h"

namespace cairn::apps {
namespace {

using tensor::MeasuredProduct, tensor::Transpose;

// What the products of training come to: square ones, those of models of width 768 and 384.
constexpr std::size_t kShapes[][3] = {{1024, 1024, 1024}, {2048, 2048, 2048}, {4096, 768, 768}, {4096, 3072, 768},
                                      {768, 3072, 4096},  {2048, 384, 384},   {2048, 1536, 384}};
constexpr double kSeconds = 0.1;

const char* name_of(Transpose transpose) {
  return transpose == Transpose::y ? "x w^T" : transpose == Transpose::dx ? "dy w" : "dy^T x";
}

}  // namespace

Result<MeasuredProduct> parse_shape(const std::string& text) {
  std::size_t sides[3] = {};
  const char *at = text.data(), *end = at + text.size();
  for (int i = 0; i < 3; ++i) {
    const auto [next, error] = std::from_chars(at, end, sides[i]);
    const bool last = i == 2;
    if (error != std::errc{} || sides[i] < 1 || sides[i] > 65536 || (last ? next != end : next == end || *next != 'x'))
      return fail(ErrorCode::invalid, "--shape: expected MxNxK with sides from 1 to 65536, got '{}'", text);
    at = last ? next : next + 1;
  }
  return MeasuredProduct{.m = sides[0], .n = sides[1], .k = sides[2]};
}

Result<Json> measure_gemm(const MeasuredProduct& product) {
  CAIRN_ASSIGN(auto context, tensor::Context::make());
  const double peak = tensor::measure_peak(context, product.narrow),
               rate = tensor::measure_product(context, product, 0.5);
  return Json{{"shape", fmt::format("{}x{}x{}", product.m, product.n, product.k)},
              {"type", product.narrow ? "bf16" : "f32"},
              {"product", name_of(product.transpose)},
              {"gflops", rate * 1e-9},
              {"peak_gflops", peak * 1e-9},
              {"isa", tensor::name_of(context.isa())},
              {"threads", context.threads()},
              {"profile", "c1"}};
}

std::string text_of(const BenchRow& row) {
  return fmt::format("{:<28} {:<22} {:>9.1f} {:<9} {:>4.0f} % of {:.1f}", row.name, row.shape, row.rate, row.unit,
                     100 * row.rate / row.limit, row.limit);
}

Json json_of(const BenchRow& row) {
  return {{"name", row.name}, {"shape", row.shape}, {"unit", row.unit}, {"rate", row.rate}, {"limit", row.limit}};
}

Status measure_table(const std::function<void(const BenchRow&)>& each) {
  CAIRN_ASSIGN(auto context, tensor::Context::make());
  const double peak = tensor::measure_peak(context, true) * 1e-9;
  const double float_peak = tensor::measure_peak(context, false) * 1e-9;
  const double bandwidth = tensor::measure_bandwidth(context) * 1e-9;
  const auto threads = fmt::format("{} threads", context.threads());
  each({"multiply-adds of bf16", threads, "GFLOP/s", peak, peak});
  each({"multiply-adds of f32", threads, "GFLOP/s", float_peak, float_peak});
  each({"memory, read and written", "128 MiB", "GB/s", bandwidth, bandwidth});
  double best = 0;
  for (const bool narrow : {true, false})
    for (const auto& [m, n, k] : kShapes)
      for (const Transpose transpose : {Transpose::y, Transpose::dx, Transpose::dw}) {
        const double rate = tensor::measure_product(context, {m, n, k, narrow, transpose}, kSeconds) * 1e-9;
        if (narrow) best = std::max(best, rate);
        each({fmt::format("product {} {}", narrow ? "bf16" : "f32", name_of(transpose)),
              fmt::format("{}x{}x{}", m, n, k), "GFLOP/s", rate, narrow ? peak : float_peak});
      }
  for (const tensor::OperationRate& op : tensor::measure_operations(context, kSeconds)) {
    const bool multiplies = op.flops_per_second > 0;
    each({std::string(op.name), std::string(op.shape), multiplies ? "GFLOP/s" : "GB/s",
          1e-9 * (multiplies ? op.flops_per_second : op.bytes_per_second), multiplies ? peak : bandwidth});
  }
  CAIRN_ASSIGN(const Json training, measure_training({}));
  const TrainingBench shape;
  // The limit: what the fastest product would allow, were training nothing but products of weights.
  const double rate = training["tokens_per_second"].get<double>();
  each({"training", fmt::format("{} layers of {}", shape.layers, shape.width), "tokens/s", rate,
        best * rate / training["gflops"].get<double>()});
  return {};
}

}  // namespace cairn::apps
