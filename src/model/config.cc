#include "model/config.h"

#include <algorithm>
#include <array>

#include "model/json_fields.h"
#include "model/layout.h"

namespace cairn::model {
namespace {

constexpr std::string_view kWhat = "model configuration";

// The keys of the first version of the format.
template <class Self, class Visit>
void first_fields(Self& c, Visit& visit) {
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

template <class Self, class Visit>
void all_fields(Self& c, Visit& visit) {
  first_fields(c, visit);
  visit("head_size", c.head_size);
  visit("norm", c.norm);
  visit("activation", c.activation);
  visit("positions", c.positions);
  visit("rotary_width", c.rotary_width);
  visit("rotary_interleaved", c.rotary_interleaved);
  visit("residual", c.residual);
  visit("causal", c.causal);
  visit("qkv_bias", c.qkv_bias);
  visit("output_bias", c.output_bias);
  visit("feed_forward_bias", c.feed_forward_bias);
  visit("norm_bias", c.norm_bias);
  visit("head_bias", c.head_bias);
  visit("qk_norm", c.qk_norm);
  visit("final_norm", c.final_norm);
}

template <class Self, class Visit>
void scaled_fields(Self& c, Visit& visit) {
  all_fields(c, visit);
  visit("rope_factor", c.rope_factor);
  visit("rope_original", c.rope_original);
  visit("rope_low", c.rope_low);
  visit("rope_high", c.rope_high);
}

}  // namespace

std::span<const std::string_view> names_of(Norm) {
  static constexpr std::array<std::string_view, 2> kNames = {"rms", "layer"};
  return kNames;
}
std::span<const std::string_view> names_of(Activation) {
  static constexpr std::array<std::string_view, 3> kNames = {"swiglu", "gelu", "gelu_tanh"};
  return kNames;
}
std::span<const std::string_view> names_of(Positions) {
  static constexpr std::array<std::string_view, 3> kNames = {"rotary", "learned", "none"};
  return kNames;
}
std::span<const std::string_view> names_of(Residual) {
  static constexpr std::array<std::string_view, 3> kNames = {"sequential", "parallel", "parallel_shared_norm"};
  return kNames;
}
std::span<const std::string_view> families() {
  static constexpr std::array<std::string_view, 6> kNames = {kDecoderFamily, "llama", "gpt2",
                                                             "gpt-neox",     "gptj",  "encoder"};
  return kNames;
}

namespace {

Status in_range(const char* name, std::uint32_t value, std::uint32_t least, std::uint32_t most) {
  if (value < least || value > most)
    return fail(ErrorCode::invalid, "{}: {} is {}, expected {} to {}", kWhat, name, value, least, most);
  return {};
}

Status check_family(std::string_view family) {
  if (std::ranges::find(families(), family) != families().end()) return {};
  return fail(ErrorCode::unsupported, "{}: family '{}' is not known; this version knows {}", kWhat,
              family.substr(0, 64), fmt::join(families(), ", "));
}

Status check_heads(const ModelConfig& c) {
  if (c.head_size > 0) {
    CAIRN_TRY(in_range("head_size", c.head_size, 1, 256));
  } else if (c.width % c.heads != 0 || c.head_width() > 256) {
    return fail(ErrorCode::invalid, "{}: width {} over {} heads is no head size of 1 to 256", kWhat, c.width, c.heads);
  }
  if (c.heads % c.kv_heads != 0) {
    return fail(ErrorCode::invalid, "{}: heads ({}) is no multiple of kv_heads ({})", kWhat, c.heads, c.kv_heads);
  }
  if (c.rotary_width > c.head_width() || (c.positions == Positions::rotary && c.turned_width() % 2 != 0)) {
    return fail(ErrorCode::invalid, "{}: {} channels of a head turn, expected an even number, at most its {}", kWhat,
                c.turned_width(), c.head_width());
  }
  return {};
}

Status check_scaling(const ModelConfig& c) {
  const ModelConfig plain;
  const bool scales = c.rope_factor != 1.0F;
  if (!(c.rope_factor >= 1.0F && c.rope_factor <= 1e4F))
    return fail(ErrorCode::invalid, "{}: rope_factor is {}, expected 1 to 10000", kWhat, c.rope_factor);
  if (scales && c.positions != Positions::rotary)
    return fail(ErrorCode::invalid, "{}: rope_factor is {}, but positions are not rotary", kWhat, c.rope_factor);
  const bool bounds = c.rope_low == plain.rope_low && c.rope_high == plain.rope_high;
  if (c.rope_original == 0 && !bounds)
    return fail(ErrorCode::invalid, "{}: rope_low and rope_high are given without rope_original", kWhat);
  if (!scales && c.rope_original != 0)
    return fail(ErrorCode::invalid, "{}: rope_original is given with a rope_factor of 1", kWhat);
  CAIRN_TRY(in_range("rope_original", c.rope_original, 0, 1U << 20));
  if (!(c.rope_low > 0.0F && c.rope_high > c.rope_low && c.rope_high <= 1e6F))
    return fail(ErrorCode::invalid, "{}: rope_low is {} and rope_high {}, expected 0 < rope_low < rope_high <= 1e6",
                kWhat, c.rope_low, c.rope_high);
  return {};
}

bool is_of_first_version(const ModelConfig& c) {
  ModelConfig first;
  first.vocabulary = c.vocabulary;
  first.width = c.width;
  first.layers = c.layers;
  first.heads = c.heads;
  first.kv_heads = c.kv_heads;
  first.hidden = c.hidden;
  first.context = c.context;
  first.rope_base = c.rope_base;
  first.norm_epsilon = c.norm_epsilon;
  first.tied_embeddings = c.tied_embeddings;
  return c == first;
}

}  // namespace

Status check(const ModelConfig& c) {
  CAIRN_TRY(check_family(c.family));
  CAIRN_TRY(in_range("vocabulary", c.vocabulary, 2, kMostVocabulary));
  CAIRN_TRY(in_range("width", c.width, 1, 16384));
  CAIRN_TRY(in_range("layers", c.layers, 1, 256));
  CAIRN_TRY(in_range("heads", c.heads, 1, 256));
  CAIRN_TRY(in_range("kv_heads", c.kv_heads, 1, 256));
  CAIRN_TRY(in_range("hidden", c.hidden, 1, 65536));
  CAIRN_TRY(in_range("context", c.context, 2, kMostContext));
  CAIRN_TRY(check_heads(c));
  if (!(c.rope_base >= 1.0F && c.rope_base <= 1e9F)) {
    return fail(ErrorCode::invalid, "{}: rope_base is {}, expected 1 to 1e9", kWhat, c.rope_base);
  }
  CAIRN_TRY(check_scaling(c));
  if (!(c.norm_epsilon >= 1e-12F && c.norm_epsilon <= 1e-1F)) {
    return fail(ErrorCode::invalid, "{}: norm_epsilon is {}, expected 1e-12 to 0.1", kWhat, c.norm_epsilon);
  }
  if (c.norm_bias && c.norm != Norm::layer) {
    return fail(ErrorCode::invalid, "{}: norm_bias is true, but the norm is 'rms', which has none", kWhat);
  }
  if (parameter_count(c) > kMostParameters) {
    return fail(ErrorCode::invalid, "{}: {} weights, at most {} are supported", kWhat, parameter_count(c),
                kMostParameters);
  }
  return {};
}

std::uint64_t parameter_count(const ModelConfig& config) {
  return layout_of(config).parameters;
}

std::string to_json(const ModelConfig& config) {
  FieldWriter writer;
  if (config.rope_factor != 1.0F) {
    scaled_fields(config, writer);
  } else {
    is_of_first_version(config) ? first_fields(config, writer) : all_fields(config, writer);
  }
  return canonical(writer.object());
}

Result<ModelConfig> config_from_json(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(std::move(json).error().within(kWhat));
  if (!json->is_object()) return fail(ErrorCode::malformed, "{}: expected an object, got {}", kWhat, json->type_name());
  // First: a family of a later version has keys that this one does not know.
  const auto family = json->find("family");
  if (family != json->end() && family->is_string()) CAIRN_TRY(check_family(family->get_ref<const std::string&>()));
  ModelConfig config;
  FieldReader reader(*json, kWhat);
  const bool scaled = json->contains("rope_factor");
  const bool first = family != json->end() && *family == kDecoderFamily && !json->contains("norm");
  if (scaled) {
    scaled_fields(config, reader);
  } else {
    first ? first_fields(config, reader) : all_fields(config, reader);
  }
  CAIRN_TRY(reader.finish());
  if (scaled && config.rope_factor == 1.0F)
    return fail(ErrorCode::malformed, "{}: rope_factor is 1, then it is left out", kWhat);
  CAIRN_TRY(check(config));
  return config;
}

}  // namespace cairn::model
