#include "infer/weights.h"

#include <new>

namespace cairn::infer {

Result<std::shared_ptr<const Weights>> Weights::make(tensor::Context& context, const model::Model& model,
                                                     const model::LowRank* module) {
  if (!model.config().causal)
    return fail(ErrorCode::unsupported, "session: the model looks ahead (it is an encoder): it predicts no next token");
  if (module && module->config() != model.config()) {
    return fail(ErrorCode::invalid, "session: the module changes another architecture than the model's");
  }
  try {
    return std::shared_ptr<const Weights>(new Weights(context, model, module));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "session: not enough memory for a model of {} weights", model.weights().size());
  }
}

}  // namespace cairn::infer
