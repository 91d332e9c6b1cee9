#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.h"
#include "model/dialect.h"
#include "model/huggingface_config.h"

namespace cairn::model {
namespace {

constexpr std::string_view kWhat = "config.json";

// Typed looks at the keys of config.json; the first error stays. A key that is null counts as left out.
class Keys {
 public:
  explicit Keys(const Json& object, std::uint32_t most_context = 0) : object_(object), most_context_(most_context) {}

  const Json* find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  bool has(const char* key) const { return find(key) != nullptr; }
  bool is_null(const char* key) const {
    const auto it = object_.find(key);
    return it != object_.end() && it->is_null();
  }

  std::uint32_t size(const char* key) {
    const Json* found = find(key);
    if (!found) note(ErrorCode::malformed, fmt::format("'{}' is missing", key));
    return found ? whole(key, *found) : 1;
  }
  std::uint32_t size(const char* key, std::uint32_t otherwise) {
    const Json* found = find(key);
    return found ? whole(key, *found) : otherwise;
  }
  // Of a model whose positions are no weights: no more than are wanted.
  std::uint32_t positions(const char* key) {
    const std::uint32_t all = size(key), taken = most_context_ > 0 ? std::min(all, most_context_) : all;
    if (taken > kMostContext)
      unsupported(key, fmt::format("at most {} positions", kMostContext), fewer_positions(kMostContext));
    return taken;
  }
  // Of one whose positions are.
  std::uint32_t learned_positions(const char* key) {
    const std::uint32_t all = size(key);
    if (most_context_ > 0 && most_context_ < all)
      unsupported(key, fmt::format("the positions are weights, so {} of them are another model", most_context_));
    return all;
  }
  double number(const char* key, double otherwise) {
    const Json* found = find(key);
    if (!found) return otherwise;
    if (found->is_number()) return found->get<double>();
    wrong_type(key, *found, "a number");
    return otherwise;
  }
  bool flag(const char* key, bool otherwise) {
    const Json* found = find(key);
    if (!found) return otherwise;
    if (found->is_boolean()) return found->get<bool>();
    wrong_type(key, *found, "true or false");
    return otherwise;
  }
  std::string text(const char* key, std::string otherwise) {
    const Json* found = find(key);
    if (!found) return otherwise;
    if (found->is_string()) return found->get<std::string>();
    wrong_type(key, *found, "a string");
    return otherwise;
  }

  void note(ErrorCode code, std::string text, std::string hint = {}) {
    if (!error_) error_ = Error{code, fmt::format("{}: {}", kWhat, text), std::move(hint), {}};
  }
  void unsupported(const char* key, std::string_view why, std::string hint = {}) {
    const Json* found = find(key);
    const std::string value = found ? canonical(*found).substr(0, 64) : "left out";
    note(ErrorCode::unsupported, fmt::format("'{}' is {}: {}", key, value, why), std::move(hint));
  }
  void take_error(const Keys& inner) {
    if (!error_) error_ = inner.error_;
  }
  Status finish() const {
    if (error_) return fail(*error_);
    return {};
  }

 private:
  std::uint32_t whole(const char* key, const Json& value) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 ||
        value.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
      note(ErrorCode::malformed, fmt::format("'{}' is {}, expected a whole number from 1 on that fits 32 bits", key,
                                             canonical(value).substr(0, 64)));
      return 1;
    }
    return value.get<std::uint32_t>();
  }
  void wrong_type(const char* key, const Json& value, const char* expected) {
    note(ErrorCode::malformed, fmt::format("'{}' is {}, expected {}", key, canonical(value).substr(0, 64), expected));
  }

  const Json& object_;
  std::uint32_t most_context_;
  std::optional<Error> error_;
};

// What no type may have.
void refuse_the_unknown(Keys& keys) {
  if (keys.has("quantization_config")) keys.unsupported("quantization_config", "the weights are quantised; read GGUF");
  if (keys.has("auto_map")) keys.unsupported("auto_map", "the model brings code of its own, which is not run");
  for (const char* key : {"num_local_experts", "num_experts", "n_routed_experts", "moe_intermediate_size"})
    if (keys.has(key)) keys.unsupported(key, "mixtures of experts are not computed");
  if (keys.flag("add_cross_attention", false)) keys.unsupported("add_cross_attention", "only decoders are computed");
  if (keys.flag("is_encoder_decoder", false)) keys.unsupported("is_encoder_decoder", "only decoders are computed");
}

