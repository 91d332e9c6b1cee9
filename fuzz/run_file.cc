// A training run's file, from which it goes on.
#include "train/run_file.h"

#include "fuzz/target.h"
#include "train/run_testing.h"

namespace cairn::fuzz {

std::vector<Bytes> examples() {
  std::vector<Bytes> out;
  for (const train::Algorithm algorithm : {train::Algorithm::adamw, train::Algorithm::muon})
    for (const std::uint32_t bits : {8U, 32U}) {
      train::RunSettings settings = train::testing_run::tiny_settings();
      settings.algorithm = algorithm;
      settings.state_bits = bits;
      out.push_back(train::testing_run::file_after(settings, 2));
    }
  return out;
}

void consume(ByteView bytes) {
  static tensor::Context context = train::testing_run::one_thread();
  static const auto tokens = train::testing_run::text_of(400);
  auto run = train::TrainingRun::resume(context, bytes, tokens);
  if (run && !run->finished()) (void)run->step();  // what was accepted can be gone on with
}

}  // namespace cairn::fuzz
