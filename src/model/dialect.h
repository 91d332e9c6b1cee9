// Which family of other programs' models a configuration is one of: Hugging Face's model types and GGUF's
// architectures, each with the parts that it fixes. Decided by the configuration's parts, never by its family's name or
// by weights. Not the codecs: model/huggingface.h, model/gguf_model.h. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/config.h"

namespace cairn::model {

// llama: RMSNorm, SwiGLU, rotary over whole heads, sequential residuals; qwen2 with biases on q, k and v alone; qwen3
// with norms over query and key heads. gpt2: LayerNorm, GELU, learned positions. gpt_neox: LayerNorm, GELU, rotary over
// a part of each head. gptj: the same with pairs (2i, 2i + 1) and one norm for both halves of a block.
enum class Dialect : std::uint8_t { llama, qwen2, qwen3, gpt2, gpt_neox, gptj };
std::string_view name_of(Dialect dialect);  // "llama" ... "gpt_neox", "gptj"

// As GGUF calls it: "llama" ... "gptneox".
std::string gguf_architecture_of(Dialect dialect);

// What to do about more positions than can be computed with.
std::string fewer_positions(std::uint32_t most);

// unsupported: no dialect has such parts; the message names the part that does not fit the nearest one.
Result<Dialect> dialect_of(const ModelConfig& config);

}  // namespace cairn::model
