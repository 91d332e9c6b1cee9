#include "model/checkpoint.h"

#include "model/safetensors.h"

namespace cairn::model {
namespace {

constexpr const char* kFormat = "cairn.checkpoint.1";
constexpr const char* kAnnexedFormat = "cairn.training-checkpoint.1";

Metadata metadata_of(const ModelConfig& config, const char* form) {
  return {{"format", form}, {"config", to_json(config)}};
}

std::vector<NamedTensor> tensors_of(const Model& model) {
  std::vector<NamedTensor> tensors;
  for (const Parameter& p : model.parameters()) tensors.push_back({p.name, p.shape, model.tensor(p)});
  return tensors;
}

std::vector<NamedTensor> tensors_of(const Model& model, const NamedTensor& annex) {
  std::vector<NamedTensor> tensors = tensors_of(model);
  tensors.push_back(annex);
  return tensors;
}

Result<Model> decode_as(ByteView file, const char* form, const std::function<ExpectedTensor(const Model&)>& expect) {
  CAIRN_ASSIGN(const Metadata metadata, read_metadata(file));
  const auto format = metadata.find("format");
  const auto settings = metadata.find("config");
  if (format == metadata.end() || settings == metadata.end()) {
    return fail_with_hint(
        ErrorCode::malformed,
        "checkpoint: the metadata has no \"format\" and \"config\", so the architecture is not stated",
        "Cairn never infers an architecture from tensors: this file was not written by Cairn");
  }
  if (format->second != form) {
    return fail_with_hint(
        ErrorCode::unsupported,
        fmt::format("checkpoint: format '{}', expected '{}'", format->second.substr(0, 64), form),
        format->second == kAnnexedFormat ? "this is the checkpoint of a run under way: take the model of its end" : "");
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
  if (expect) expected.push_back(expect(model));
  CAIRN_TRY(read_safetensors(file, metadata_of(config, form), expected));
  return model;
}

}  // namespace

Bytes encode(const Model& model) {
  return write_safetensors(metadata_of(model.config(), kFormat), tensors_of(model));
}

Bytes encode(const Model& model, const NamedTensor& annex) {
  return write_safetensors(metadata_of(model.config(), kAnnexedFormat), tensors_of(model, annex));
}

FileParts encode_parts(const Model& model) {
  return safetensors_parts(metadata_of(model.config(), kFormat), tensors_of(model));
}

Digest digest_of(const Model& model) {
  return sha256(encode_parts(model).bytes());
}

Digest digest_of(const Model& model, const NamedTensor& annex) {
  return sha256(safetensors_parts(metadata_of(model.config(), kAnnexedFormat), tensors_of(model, annex)).bytes());
}

Result<bool> is_annexed(ByteView file) {
  CAIRN_ASSIGN(const Metadata metadata, read_metadata(file));
  const auto format = metadata.find("format");
  return format != metadata.end() && format->second == kAnnexedFormat;
}

Result<Model> decode(ByteView file) {
  return decode_as(file, kFormat, {});
}

Result<Model> decode(ByteView file, const std::function<ExpectedTensor(const Model&)>& expect) {
  return decode_as(file, kAnnexedFormat, expect);
}

}  // namespace cairn::model
