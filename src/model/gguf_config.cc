#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "model/dialect.h"
#include "model/gguf_model.h"
#include "model/gguf_rope.h"

namespace cairn::model {
namespace {

// Looks at the keys of one architecture; the first error stays.
class Keys {
 public:
  Keys(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  bool has(const char* key) const { return file_.find(prefix_ + key) != nullptr; }
  std::uint32_t size(const char* key) { return narrowed(key, file_.natural(prefix_ + key)); }
  std::uint32_t size(const char* key, std::uint32_t otherwise) { return has(key) ? size(key) : otherwise; }
  std::uint64_t natural(const char* key) { return taken(file_.natural(prefix_ + key), std::uint64_t{0}); }
  double real(const char* key) { return taken(file_.real(prefix_ + key), 1.0); }
  double real(const char* key, double otherwise) { return has(key) ? real(key) : otherwise; }
  bool flag(const char* key) { return taken(file_.boolean(prefix_ + key), false); }
  std::string text(const char* key, std::string otherwise) {
    return has(key) ? taken(file_.text(prefix_ + key), std::string()) : otherwise;
  }
  void note(Error error) {
    if (!error_) error_ = std::move(error);
  }
  void unsupported(const char* key, std::string_view why, std::string hint = {}) {
    note({ErrorCode::unsupported, fmt::format("GGUF: '{}{}': {}", prefix_, key, why), std::move(hint), {}});
  }
  Status finish() const {
    if (error_) return fail(*error_);
    return {};
  }

 private:
  template <class T>
  T taken(Result<T> value, T otherwise) {
    if (value) return std::move(*value);
    note(std::move(value).error());
    return otherwise;
  }
  std::uint32_t narrowed(const char* key, Result<std::uint64_t> value) {
    const std::uint64_t wide = taken(std::move(value), std::uint64_t{1});
    if (wide >= 1 && wide <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(wide);
    note({ErrorCode::malformed, fmt::format("GGUF: '{}{}' is {}, expected 1 to 2^32 - 1", prefix_, key, wide), {}, {}});
    return 1;
  }

  const GgufFile& file_;
  std::string prefix_;
  std::optional<Error> error_;
};

bool has_tensor(const GgufFile& file, std::string_view name) {
  return std::ranges::find(file.tensors, name, &StoredTensor::name) != file.tensors.end();
}

std::uint32_t vocabulary_of(const GgufFile& file, Keys& keys) {
  const GgufValue* tokens = file.find("tokenizer.ggml.tokens");
  if (!tokens) return keys.size("vocab_size");
  const auto* array = std::get_if<GgufArray>(&tokens->value);
  const std::size_t count =
      array ? std::visit([](const auto& values) { return values.size(); }, array->values) : std::size_t{0};
  if (count >= 1 && count <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(count);
  keys.note({ErrorCode::malformed, "GGUF: 'tokenizer.ggml.tokens' is no list of tokens", {}, {}});
  return 1;
}

// A factor alone is of the oldest way.
std::string scaling_of(Keys& keys) {
  return keys.text("rope.scaling.type", keys.has("rope.scaling.factor") ? "linear" : "none");
}

// What changes a model's arithmetic and is not computed here.
void refuse_the_unknown(Keys& keys, std::uint32_t context) {
  if (keys.has("expert_count") && keys.natural("expert_count") > 0) {
    keys.unsupported("expert_count", "mixtures of experts are not computed");
  }
  if (const std::string scaling = scaling_of(keys); scaling != "none" && scaling != "linear")
    keys.unsupported("rope.scaling.type", "rotary positions are scaled by 'linear' alone here");
  if (keys.real("rope.scale_linear", 1.0) != 1.0) {
    keys.unsupported("rope.scale_linear", "rotary positions are scaled by 'rope.scaling.factor' alone here");
  }
  if (const std::uint64_t window = keys.has("attention.sliding_window") ? keys.natural("attention.sliding_window") : 0;
      window > 0 && window < context) {
    keys.unsupported("attention.sliding_window", fmt::format("attention sees the whole context of {} here", context),
                     fewer_positions(static_cast<std::uint32_t>(window)));
  }
  if (keys.has("attention.causal") && !keys.flag("attention.causal")) {
    keys.unsupported("attention.causal", "attention is causal in this architecture");
  }
}

void read_sizes(const GgufFile& file, Keys& keys, ModelConfig& c) {
  c.vocabulary = vocabulary_of(file, keys);
  c.width = keys.size("embedding_length");
  c.layers = keys.size("block_count");
  c.hidden = keys.size("feed_forward_length");
  c.context = keys.size("context_length");
  c.heads = keys.size("attention.head_count");
  c.kv_heads = keys.size("attention.head_count_kv", c.heads);
  const std::uint32_t head = keys.size("attention.key_length", c.width / c.heads);
  c.head_size = std::uint64_t{head} * c.heads == c.width ? 0 : head;
  if (keys.size("attention.value_length", head) != head) {
    keys.unsupported("attention.value_length", "differs from the keys' length");
  }
  c.tied_embeddings = !has_tensor(file, "output.weight");
}

void limit_context(const std::string& architecture, std::uint32_t most, Keys& keys, ModelConfig& c) {
  const std::uint32_t taken = most > 0 ? std::min(c.context, most) : c.context;
  if (architecture == "gpt2") {
    if (taken < c.context)
      keys.unsupported("context_length",
                       fmt::format("the positions are weights, so {} of {} are another model", most, c.context));
    return;
  }
  if (taken > kMostContext)
    keys.unsupported("context_length", fmt::format("{} positions, at most {} are supported", taken, kMostContext),
                     fewer_positions(kMostContext));
  c.context = taken;
}

void read_rotary(Keys& keys, ModelConfig& c) {
  c.rope_base = static_cast<float>(keys.real("rope.freq_base", 10000.0));
  if (scaling_of(keys) == "linear") c.rope_factor = static_cast<float>(keys.real("rope.scaling.factor"));
  const std::uint32_t turned = keys.size("rope.dimension_count", c.head_width());
  c.rotary_width = turned == c.head_width() ? 0 : turned;
}

// A tensor of factors, which is read where other programs read one.
void read_rope_factors(const GgufFile& file, const std::string& architecture, Keys& keys, ModelConfig& c) {
  const auto found = std::ranges::find(file.tensors, kGgufRopeFactors, &StoredTensor::name);
  if (found == file.tensors.end()) return;
  const auto refuse = [&](ErrorCode code, std::string_view why) {
    keys.note({code, fmt::format("GGUF: tensor '{}': {}", kGgufRopeFactors, why), {}, {}});
  };
  if (architecture != "llama") return refuse(ErrorCode::unsupported, "this architecture has none");
  if (c.rope_factor != 1.0F) return refuse(ErrorCode::unsupported, "frequencies are scaled by a key as well");
  const std::size_t pairs = c.turned_width() / 2;
  if (found->type != ElementType::f32 || found->shape != std::vector<std::uint64_t>{pairs} ||
      found->bytes.size() != pairs * sizeof(float))
    return refuse(ErrorCode::malformed, fmt::format("expected F32 of shape [{}]", pairs));
  std::vector<float> factors(pairs);
  std::memcpy(factors.data(), found->bytes.data(), pairs * sizeof(float));
  if (const auto taken = take_rope_factors(factors, c); !taken) refuse(taken.error().code, taken.error().message);
}

void read_llama_kin(const GgufFile& file, const std::string& architecture, Keys& keys, ModelConfig& c) {
  c.family = "llama";
  c.norm_epsilon = static_cast<float>(keys.real("attention.layer_norm_rms_epsilon"));
  read_rotary(keys, c);
  c.qk_norm = architecture == "qwen3";
  c.qkv_bias = architecture == "qwen2" || has_tensor(file, "blk.0.attn_q.bias");
  c.output_bias = has_tensor(file, "blk.0.attn_output.bias");
  c.feed_forward_bias = has_tensor(file, "blk.0.ffn_up.bias");
}

void read_gpt_kin(const std::string& architecture, Keys& keys, ModelConfig& c) {
  const bool neox = architecture == "gptneox";
  c.family = neox ? "gpt-neox" : "gpt2";
  c.norm = Norm::layer;
  c.norm_epsilon = static_cast<float>(keys.real("attention.layer_norm_epsilon"));
  c.qkv_bias = c.output_bias = c.feed_forward_bias = c.norm_bias = true;
  c.positions = neox ? Positions::rotary : Positions::learned;
  if (neox) read_rotary(keys, c);
  if (neox) c.residual = keys.flag("use_parallel_residual") ? Residual::parallel : Residual::sequential;
}

// These architectures compute GELU with tanh; our own key says where a model was trained with the exact one.
void read_activation(const GgufFile& file, Keys& keys, ModelConfig& c) {
  c.activation = Activation::gelu_tanh;
  if (!file.find(kGgufActivation)) return;
  const auto name = file.text(kGgufActivation);
  if (name && *name == "gelu") {
    c.activation = Activation::gelu;
  } else if (!name || *name != "gelu_tanh") {
    keys.note({ErrorCode::malformed, fmt::format("GGUF: '{}': expected gelu or gelu_tanh", kGgufActivation), {}, {}});
  }
}

}  // namespace

Result<ModelConfig> config_from_gguf(const GgufFile& file, std::uint32_t most_context) {
  CAIRN_ASSIGN(const std::string architecture, file.text("general.architecture"));
  const bool gpt = architecture == "gpt2" || architecture == "gptneox";
  if (!gpt && architecture != "llama" && architecture != "qwen2" && architecture != "qwen3") {
    return fail(ErrorCode::unsupported, "GGUF: architecture '{}', expected llama, qwen2, qwen3, gpt2 or gptneox",
                architecture.substr(0, 64));
  }
  Keys keys(file, architecture + ".");
  ModelConfig out;
  read_sizes(file, keys, out);
  limit_context(architecture, most_context, keys, out);
  refuse_the_unknown(keys, out.context);
  gpt ? read_gpt_kin(architecture, keys, out) : read_llama_kin(file, architecture, keys, out);
  read_rope_factors(file, architecture, keys, out);
  if (gpt) read_activation(file, keys, out);
  CAIRN_TRY(keys.finish());
  CAIRN_TRY(check(out));
  // The architecture says how rows of q and k are paired, so biases that only another one has would turn them wrongly.
  CAIRN_ASSIGN(const Dialect dialect, dialect_of(out));
  if (gguf_architecture_of(dialect) != architecture)
    return fail(ErrorCode::unsupported, "GGUF: architecture '{}' with the parts of {}", architecture,
                gguf_architecture_of(dialect));
  return out;
}

}  // namespace cairn::model
