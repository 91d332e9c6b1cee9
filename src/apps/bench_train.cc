#include "apps/bench_train.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "tensor/random.h"
#include "train/run.h"

namespace cairn::apps {
namespace {

Result<model::ModelConfig> config_of(const TrainingBench& bench) {
  model::ModelConfig config;
  config.vocabulary = bench.vocab;
  config.width = bench.width;
  config.layers = bench.layers;
  config.heads = config.kv_heads = bench.heads;
  // SwiGLU's usual two thirds of four times the width, in whole cache lines.
  config.hidden = bench.hidden > 0 ? bench.hidden : (bench.width * 8 / 3 + 63) / 64 * 64;
  config.context = bench.context;
  CAIRN_TRY(model::check(config));
  return config;
}

train::RunSettings settings_of(const TrainingBench& bench) {
  train::RunSettings settings;
  settings.steps = bench.steps + 1;  // the first warms up
  settings.sequences = bench.batch;
  settings.grain = std::max(1U, bench.batch / 4);
  while (settings.sequences % settings.grain != 0) --settings.grain;
  settings.context = bench.context;
  settings.warmup_steps = 1;
  settings.algorithm = bench.optimiser == "muon" ? train::Algorithm::muon : train::Algorithm::adamw;
  settings.state_bits = bench.state_bits;
  return settings;
}

std::vector<std::uint16_t> random_tokens(std::size_t count, std::uint32_t vocabulary) {
  std::vector<std::uint16_t> tokens(count);
  for (std::size_t i = 0; i < count; ++i)
    tokens[i] = static_cast<std::uint16_t>(tensor::random_below({.key = 1, .stream = 0}, i, vocabulary));
  return tokens;
}

}  // namespace

Result<Json> measure_training(const TrainingBench& bench) {
  CAIRN_ASSIGN(const model::ModelConfig config, config_of(bench));
  const train::RunSettings settings = settings_of(bench);
  CAIRN_TRY(train::check(settings, config));
  CAIRN_ASSIGN(auto context, tensor::Context::make());
  CAIRN_ASSIGN(model::Model model, model::Model::initialise(config, 1));
  const std::size_t parameters = model.weights().size();
  const std::size_t texts = std::min(settings.steps, 8U);  // of a step each; more steps read them again
  const auto tokens = random_tokens(texts * bench.batch * bench.context + 1, config.vocabulary);
  CAIRN_ASSIGN(auto run, train::TrainingRun::begin(context, std::move(model), tokens, settings,
                                                   std::uint64_t{bench.pass_mib} << 20));
  std::vector<double> seconds;
  while (!run.finished()) {
    const auto begun = std::chrono::steady_clock::now();
    CAIRN_TRY(run.step());
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  std::sort(seconds.begin() + 1, seconds.end());
  const double rate = static_cast<double>(bench.batch) * bench.context / seconds[1 + (seconds.size() - 1) / 2];
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return Json{{"tokens_per_second", rate},
              {"gflops", 6e-9 * static_cast<double>(parameters) * rate},
              {"parameters", parameters},
              {"peak_rss_bytes", std::uint64_t{1024} * static_cast<std::uint64_t>(usage.ru_maxrss)},
              {"grain", settings.grain},
              {"optimiser", bench.optimiser},
              {"state_bits", bench.state_bits},
              {"isa", tensor::name_of(context.isa())},
              {"threads", context.threads()},
              {"profile", "c1"}};
}

}  // namespace cairn::apps
