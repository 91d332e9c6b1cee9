#include "model/huggingface.h"

#include <algorithm>
#include <optional>

#include "model/huggingface_tensors.h"

namespace cairn::model {
namespace {

std::optional<ElementType> element_type(std::string_view name) {
  for (const ElementType type : {ElementType::f32, ElementType::f16, ElementType::bf16}) {
    if (name_of(type) == name) return type;
  }
  return std::nullopt;
}

constexpr std::string_view kHeads[] = {"lm_head.weight", "embed_out.weight"};

// A tied head is the embedding; files that hold it a second time must hold the same.
Status check_tied_head(std::span<const FileTensor> tensors, std::string_view embedding, std::string_view head) {
  const auto named = [&](std::string_view name) { return std::ranges::find(tensors, name, &FileTensor::name); };
  const auto a = named(embedding), b = named(head);
  if (a == tensors.end() || b == tensors.end()) return {};
  if (a->type == b->type && a->shape == b->shape && std::ranges::equal(a->bytes, b->bytes)) return {};
  return fail(ErrorCode::malformed,
              "safetensors: config.json ties the head to the embedding, but tensor '{}' differs from '{}'", head,
              embedding);
}

}  // namespace

Result<Model> model_from_huggingface(std::string_view config_json, std::span<const FileTensor> tensors,
                                     const std::function<void(double share)>& progress, std::uint32_t most_context) {
  CAIRN_ASSIGN(const ModelConfig config, config_from_huggingface(config_json, most_context));
  CAIRN_ASSIGN(const Dialect dialect, dialect_of(config));
  const bool prefixed =
      std::ranges::any_of(tensors, [](const FileTensor& tensor) { return tensor.name.starts_with("transformer."); });
  CAIRN_ASSIGN(const std::vector<ForeignTensor> expected, huggingface_tensors(config, prefixed));
  if (config.tied_embeddings) {
    for (const std::string_view head : kHeads) CAIRN_TRY(check_tied_head(tensors, expected.front().name, head));
  }
  const auto harmless = [&](std::string_view name) {
    return is_harmless_buffer(dialect, name) ||
           (config.tied_embeddings && std::ranges::find(kHeads, name) != std::end(kHeads));
  };
  std::vector<StoredTensor> stored;
  for (const FileTensor& tensor : tensors) {
    const auto type = element_type(tensor.type);
    if (!type && harmless(tensor.name)) continue;
    if (!type) {
      return fail(ErrorCode::unsupported, "safetensors: tensor '{}' has elements of type {}, expected F32, F16 or BF16",
                  tensor.name.substr(0, 128), tensor.type);
    }
    stored.push_back({.name = tensor.name, .shape = tensor.shape, .type = *type, .bytes = tensor.bytes});
  }
  CAIRN_ASSIGN(const auto matched, match_foreign("safetensors", stored, expected, harmless));
  CAIRN_ASSIGN(Model model, Model::make(config));
  const auto told = [&](std::size_t done) {
    if (progress) progress(static_cast<double>(done) / static_cast<double>(expected.size()));
  };
  CAIRN_TRY(read_foreign("safetensors", matched, expected, model, told));
  return model;
}

namespace {

PlannedFile text_file(std::string name, const std::string& text) {
  return {.name = std::move(name), .head = to_bytes(text), .tensors = {}, .bytes = text.size()};
}

void add_header(PlannedFile& file) {
  std::vector<TensorEntry> entries;
  std::uint64_t data = 0;
  for (const PlannedTensor& planned : file.tensors) {
    const std::uint64_t bytes = planned.tensor.count() * (planned.type == ElementType::f32 ? 4 : 2);
    entries.push_back({.name = planned.tensor.name, .shape = planned.tensor.shape, .bytes = bytes});
    data += bytes;
  }
  const ElementType type = file.tensors.empty() ? ElementType::f32 : file.tensors.front().type;
  file.head = to_bytes(tensor_file_header(entries, name_of(type)));
  file.bytes = file.head.size() + data;
}

}  // namespace

Result<std::vector<PlannedFile>> plan_huggingface(const ModelConfig& config, const HuggingFaceExtras& extras,
                                                  std::uint64_t shard_bytes) {
  if (extras.type != ElementType::f32 && extras.type != ElementType::bf16) {
    return fail(ErrorCode::invalid, "Hugging Face's files are written in F32 or BF16, not in {}", name_of(extras.type));
  }
  CAIRN_ASSIGN(const std::string config_json, config_to_huggingface(config, extras));
  CAIRN_ASSIGN(std::vector<ForeignTensor> tensors, huggingface_tensors(config));
  std::vector<PlannedFile> shards(1);
  std::uint64_t total = 0, in_shard = 0;
  for (ForeignTensor& tensor : tensors) {
    const std::uint64_t bytes = tensor.count() * (extras.type == ElementType::f32 ? 4 : 2);
    if (in_shard > 0 && in_shard + bytes > shard_bytes) {
      shards.emplace_back();
      in_shard = 0;
    }
    in_shard += bytes;
    total += bytes;
    shards.back().tensors.push_back({.tensor = std::move(tensor), .type = extras.type});
  }
  std::vector<PlannedFile> out = {text_file("config.json", config_json)};
  TensorIndex index;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    shards[i].name = shards.size() == 1 ? std::string(kWeightsFile)
                                        : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    add_header(shards[i]);
    for (const PlannedTensor& planned : shards[i].tensors) index[planned.tensor.name] = shards[i].name;
  }
  if (shards.size() > 1) out.push_back(text_file(std::string(kIndexFile), tensor_index_json(index, total)));
  for (PlannedFile& shard : shards) out.push_back(std::move(shard));
  return out;
}

}  // namespace cairn::model
