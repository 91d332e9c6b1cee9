#include <charconv>

#include "apps/bench_train.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "tensor/measure.h"
#include "tensor/vectors.h"

namespace cairn::apps {
namespace {

struct Options {
  std::string what = "gemm", shape = "2048x512x192";
  bool verify = false;
  TrainingBench training;
};

// "2048x512x192"
Result<tensor::Shape> parse_shape(const std::string& text) {
  std::size_t sides[3] = {};
  const char *at = text.data(), *end = at + text.size();
  for (int i = 0; i < 3; ++i) {
    const auto [next, error] = std::from_chars(at, end, sides[i]);
    const bool last = i == 2;
    if (error != std::errc{} || sides[i] < 1 || sides[i] > 65536 || (last ? next != end : next == end || *next != 'x'))
      return fail(ErrorCode::invalid, "--shape: expected MxNxK with sides from 1 to 65536, got '{}'", text);
    at = last ? next : next + 1;
  }
  return tensor::Shape{sides[0], sides[1], sides[2]};
}

Result<int> verify(const Shell& shell) {
  CAIRN_ASSIGN(auto context, tensor::Context::make_unchecked({}));
  CAIRN_TRY(tensor::verify(context));
  const auto name = tensor::name_of(context.isa());
  const std::size_t vectors = tensor::published_vectors().size();
  print(
      shell,
      fmt::format("{} on {} threads computes all {} published vectors of profile c1", name, context.threads(), vectors),
      {{"isa", name}, {"threads", context.threads()}, {"profile", "c1"}, {"vectors", vectors}, {"verified", true}});
  return 0;
}

Result<int> gemm(const Shell& shell, const std::string& text) {
  CAIRN_ASSIGN(const tensor::Shape shape, parse_shape(text));
  CAIRN_ASSIGN(auto context, tensor::Context::make());
  const double peak = tensor::measure_peak(context) * 1e-9, rate = tensor::measure_product(context, shape, 0.5) * 1e-9;
  const auto name = tensor::name_of(context.isa());
  print(shell,
        fmt::format(
            "{} on {} {}: {:.1f} GFLOP/s, {:.0f} % of the {:.1f} GFLOP/s that it reaches in registers ({}, {} threads)",
            "product", text, "in bfloat16", rate, 100 * rate / peak, peak, name, context.threads()),
        {{"shape", text},
         {"gflops", rate},
         {"peak_gflops", peak},
         {"isa", name},
         {"threads", context.threads()},
         {"profile", "c1"}});
  return 0;
}

Result<int> training(const Shell& shell, const TrainingBench& bench) {
  CAIRN_ASSIGN(const Json figures, measure_training(bench));
  print(shell,
        fmt::format("training {} weights: {:.0f} tokens/s, {:.1f} GFLOP/s, {:.0f} MB at most ({}, {} threads)",
                    figures["parameters"].get<std::size_t>(), figures["tokens_per_second"].get<double>(),
                    figures["gflops"].get<double>(), 1e-6 * figures["peak_rss_bytes"].get<double>(),
                    figures["isa"].get<std::string>(), figures["threads"].get<int>()),
        figures);
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Shell& shell) {
  CLI::App* command = app.add_subcommand("bench", "Measure the arithmetic of this machine, or verify it bit by bit");
  command->footer(
      "Example: cairn bench gemm --shape 2048x512x192 --json\n         cairn bench train --layers 6 --width 384 "
      "--json\n"
      "         cairn bench --verify");
  auto options = std::make_shared<Options>();
  command
      ->add_option("what", options->what, "What to measure: gemm, the matrix product; train, the training of a decoder")
      ->check(CLI::IsMember({"gemm", "train"}))
      ->capture_default_str();
  command->add_option("--shape", options->shape, "MxNxK: rows, columns, length of the sums")->capture_default_str();
  TrainingBench& t = options->training;
  command->add_option("--layers", t.layers, "train: layers of the decoder")->capture_default_str();
  command->add_option("--width", t.width, "train: its width")->capture_default_str();
  command->add_option("--heads", t.heads, "train: its attention heads")->capture_default_str();
  command->add_option("--hidden", t.hidden, "train: width of its feed-forward part; 0: 8/3 of the width");
  command->add_option("--vocab", t.vocab, "train: its vocabulary")->capture_default_str();
  command->add_option("--context", t.context, "train: tokens of a sequence")->capture_default_str();
  command->add_option("--batch", t.batch, "train: sequences of a step, in four grains where that divides them")
      ->capture_default_str();
  command->add_option("--steps", t.steps, "train: steps that are timed")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  command->add_flag("--verify", options->verify, "Recompute the published test vectors instead");
  on_chosen(*command, shell, [options, &shell] {
    if (options->verify) return verify(shell);
    return options->what == "train" ? training(shell, options->training) : gemm(shell, options->shape);
  });
}

}  // namespace cairn::apps
