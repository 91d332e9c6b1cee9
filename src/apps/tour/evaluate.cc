#include "work/evaluate.h"

#include "apps/step_text.h"
#include "apps/tour/tour.h"
#include "tensor/context.h"
#include "work/evaluate_bias.h"

namespace cairn::apps {

Status evaluate(Tour& tour) {
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make());
  CAIRN_ASSIGN(const work::BitsEvaluated bits,
               work::evaluate_bits(tour.guard, context, *tour.model, tour.tokens->tokenizer, tour.corpus->id,
                                   [] { return interrupted(); }));
  tour.say_lines(text_of(bits));
  CAIRN_ASSIGN(const work::BiasEvaluated bias,
               work::evaluate_bias(tour.guard, context, *tour.model, tour.tokens->tokenizer, tour.options.seed));
  tour.say_lines(text_of(bias));
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
