#include "train/run_file.h"

#include <algorithm>
#include <charconv>

#include "model/safetensors.h"

namespace cairn::train {
namespace {

constexpr const char* kFormat = "cairn.run.1";
constexpr const char* kWhat = "run file";

model::Metadata metadata_of(const RunHeading& heading, const Digest& content) {
  return {{"format", kFormat},
          {"settings", to_json(heading.settings)},
          {"config", model::to_json(heading.config)},
          {"step", std::to_string(heading.step)},
          {"tokens", heading.tokens.hex()},
          {"content", content.hex()}};
}

std::vector<model::NamedTensor> tensors_of(const model::Model& model, std::span<const StateTensor> state) {
  std::vector<model::NamedTensor> out;
  for (const model::Parameter& p : model.parameters()) out.push_back({p.name, p.shape, model.tensor(p)});
  for (const StateTensor& s : state) out.push_back({s.name, {s.values.size() + s.codes.size()}, s.values, s.codes});
  return out;
}

// Of all that the file says: the heading's entries, a line each, and the tensors.
Digest content_digest(const RunHeading& heading, std::span<const model::NamedTensor> tensors) {
  Sha256 hash;
  for (const auto& [key, value] : metadata_of(heading, {}))
    if (key != "content") hash.update(fmt::format("{} {}\n", key, value));
  for (const model::NamedTensor& tensor : tensors) hash.update(model::tensor_bytes(tensor));
  return hash.finish();
}

Result<std::string> entry(const model::Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return fail(ErrorCode::malformed, "{}: the metadata has no \"{}\"", kWhat, key);
  return found->second;
}

Result<Digest> digest_entry(const model::Metadata& metadata, const char* key) {
  CAIRN_ASSIGN(const std::string text, entry(metadata, key));
  auto digest = Digest::parse(text);
  if (!digest) return fail(std::move(digest).error().within(fmt::format("{}: \"{}\"", kWhat, key)));
  return *digest;
}

Result<std::uint32_t> step_of(const model::Metadata& metadata, const RunSettings& settings) {
  CAIRN_ASSIGN(const std::string text, entry(metadata, "step"));
  std::uint32_t step = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (problem != std::errc{} || end != text.data() + text.size() || step > settings.steps) {
    return fail(ErrorCode::malformed, "{}: step '{}', expected 0 to the run's {}", kWhat, text.substr(0, 32),
                settings.steps);
  }
  return step;
}

Error as_malformed(Error error) {
  if (error.code == ErrorCode::invalid) error.code = ErrorCode::malformed;
  return std::move(error).within(kWhat);
}

Result<RunHeading> heading_of(const model::Metadata& metadata) {
  CAIRN_ASSIGN(const std::string settings, entry(metadata, "settings"));
  CAIRN_ASSIGN(const std::string config, entry(metadata, "config"));
  RunHeading out;
  auto parsed = run_settings_from_json(settings);
  if (!parsed) return fail(as_malformed(std::move(parsed).error()));
  out.settings = *std::move(parsed);
  auto model = model::config_from_json(config);
  if (!model) return fail(as_malformed(std::move(model).error()));
  out.config = *std::move(model);
  if (auto sound = check(out.settings, out.config); !sound) return fail(as_malformed(std::move(sound).error()));
  CAIRN_ASSIGN(out.step, step_of(metadata, out.settings));
  CAIRN_ASSIGN(out.tokens, digest_entry(metadata, "tokens"));
  return out;
}

}  // namespace

Digest digest_of_tokens(Tokens tokens, std::uint32_t vocabulary) {
  if (tokens.width() == token_bytes(vocabulary)) return sha256(tokens.bytes());
  constexpr std::size_t kPiece = 1 << 16;
  Sha256 hash;
  for (std::size_t at = 0; at < tokens.size(); at += kPiece) {
    TokenBuffer piece(vocabulary);
    piece.append(tokens.subspan(at, std::min(kPiece, tokens.size() - at)));
    hash.update(piece.view().bytes());
  }
  return hash.finish();
}

model::FileParts encode_run(const RunHeading& heading, const model::Model& model, std::span<const StateTensor> state) {
  const std::vector<model::NamedTensor> tensors = tensors_of(model, state);
  return model::safetensors_parts(metadata_of(heading, content_digest(heading, tensors)), tensors);
}

Result<RunHeading> decode_run_heading(ByteView file) {
  CAIRN_ASSIGN(const model::Metadata metadata, model::read_metadata(file));
  CAIRN_ASSIGN(const std::string format, entry(metadata, "format"));
  if (format != kFormat)
    return fail(ErrorCode::unsupported, "{}: format '{}', expected '{}'", kWhat, format.substr(0, 64), kFormat);
  CAIRN_ASSIGN(RunHeading heading, heading_of(metadata));
  // Before anything of the configuration's size is allocated: the file must be large enough to hold it.
  if (model::parameter_count(heading.config) > file.size() / sizeof(float)) {
    return fail(ErrorCode::malformed, "{}: the configuration has {} weights, a file of {} bytes cannot hold them",
                kWhat, model::parameter_count(heading.config), file.size());
  }
  return heading;
}

Status decode_run_tensors(ByteView file, const RunHeading& heading, model::Model& model,
                          std::span<const StateTensor> state) {
  CAIRN_ASSIGN(const model::Metadata metadata, model::read_metadata(file));
  CAIRN_ASSIGN(const Digest stated, digest_entry(metadata, "content"));
  std::vector<model::ExpectedTensor> expected;
  for (const model::Parameter& p : model.parameters())
    expected.push_back({p.name, p.shape, model.weights().subspan(p.offset, p.count)});
  for (const StateTensor& s : state)
    expected.push_back({s.name, {s.values.size() + s.codes.size()}, s.values, s.codes});
  CAIRN_TRY(model::read_safetensors(file, metadata_of(heading, stated), expected));
  if (const Digest got = content_digest(heading, tensors_of(model, state)); got != stated)
    return fail(ErrorCode::malformed, "{}: the content has the digest {}, the file says {}", kWhat, got.brief(),
                stated.brief());
  return {};
}

}  // namespace cairn::train
