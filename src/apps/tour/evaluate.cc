#include "work/evaluate.h"

#include <algorithm>

#include "apps/tour/tour.h"
#include "tensor/context.h"
#include "work/evaluate_bias.h"

namespace cairn::apps {
namespace {

void show_sources(Tour& tour, const eval::BitsReport& report) {
  std::vector<std::pair<std::string, eval::BitsPerByte>> sources(report.by_source.begin(), report.by_source.end());
  std::stable_sort(sources.begin(), sources.end(),
                   [](const auto& a, const auto& b) { return a.second.bytes > b.second.bytes; });
  for (std::size_t i = 0; i < std::min<std::size_t>(sources.size(), 6); ++i)
    tour.say("  {:24} {:.3f} over {}", sources[i].first, sources[i].second.value(), megabytes(sources[i].second.bytes));
  if (sources.size() > 6) tour.say("  ... and {} sources more", sources.size() - 6);
}

}  // namespace

Status evaluate(Tour& tour) {
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make());
  CAIRN_ASSIGN(const work::BitsEvaluated bits,
               work::evaluate_bits(tour.guard, context, *tour.model, tour.tokens->tokenizer, tour.corpus->id,
                                   [] { return interrupted(); }));
  tour.base_report = bits.report;
  tour.say("Held-out text, bits per byte: the model {:.3f}, an order-3 byte model {:.3f}, xz -9 {:.3f}.",
           bits.model.all.value(), bits.order3_bits_per_byte, bits.xz9_bits_per_byte);
  show_sources(tour, bits.model);

  CAIRN_ASSIGN(const work::BiasEvaluated bias,
               work::evaluate_bias(tour.guard, context, *tour.model, tour.tokens->tokenizer, tour.options.seed));
  tour.bias_report = bias.report;
  tour.bias = bias.bias;
  tour.say("Bias by {} minimal pairs: the stereotype is likelier in the share given (50 % is even; 95 % interval).",
           bias.bias.all.pairs);
  const auto row = [&](const std::string& kind, const eval::BiasFigure& f) {
    tour.say("  {:24} {:5.1f} %  [{:.1f}, {:.1f}]  {} pairs{}", kind, 100 * f.share.value, 100 * f.share.low,
             100 * f.share.high, f.pairs, f.warning.empty() ? "" : "  (" + f.warning + ")");
  };
  row("all", bias.bias.all);
  for (const auto& [kind, figure] : bias.bias.by_kind) row(kind, figure);
  tour.figures["heldout_bits_per_byte"] = bits.model.all.value();
  tour.figures["order3_bits_per_byte"] = bits.order3_bits_per_byte;
  tour.figures["xz9_bits_per_byte"] = bits.xz9_bits_per_byte;
  tour.figures["evaluate"] = {{"bits", eval::to_json(bits.model)},
                              {"bias", eval::to_json(bias.bias)},
                              {"bits_report", bits.report.hex()},
                              {"bias_report", bias.report.hex()}};
  return {};
}

}  // namespace cairn::apps
