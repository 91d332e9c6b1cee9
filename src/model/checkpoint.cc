#include "model/checkpoint.h"

#include "model/safetensors.h"

namespace cairn::model {
namespace {

constexpr const char* kFormat = "cairn.checkpoint.1";

Metadata metadata_of(const ModelConfig& config) {
  return {{"format", kFormat}, {"config", to_json(config)}};
}

std::vector<NamedTensor> tensors_of(const Model& model) {
  std::vector<NamedTensor> tensors;
  for (const Parameter& p : model.parameters()) tensors.push_back({p.name, p.shape, model.tensor(p)});
  return tensors;
}

}  // namespace

Bytes encode(const Model& model) {
  return write_safetensors(metadata_of(model.config()), tensors_of(model));
}

Digest digest_of(const Model& model) {
  return safetensors_digest(metadata_of(model.config()), tensors_of(model));
}

Result<Model> decode(ByteView file) {
  CAIRN_ASSIGN(const Metadata metadata, read_metadata(file));
  const auto format = metadata.find("format");
  const auto settings = metadata.find("config");
  if (format == metadata.end() || settings == metadata.end()) {
    return fail_with_hint(
        ErrorCode::malformed,
        "checkpoint: the metadata has no \"format\" and \"config\", so the architecture is not stated",
        "Cairn never infers an architecture from tensors: this file was not written by Cairn");
  }
  if (format->second != kFormat) {
    return fail(ErrorCode::unsupported, "checkpoint: format '{}', expected '{}'", format->second.substr(0, 64),
                kFormat);
  }
  CAIRN_ASSIGN(const ModelConfig config, config_from_json(settings->second));
  // Before anything of the configuration's size is allocated: the file must be large enough to hold it.
  if (parameter_count(config) > file.size() / sizeof(float)) {
    return fail(ErrorCode::malformed,
                "checkpoint: the configuration has {} weights, a file of {} bytes cannot hold them",
                parameter_count(config), file.size());
  }
  CAIRN_ASSIGN(Model model, Model::make(config));
  std::vector<ExpectedTensor> expected;
  for (const Parameter& p : model.parameters()) {
    expected.push_back({p.name, p.shape, model.weights().subspan(p.offset, p.count)});
  }
  CAIRN_TRY(read_safetensors(file, metadata_of(config), expected));
  return model;
}

}  // namespace cairn::model
