// The step `export`: a model of the site as a file or folder that other programs read, with its tokenizer and with the
// permit beside it. The guard is asked for `share`; nothing is stored in the site but the verdict in its log.
// Blocking; one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "guard/guard.h"
#include "model/elements.h"

namespace cairn::work {

enum class ExportFormat { huggingface, gguf };

struct ExportRequest {
  AssetId model;
  std::optional<AssetId> tokenizer;  // to go with it
  ExportFormat format = ExportFormat::huggingface;
  model::ElementType type = model::ElementType::f32;
  std::filesystem::path to;       // a folder or a file that is not there yet
  std::uint64_t shard_bytes = 0;  // of a safetensors file at most; 0: the hub's limit
  permit::Use use;                // action `share`
};

struct Exported {
  std::vector<std::string> files;  // their names
  std::uint64_t bytes = 0;
  std::vector<permit::Duty> duties;  // owed by whoever shares it
};

// denied, unknown: the permit of the model or the tokenizer, for this use. unsupported: no such format for these parts.
// invalid: a weight that the type cannot hold, a tokenizer of more tokens than the model, something at `to` already.
// interrupted: `cancelled` said so; nothing is left at `to`, as after every error.
Result<Exported> export_model(guard::Guard& guard, const ExportRequest& request, const Env& env,
                              const std::function<bool()>& cancelled = {});

}  // namespace cairn::work
