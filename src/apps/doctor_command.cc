#include "apps/command.h"
#include "apps/commands.h"
#include "tensor/measure.h"
#include "tensor/vectors.h"

namespace cairn::apps {
namespace {

// Each instruction set with whether it computes the published vectors here, and its rate. The first failure becomes the
// exit code.
Result<int> examine(const Shell& shell) {
  Json sets = Json::array();
  std::string text;
  Status first_failure;
  for (const tensor::Isa isa : tensor::available_isas()) {
    CAIRN_ASSIGN(auto context, tensor::Context::make_unchecked({.isa = isa}));
    const Status verified = tensor::verify(context);
    const double peak = tensor::measure_peak(context, true) * 1e-9;
    if (!verified && first_failure) first_failure = verified;
    sets.push_back({{"isa", tensor::name_of(isa)},
                    {"threads", context.threads()},
                    {"verified", verified.has_value()},
                    {"peak_gflops", peak}});
    text += fmt::format("  {:<11} {} threads, {:8.1f} GFLOP/s  {}\n", tensor::name_of(isa), context.threads(), peak,
                        verified ? "computes profile c1 to the bit" : verified.error().message);
  }
  CAIRN_ASSIGN(const auto chosen, tensor::Context::make());
  text = fmt::format("instruction sets of this processor (CAIRN_ISA chooses, {} is used):\n{}",
                     tensor::name_of(chosen.isa()), text);
  if (!first_failure) return fail(std::move(first_failure).error());
  print(shell, text.substr(0, text.size() - 1), {{"isa", tensor::name_of(chosen.isa())}, {"instruction_sets", sets}});
  return 0;
}

}  // namespace

void add_doctor(CLI::App& app, Shell& shell) {
  CLI::App* command = app.add_subcommand("doctor", "Examine what this machine can do, and whether it computes rightly");
  command->footer("Example: cairn doctor");
  on_chosen(*command, shell, [&shell] { return examine(shell); });
}

}  // namespace cairn::apps
