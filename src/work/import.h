// The step `import`: a model of other programs becomes a model of the site, under the permit that was declared for it.
// A folder with config.json and safetensors, or a GGUF file; with the tokenizer, where it is one that Cairn has.
// Nothing is fetched and nothing guessed. Blocking; one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "guard/guard.h"
#include "model/config.h"

namespace cairn::work {

struct Imported {
  AssetId model;
  std::optional<AssetId> tokenizer;
  std::string without_tokenizer;  // why there is none
  std::string source;             // "huggingface" or "gguf"
  model::ModelConfig config;
  std::uint64_t parameters = 0;
  Digest digest;
};

// The assets are roots, as what `cairn add` takes in: the same again is the same asset, what was withdrawn stays so.
// The model's properties name its tokenizer. Errors: those of model_from_huggingface(), model_from_gguf() and
// commit_root(); invalid: a path that is neither; not_found, malformed with the file that is at fault.
// most_context: the model's context is at most that, which makes models exact here whose attention or positions differ
// beyond it; 0: all of it.
Result<Imported> import_model(guard::Guard& guard, const std::filesystem::path& path, const std::string& name,
                              const guard::Declared& declared, const Env& env, std::uint32_t most_context = 0);

}  // namespace cairn::work
