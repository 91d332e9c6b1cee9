// The step `evaluate`: what a model can do, measured, as a report asset that descends from the model and from what it
// was measured on. Bias by minimal pairs is in evaluate_bias.h. Blocking; the Context's threads are its own while it
// runs.
#pragma once

#include <functional>

#include "base/result.h"
#include "eval/bits_per_byte.h"
#include "guard/guard.h"
#include "tensor/context.h"

namespace cairn::work {

struct BitsEvaluated {
  AssetId report;
  eval::BitsReport model;
  double order3_bits_per_byte = 0;  // order-3 byte model trained on the same training text
  double xz9_bits_per_byte = 0;     // `xz -9` over the held-out text in one file
};

// The model over the corpus's held-out text, beside the order-3 byte model and xz on the same text.
// The whole held-out text is scored. Errors: the guard's, the readers'; interrupted.
Result<BitsEvaluated> evaluate_bits(guard::Guard& guard, tensor::Context& context, const AssetId& model,
                                    const AssetId& tokenizer, const AssetId& corpus,
                                    const std::function<bool()>& cancelled = {});

}  // namespace cairn::work