// How frequencies are scaled, where one of transformers' two ways is Cairn's. Those that change with the text's length
// ("dynamic") or with its attention ("yarn", "longrope") are not.
void read_scaling(Keys& keys, const char* place, Keys& rope, const std::string& type, ModelConfig& c) {
  if (type == "default") return;
  if (type != "linear" && type != "llama3")
    return keys.unsupported(place, "rotary positions are scaled by 'linear' and 'llama3' alone here");
  if (!rope.has("factor")) return keys.unsupported(place, "a factor is missing");
  c.rope_factor = static_cast<float>(rope.number("factor", 1.0));
  if (type == "linear" || c.rope_factor == 1.0F) return;
  if (!rope.has("low_freq_factor") || !rope.has("high_freq_factor"))
    return keys.unsupported(place, "low_freq_factor or high_freq_factor is missing");
  c.rope_low = static_cast<float>(rope.number("low_freq_factor", 1.0));
  c.rope_high = static_cast<float>(rope.number("high_freq_factor", 4.0));
  c.rope_original = rope.size("original_max_position_embeddings");
}

// The rotary base and scaling, from either place where versions of transformers keep them.
void read_rotary(Keys& keys, const char* key, ModelConfig& c) {
  double base = keys.number(key, 10000.0);
  if (const Json* older = keys.find("rope_scaling"), *newer = keys.find("rope_parameters");
      older && newer && *older != *newer)
    keys.unsupported("rope_scaling", "\"rope_parameters\" says something else");
  for (const char* place : {"rope_parameters", "rope_scaling"}) {
    const Json* found = keys.find(place);
    if (!found) continue;
    if (!found->is_object()) {
      keys.unsupported(place, "expected an object");
      continue;
    }
    Keys rope(*found);
    read_scaling(keys, place, rope, rope.text("rope_type", rope.text("type", "default")), c);
    base = rope.number("rope_theta", base);
    keys.take_error(rope);
  }
  c.rope_base = static_cast<float>(base);
}

