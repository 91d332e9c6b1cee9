#include "adapt/module.h"
#include "model/safetensors.h"

namespace cairn::adapt {
namespace {

constexpr const char* kFormat = "cairn.module.1";

model::Metadata metadata_of(const Module& module) {
  return {{"format", kFormat},
          {"base", module.base.hex()},
          {"config", model::to_json(module.delta.config())},
          {"settings", to_json(module.settings)},
          {"seed", std::to_string(module.seed)}};
}

Result<std::uint64_t> parse_seed(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == std::string::npos;
  const std::uint64_t value = digits ? std::strtoull(text.c_str(), nullptr, 10) : 0;
  if (std::to_string(value) != text)
    return fail(ErrorCode::malformed, "module: seed '{}' is no number", text.substr(0, 32));
  return value;
}

}  // namespace

Bytes encode(const Module& module) {
  std::vector<model::NamedTensor> tensors;
  for (const model::Parameter& p : module.delta.parameters()) {
    tensors.push_back({p.name, p.shape, module.delta.weights().subspan(p.offset, p.count)});
  }
  return model::write_safetensors(metadata_of(module), tensors);
}

Result<Module> decode_module(ByteView file, const model::ModelConfig& base, const Digest& base_digest) {
  CAIRN_ASSIGN(model::Metadata metadata, model::read_metadata(file));
  for (const char* key : {"format", "base", "config", "settings", "seed"}) {
    if (!metadata.contains(key)) return fail(ErrorCode::malformed, "module: the metadata has no \"{}\"", key);
  }
  if (metadata["format"] != kFormat) {
    return fail(ErrorCode::unsupported, "module: format '{}', expected '{}'", metadata["format"].substr(0, 64),
                kFormat);
  }
  CAIRN_ASSIGN(const Digest made_for, Digest::parse(metadata["base"]));
  if (made_for != base_digest) {
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("module: made for base {}, this base is {}", made_for.brief(), base_digest.brief()),
        "a module fits the one base that it was trained over");
  }
  CAIRN_ASSIGN(const model::ModelConfig config, model::config_from_json(metadata["config"]));
  if (config != base) return fail(ErrorCode::malformed, "module: its configuration is not that of the base it names");
  CAIRN_ASSIGN(const ModuleSettings settings, module_settings_from_json(metadata["settings"]));
  CAIRN_TRY(check(settings, base));
  CAIRN_ASSIGN(const std::uint64_t seed, parse_seed(metadata["seed"]));
  // At most 256 times the base's width and height, which this process holds already.
  CAIRN_ASSIGN(model::LowRank delta, model::LowRank::make(base, settings.rank, settings.scale, 0));
  Module out{.base = made_for, .settings = settings, .seed = seed, .delta = std::move(delta)};
  std::vector<model::ExpectedTensor> expected;
  for (const model::Parameter& p : out.delta.parameters()) {
    expected.push_back({p.name, p.shape, out.delta.weights().subspan(p.offset, p.count)});
  }
  CAIRN_TRY(model::read_safetensors(file, metadata_of(out), expected));
  return out;
}

}  // namespace cairn::adapt
