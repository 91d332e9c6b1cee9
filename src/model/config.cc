#include "model/config.h"

#include "model/json_fields.h"

namespace cairn::model {

// Found by argument, so it stands beside its struct.
template <class Self, class Visit>
void fields(Self& c, Visit& visit) {
  visit("family", c.family);
  visit("vocabulary", c.vocabulary);
  visit("width", c.width);
  visit("layers", c.layers);
  visit("heads", c.heads);
  visit("kv_heads", c.kv_heads);
  visit("hidden", c.hidden);
  visit("context", c.context);
  visit("rope_base", c.rope_base);
  visit("norm_epsilon", c.norm_epsilon);
  visit("tied_embeddings", c.tied_embeddings);
}

namespace {

Status in_range(const char* name, std::uint32_t value, std::uint32_t least, std::uint32_t most,
                std::uint32_t multiple) {
  if (value < least || value > most || value % multiple != 0) {
    return fail(ErrorCode::invalid, "model configuration: {} is {}, expected {} to {}{}", name, value, least, most,
                multiple == 1 ? std::string() : fmt::format(" in steps of {}", multiple));
  }
  return {};
}

}  // namespace

Status check(const ModelConfig& c) {
  if (c.family != kDecoderFamily) {
    return fail(ErrorCode::unsupported, "model configuration: family '{}' is not known; this version knows '{}'",
                c.family.substr(0, 64), kDecoderFamily);
  }
  CAIRN_TRY(in_range("vocabulary", c.vocabulary, 2, 65536, 1));
  CAIRN_TRY(in_range("width", c.width, 16, 16384, 16));
  CAIRN_TRY(in_range("layers", c.layers, 1, 256, 1));
  CAIRN_TRY(in_range("heads", c.heads, 1, 256, 1));
  CAIRN_TRY(in_range("kv_heads", c.kv_heads, 1, 256, 1));
  CAIRN_TRY(in_range("hidden", c.hidden, 16, 65536, 16));
  CAIRN_TRY(in_range("context", c.context, 2, 65536, 1));
  if (c.width % c.heads != 0 || c.head_size() % 16 != 0 || c.head_size() > 256) {
    return fail(ErrorCode::invalid,
                "model configuration: width {} over {} heads is no head size of 16 to 256 in steps of 16", c.width,
                c.heads);
  }
  if (c.heads % c.kv_heads != 0) {
    return fail(ErrorCode::invalid, "model configuration: heads ({}) is no multiple of kv_heads ({})", c.heads,
                c.kv_heads);
  }
  if (!(c.rope_base >= 1.0F && c.rope_base <= 1e9F)) {
    return fail(ErrorCode::invalid, "model configuration: rope_base is {}, expected 1 to 1e9", c.rope_base);
  }
  if (!(c.norm_epsilon >= 1e-12F && c.norm_epsilon <= 1e-1F)) {
    return fail(ErrorCode::invalid, "model configuration: norm_epsilon is {}, expected 1e-12 to 0.1", c.norm_epsilon);
  }
  if (parameter_count(c) > kMostParameters) {
    return fail(ErrorCode::invalid, "model configuration: {} weights, at most {} are supported", parameter_count(c),
                kMostParameters);
  }
  return {};
}

std::uint64_t parameter_count(const ModelConfig& c) {
  const std::uint64_t width = c.width;
  const std::uint64_t attention = width * (2 * width + 2 * std::uint64_t{c.kv_width()});
  const std::uint64_t feed_forward = 3 * width * c.hidden;
  const std::uint64_t embeddings = std::uint64_t{c.vocabulary} * width * (c.tied_embeddings ? 1 : 2);
  return embeddings + c.layers * (attention + feed_forward + 2 * width) + width;
}

std::string to_json(const ModelConfig& config) {
  return fields_to_json(config);
}

Result<ModelConfig> config_from_json(std::string_view text) {
  CAIRN_ASSIGN(auto config, fields_from_json<ModelConfig>(text, "model configuration"));
  CAIRN_TRY(check(config));
  return config;
}

}  // namespace cairn::model