std::optional<Activation> gelu_named(std::string_view name) {
  if (name == "gelu") return Activation::gelu;
  // Three spellings of one approximation, with tanh.
  if (name == "gelu_new" || name == "gelu_fast" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  return std::nullopt;
}

void read_gelu(Keys& keys, const char* key, const char* otherwise, ModelConfig& c) {
  const auto found = gelu_named(keys.text(key, otherwise));
  if (!found) keys.unsupported(key, "expected gelu, gelu_new, gelu_fast or gelu_pytorch_tanh");
  c.activation = found.value_or(Activation::gelu);
}

void refuse_short_window(Keys& keys, bool used, std::uint32_t window, std::uint32_t context) {
  if (used && window < context) {
    keys.unsupported("sliding_window", fmt::format("attention sees the whole context of {} here", context),
                     fewer_positions(window));
  }
}

// llama, mistral, qwen2, qwen3.
void read_llama_kin(Keys& keys, const std::string& type, ModelConfig& c) {
  c.family = "llama";
  c.vocabulary = keys.size("vocab_size");
  c.width = keys.size("hidden_size");
  c.layers = keys.size("num_hidden_layers");
  c.heads = keys.size("num_attention_heads");
  c.kv_heads = type == "llama" ? keys.size("num_key_value_heads", c.heads) : keys.size("num_key_value_heads");
  const std::uint32_t head = type == "qwen3" ? keys.size("head_dim", 128) : keys.size("head_dim", c.width / c.heads);
  c.head_size = std::uint64_t{head} * c.heads == c.width ? 0 : head;
  c.hidden = keys.size("intermediate_size");
  c.context = keys.positions("max_position_embeddings");
  c.norm_epsilon = static_cast<float>(keys.number("rms_norm_eps", 1e-6));
  read_rotary(keys, "rope_theta", c);
  c.tied_embeddings = keys.flag("tie_word_embeddings", false);
  if (keys.text("hidden_act", "silu") != "silu") keys.unsupported("hidden_act", "expected silu");
  if (keys.number("partial_rotary_factor", 1.0) != 1.0)
    keys.unsupported("partial_rotary_factor", "this model type turns whole heads");
  if (type == "llama" || type == "qwen3") {
    c.qkv_bias = c.output_bias = keys.flag("attention_bias", false);
    c.feed_forward_bias = type == "llama" && keys.flag("mlp_bias", false);
  }
  if (type == "qwen2") c.qkv_bias = true;
  c.qk_norm = type == "qwen3";
  if (type == "mistral") {
    refuse_short_window(keys, !keys.is_null("sliding_window"), keys.size("sliding_window", 4096), c.context);
  }
  if (const Json* kinds = keys.find("layer_types"); kinds && kinds->is_array()) {
    for (const Json& kind : *kinds)
      if (kind != "full_attention") keys.unsupported("layer_types", "every layer sees the whole context here");
  }
  if (type == "qwen2" || type == "qwen3") {
    refuse_short_window(keys, keys.flag("use_sliding_window", false), keys.size("sliding_window", 4096), c.context);
  }
}

// What GPT-2 and GPT-J name alike.
void read_gpt2_kin(Keys& keys, ModelConfig& c) {
  c.vocabulary = keys.size("vocab_size");
  c.width = keys.size("n_embd");
  c.layers = keys.size("n_layer");
  c.heads = c.kv_heads = keys.size("n_head");
  c.hidden = keys.size("n_inner", 4 * c.width);
  c.norm = Norm::layer;
  c.norm_epsilon = static_cast<float>(keys.number("layer_norm_epsilon", 1e-5));
  c.feed_forward_bias = c.norm_bias = true;
  read_gelu(keys, "activation_function", "gelu_new", c);
}

void read_gpt2(Keys& keys, ModelConfig& c) {
  c.family = "gpt2";
  read_gpt2_kin(keys, c);
  c.context = keys.learned_positions("n_positions");
  c.positions = Positions::learned;
  c.qkv_bias = c.output_bias = true;
  c.tied_embeddings = keys.flag("tie_word_embeddings", true);
  if (!keys.flag("scale_attn_weights", true)) keys.unsupported("scale_attn_weights", "scores are always scaled");
  if (keys.flag("scale_attn_by_inverse_layer_idx", false))
    keys.unsupported("scale_attn_by_inverse_layer_idx", "scores are scaled alike in every layer");
}

void read_gptj(Keys& keys, ModelConfig& c) {
  c.family = "gptj";
  read_gpt2_kin(keys, c);
  c.context = keys.positions("n_positions");
  const std::uint32_t turned = keys.size("rotary_dim", 64);
  c.rotary_width = turned == c.width / c.heads ? 0 : turned;
  c.rotary_interleaved = true;
  c.residual = Residual::parallel_shared_norm;
  c.head_bias = true;
  c.tied_embeddings = keys.flag("tie_word_embeddings", false);
  if (c.tied_embeddings) keys.unsupported("tie_word_embeddings", "the head has a bias and a matrix of its own");
}

void read_gpt_neox(Keys& keys, ModelConfig& c) {
  c.family = "gpt-neox";
  c.vocabulary = keys.size("vocab_size");
  c.width = keys.size("hidden_size");
  c.layers = keys.size("num_hidden_layers");
  c.heads = c.kv_heads = keys.size("num_attention_heads");
  c.hidden = keys.size("intermediate_size");
  c.context = keys.positions("max_position_embeddings");
  c.norm = Norm::layer;
  c.norm_epsilon = static_cast<float>(keys.number("layer_norm_eps", 1e-5));
  read_gelu(keys, "hidden_act", "gelu", c);
  read_rotary(keys, keys.has("rotary_emb_base") ? "rotary_emb_base" : "rope_theta", c);
  double share = keys.number("rotary_pct", keys.number("partial_rotary_factor", 0.25));
  if (const Json* rope = keys.find("rope_parameters"); rope && rope->is_object()) {
    Keys inner(*rope);
    share = inner.number("partial_rotary_factor", share);
    keys.take_error(inner);
  }
  const std::uint32_t head = c.width / c.heads;
  if (!(share > 0 && share <= 1)) {
    keys.unsupported("rotary_pct", "expected above 0, at most 1");
    share = 1;
  }
  const auto turned = static_cast<std::uint32_t>(share * head);
  c.rotary_width = turned == head ? 0 : turned;
  if (turned == 0) keys.unsupported("rotary_pct", "no channel of a head would turn");
  c.residual = keys.flag("use_parallel_residual", true) ? Residual::parallel : Residual::sequential;
  c.qkv_bias = c.output_bias = keys.flag("attention_bias", true);
  c.feed_forward_bias = c.norm_bias = true;
  c.tied_embeddings = keys.flag("tie_word_embeddings", false);
}

}  // namespace

Result<ModelConfig> config_from_huggingface(std::string_view text, std::uint32_t most_context) {
  auto json = parse_json(text);
  if (!json) return fail(std::move(json).error().within(kWhat));
  if (!json->is_object()) return fail(ErrorCode::malformed, "{}: expected an object, got {}", kWhat, json->type_name());
  Keys keys(*json, most_context);
  const std::string type = keys.text("model_type", "");
  refuse_the_unknown(keys);
  ModelConfig out;
  out.tied_embeddings = false;
  if (type == "llama" || type == "mistral" || type == "qwen2" || type == "qwen3") {
    read_llama_kin(keys, type, out);
  } else if (type == "gpt2") {
    read_gpt2(keys, out);
  } else if (type == "gpt_neox") {
    read_gpt_neox(keys, out);
  } else if (type == "gptj") {
    read_gptj(keys, out);
  } else {
    CAIRN_TRY(keys.finish());
    return fail(ErrorCode::unsupported,
                "{}: model type '{}', expected llama, mistral, qwen2, qwen3, gpt2, gpt_neox or gptj", kWhat,
                type.substr(0, 64));
  }
  CAIRN_TRY(keys.finish());
  CAIRN_TRY(check(out));
  return out;
}

}  // namespace cairn::model
