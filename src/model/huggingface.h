// Models as Hugging Face's transformers keep them: config.json and safetensors files, in and out
// (docs/formats/interchange.md). Not GGUF (model/gguf_model.h), not the tokenizer (text/). Pure functions over bytes;
// what they read is hostile.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/export.h"
#include "model/huggingface_config.h"
#include "model/model.h"
#include "model/tensor_file.h"

namespace cairn::model {

// The model of config.json with the weights of the files' tensors: F32, F16 and BF16 are read, each value as it is.
// Errors as config_from_huggingface() and match_foreign(); malformed also: a tied head that is there and is not the
// embedding. unsupported also: weights of another element type.
Result<Model> model_from_huggingface(std::string_view config, std::span<const FileTensor> tensors,
                                     const std::function<void(double share)>& progress = {},
                                     std::uint32_t most_context = 0);

// Larger files are cut into several, as the hub does.
inline constexpr std::uint64_t kShardBytes = 5'000'000'000;

// config.json, the safetensors file or files, and their index where there are several. `extras.type` is f32 or bf16;
// vectors are of that type too. unsupported: as dialect_of(); invalid: another element type.
Result<std::vector<PlannedFile>> plan_huggingface(const ModelConfig& config, const HuggingFaceExtras& extras,
                                                  std::uint64_t shard_bytes = kShardBytes);

}  // namespace cairn::model
