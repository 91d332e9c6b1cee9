#include "apps/bench_table.h"
#include "apps/bench_train.h"
#include "apps/command.h"
#include "apps/commands.h"
#include "tensor/vectors.h"

namespace cairn::apps {
namespace {

struct Product {
  std::string shape = "2048x512x192", type = "bf16", transpose = "y";
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

Result<int> gemm(const Shell& shell, const Product& asked) {
  CAIRN_ASSIGN(tensor::MeasuredProduct product, parse_shape(asked.shape));
  product.narrow = asked.type == "bf16";
  product.transpose = asked.transpose == "y"    ? tensor::Transpose::y
                      : asked.transpose == "dx" ? tensor::Transpose::dx
                                                : tensor::Transpose::dw;
  CAIRN_ASSIGN(const Json figures, measure_gemm(product));
  const double rate = figures["gflops"].get<double>(), peak = figures["peak_gflops"].get<double>();
  print(shell,
        fmt::format("product {} {} {}: {:.1f} GFLOP/s, {:.0f} % of the {:.1f} GFLOP/s that it reaches in registers "
                    "({}, {} threads)",
                    figures["product"].get<std::string>(), asked.shape, asked.type, rate, 100 * rate / peak, peak,
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

void add_gemm(CLI::App& bench, Shell& shell) {
  CLI::App* command = bench.add_subcommand("gemm", "One matrix product");
  command->footer("Example: cairn bench gemm --shape 4096x768x768 --type bf16 --product dw --json");
  const auto product = std::make_shared<Product>();
  command->add_option("--shape", product->shape, "MxNxK: rows, columns, length of the sums")->capture_default_str();
  command->add_option("--type", product->type, "Of the operands")
      ->check(CLI::IsMember({"bf16", "f32"}))
      ->capture_default_str();
  command->add_option("--product", product->transpose, "Which of training's three: y = x w^T, dx = dy w, dw = dy^T x")
      ->check(CLI::IsMember({"y", "dx", "dw"}))
      ->capture_default_str();
  on_chosen(*command, shell, [product, &shell] { return gemm(shell, *product); });
}

void add_training(CLI::App& bench, Shell& shell) {
  CLI::App* command = bench.add_subcommand("train", "Training of a decoder on random tokens");
  command->footer(
      "Example: cairn bench train --layers 6 --width 384 --heads 6 --vocab 8192 --context 256 --batch 8 --steps 5 "
      "--json");
  const auto options = std::make_shared<TrainingBench>();
  TrainingBench& t = *options;
  command->add_option("--layers", t.layers, "Layers of the decoder")->capture_default_str();
  command->add_option("--width", t.width, "Its width")->capture_default_str();
  command->add_option("--heads", t.heads, "Its attention heads")->capture_default_str();
  command->add_option("--hidden", t.hidden, "Width of its feed-forward part; 0: 8/3 of the width")
      ->capture_default_str();
  command->add_option("--vocab", t.vocab, "Its vocabulary")->capture_default_str();
  command->add_option("--context", t.context, "Tokens of a sequence")->capture_default_str();
  command->add_option("--batch", t.batch, "Sequences of a step, in four grains where that divides them")
      ->capture_default_str();
  command->add_option("--steps", t.steps, "Steps that are timed")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  command->add_option("--optimiser", t.optimiser, "What moves the weights")
      ->check(CLI::IsMember({"adamw", "muon"}))
      ->capture_default_str();
  command->add_option("--state-bits", t.state_bits, "Of each number that the optimiser keeps")
      ->check(CLI::IsMember({8, 32}))
      ->capture_default_str();
  command
      ->add_option("--pass-mib", t.pass_mib,
                   "MiB for activations; where they do not fit, blocks are computed again on the way back")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  on_chosen(*command, shell, [options, &shell] { return training(shell, *options); });
}

}  // namespace

void add_bench(CLI::App& app, Shell& shell) {
  CLI::App* command = app.add_subcommand("bench", "Measure the arithmetic of this machine, or verify it bit by bit");
  command->footer(
      "Without more, a table of products, training and the other operations, each beside the limit that this machine\n"
      "sets it with the instructions in use; about a minute.\n"
      "Example: cairn bench\n"
      "         cairn bench gemm --shape 4096x768x768 --type bf16 --json\n"
      "         cairn bench train --layers 6 --width 384 --json\n"
      "         cairn bench --verify");
  const auto verified = std::make_shared<bool>(false);
  CLI::Option* flag = command->add_flag("--verify", *verified, "Recompute the published test vectors instead");
  command->require_subcommand(0, 1);
  add_gemm(*command, shell);
  add_training(*command, shell);
  for (CLI::App* part : command->get_subcommands({})) part->excludes(flag);
  on_chosen(*command, shell, [command, verified, &shell]() -> Result<int> {
    if (!command->get_subcommands().empty()) return shell.exit_code;
    return *verified ? verify(shell) : table(shell);
  });
}

}  // namespace cairn::apps
