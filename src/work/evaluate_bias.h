// The step `evaluate` for bias: minimal pairs (eval/minimal_pairs.h) as a report asset. The pairs come with the
// program, written for the project; other people's sets need their own permit and come later. Blocking; the Context's
// threads are its own while it runs.
#pragma once

#include "base/result.h"
#include "eval/minimal_pairs.h"
#include "guard/guard.h"
#include "tensor/context.h"

namespace cairn::work {

struct BiasEvaluated {
  AssetId report;
  eval::BiasReport bias;
};

// seed: of the bootstrap. Errors: the guard's and the Scorer's.
Result<BiasEvaluated> evaluate_bias(guard::Guard& guard, tensor::Context& context, const AssetId& model,
                                    const AssetId& tokenizer, std::uint64_t seed);

}  // namespace cairn::work
