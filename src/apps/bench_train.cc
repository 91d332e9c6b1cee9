#include "apps/bench_train.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "tensor/random.h"
#include "train/unit.h"

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

train::UnitSettings settings_of(const TrainingBench& bench) {
  train::UnitSettings settings;
  settings.steps = settings.stretch = bench.steps + 1;  // the first warms up
  settings.sequences = bench.batch;
  settings.grain = std::max(1U, bench.batch / 4);
  while (settings.sequences % settings.grain != 0) --settings.grain;
  settings.context = bench.context;
  settings.warmup_steps = 1;
  settings.total_steps = settings.steps + 1;
  return settings;
}

}  // namespace

Result<Json> measure_training(const TrainingBench& bench) {
  CAIRN_ASSIGN(const model::ModelConfig config, config_of(bench));
  const train::UnitSettings settings = settings_of(bench);
  CAIRN_ASSIGN(auto context, tensor::Context::make());
  CAIRN_ASSIGN(model::Model model, model::Model::initialise(config, 1));
  const std::size_t parameters = model.weights().size();
  std::vector<std::uint16_t> tokens(std::size_t{settings.steps} * bench.batch * bench.context + 1);
  std::vector<float> noise(tokens.size());
  tensor::fill_normal({.key = 1, .stream = 0}, 0, 1.0F, noise);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<std::uint16_t>(static_cast<std::uint32_t>(std::abs(noise[i]) * 1e6F) % config.vocabulary);

  std::vector<std::chrono::steady_clock::time_point> ends;
  const train::Watch watch{
      .progress = [&](const train::StepReport&) { ends.push_back(std::chrono::steady_clock::now()); }, .cancelled = {}};
  CAIRN_TRY(train::run_unit(context, {std::move(model), {}}, tokens, settings, {}, watch));
  std::vector<double> seconds;
  for (std::size_t i = 1; i < ends.size(); ++i)
    seconds.push_back(std::chrono::duration<double>(ends[i] - ends[i - 1]).count());
  // The last interval holds the hash of the state too; the median passes it by.
  std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
  const double rate = static_cast<double>(bench.batch) * bench.context / seconds[seconds.size() / 2];
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return Json{{"tokens_per_second", rate},
              {"gflops", 6e-9 * static_cast<double>(parameters) * rate},
              {"parameters", parameters},
              {"peak_rss_bytes", std::uint64_t{1024} * static_cast<std::uint64_t>(usage.ru_maxrss)},
              {"grain", settings.grain},
              {"isa", tensor::name_of(context.isa())},
              {"threads", context.threads()},
              {"profile", "c1"}};
}

}  // namespace cairn::apps
