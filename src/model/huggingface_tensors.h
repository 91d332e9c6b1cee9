// The names and shapes that Hugging Face's model classes give a model's tensors, with GPT-2's transposed and fused
// matrices and GPT-NeoX's q, k and v of each head together. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/dialect.h"
#include "model/foreign.h"

namespace cairn::model {

// Every tensor that such a model has, in the order in which the network uses them; a tied head is none. `prefixed`:
// GPT-2's names begin with "transformer.", as its classes with a head write them; the base model's class leaves that
// out. unsupported: as dialect_of().
Result<std::vector<ForeignTensor>> huggingface_tensors(const ModelConfig& config, bool prefixed = true);

// Tensors that files of this dialect may have beside those and that no weight depends on: causal masks, rotary
// frequencies (which the configuration fixes).
bool is_harmless_buffer(Dialect dialect, std::string_view name);

}  // namespace cairn::model
