// Hugging Face's config.json to a configuration and back, for the model types llama, mistral, qwen2, qwen3, gpt2,
// gpt_neox and gptj. What decides is the file: a key that it leaves out has the value that the type's own configuration
// class gives it, sizes must be there. Not the tensors: model/huggingface_tensors.h. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/config.h"
#include "model/elements.h"

namespace cairn::model {

// malformed: not JSON, a size that is missing, a key of another type. unsupported: another model type, or one of these
// with a part that Cairn does not compute, named with its value: rotary positions scaled otherwise than "linear" and
// "llama3", a sliding window shorter than the context, experts, another activation, quantised weights, code of the
// model's own. invalid: as check(). most_context: the context is at most that, however many positions the model has; 0:
// all of them; unsupported where positions are weights.
Result<ModelConfig> config_from_huggingface(std::string_view json, std::uint32_t most_context = 0);

// What the file also says; tokens of -1 are left out.
struct HuggingFaceExtras {
  ElementType type = ElementType::f32;  // f32 or bf16
  std::int64_t begin_token = -1, end_token = -1;
};
// The configuration of the nearest model type, indented. unsupported: as dialect_of().
Result<std::string> config_to_huggingface(const ModelConfig& config, const HuggingFaceExtras& extras);

}  // namespace cairn::model
