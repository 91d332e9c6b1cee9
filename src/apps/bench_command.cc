#include "apps/bench_table.h"
#include "apps/bench_train.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "tensor/vectors.h"

namespace cairn::apps {
namespace {

struct Options {
  std::string what = "all", shape = "2048x512x192", type = "bf16", product = "y";
  bool verify = false;
  TrainingBench training;
};

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

Result<int> gemm(const Shell& shell, const Options& options) {
  CAIRN_ASSIGN(tensor::MeasuredProduct product, parse_shape(options.shape));
  product.narrow = options.type == "bf16";
  product.transpose = options.product == "y"    ? tensor::Transpose::y
                      : options.product == "dx" ? tensor::Transpose::dx
                                                : tensor::Transpose::dw;
  CAIRN_ASSIGN(const Json figures, measure_gemm(product));
  const double rate = figures["gflops"].get<double>(), peak = figures["peak_gflops"].get<double>();
  print(shell,
        fmt::format("product {} {} {}: {:.1f} GFLOP/s, {:.0f} % of the {:.1f} GFLOP/s that it reaches in registers "
                    "({}, {} threads)",
                    figures["product"].get<std::string>(), options.shape, options.type, rate, 100 * rate / peak, peak,
                    figures["isa"].get<std::string>(), figures["threads"].get<int>()),
        figures);
  return 0;
}

Result<int> table(const Shell& shell) {
  Json rows = Json::array();
  CAIRN_TRY(measure_table([&](const BenchRow& row) {
    rows.push_back(json_of(row));
    if (shell.json) return;
    fmt::print("{}\n", text_of(row));
    std::fflush(stdout);
  }));
  print(shell, "cairn bench gemm, cairn bench train: one of these at other sizes", {{"rows", rows}, {"profile", "c1"}});
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
      "Example: cairn bench\n"
      "         cairn bench gemm --shape 4096x768x768 --type bf16 --json\n"
      "         cairn bench train --layers 6 --width 384 --json\n"
      "         cairn bench --verify");
  auto options = std::make_shared<Options>();
  command
      ->add_option("what", options->what,
                   "What to measure: gemm, a matrix product; train, the training of a decoder; all, a table of both "
                   "and of the other operations, beside the machine's limits")
      ->check(CLI::IsMember({"all", "gemm", "train"}))
      ->capture_default_str();
  command->add_option("--shape", options->shape, "gemm: MxNxK: rows, columns, length of the sums")
      ->capture_default_str();
  command->add_option("--type", options->type, "gemm: of the operands")
      ->check(CLI::IsMember({"bf16", "f32"}))
      ->capture_default_str();
  command
      ->add_option("--product", options->product, "gemm: which of training's three: y = x w^T, dx = dy w, dw = dy^T x")
      ->check(CLI::IsMember({"y", "dx", "dw"}))
      ->capture_default_str();
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
  command->add_option("--optimiser", t.optimiser, "train: what moves the weights")
      ->check(CLI::IsMember({"adamw", "muon"}))
      ->capture_default_str();
  command->add_option("--state-bits", t.state_bits, "train: of each number that the optimiser keeps")
      ->check(CLI::IsMember({8, 32}))
      ->capture_default_str();
  command
      ->add_option("--pass-mib", t.pass_mib,
                   "train: MiB for activations; where they do not fit, blocks are computed again on the way back")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_flag("--verify", options->verify, "Recompute the published test vectors instead");
  on_chosen(*command, shell, [options, &shell] {
    if (options->verify) return verify(shell);
    if (options->what == "all") return table(shell);
    return options->what == "train" ? training(shell, options->training) : gemm(shell, *options);
  });
}

}  // namespace cairn::apps
