#include <array>
#include <cmath>
#include <cstdlib>

#include "base/json.h"
#include "model/dialect.h"
#include "model/huggingface_config.h"

namespace cairn::model {
namespace {

// The shortest decimal that reads back as the same float.
double brief(float value) {
  const double read = std::strtod(fmt::format("{}", value).c_str(), nullptr);
  return static_cast<float>(read) == value ? read : static_cast<double>(value);
}

// int(share * head) must give `turned` in double arithmetic, as readers of the file compute it.
double rotary_share(std::uint32_t turned, std::uint32_t head) {
  double share = static_cast<double>(turned) / head;
  while (static_cast<std::uint32_t>(share * head) < turned) share = std::nextafter(share, 2.0);
  return share;
}

Json scaling_json(const ModelConfig& c) {
  if (c.rope_original == 0) return {{"rope_type", "linear"}, {"factor", brief(c.rope_factor)}};
  return {{"rope_type", "llama3"},
          {"factor", brief(c.rope_factor)},
          {"low_freq_factor", brief(c.rope_low)},
          {"high_freq_factor", brief(c.rope_high)},
          {"original_max_position_embeddings", c.rope_original}};
}

Json llama_kin_json(const ModelConfig& c, Dialect dialect) {
  constexpr std::array<const char*, 3> kClasses = {"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"};
  Json out = {{"architectures", {kClasses[static_cast<std::size_t>(dialect)]}},
              {"hidden_size", c.width},
              {"intermediate_size", c.hidden},
              {"num_hidden_layers", c.layers},
              {"num_attention_heads", c.heads},
              {"num_key_value_heads", c.kv_heads},
              {"head_dim", c.head_width()},
              {"hidden_act", "silu"},
              {"max_position_embeddings", c.context},
              {"rms_norm_eps", brief(c.norm_epsilon)},
              {"rope_theta", brief(c.rope_base)}};
  if (c.rope_factor != 1.0F) out["rope_scaling"] = scaling_json(c);
  if (dialect != Dialect::qwen2) out["attention_bias"] = c.qkv_bias;
  if (dialect == Dialect::llama) out["mlp_bias"] = c.feed_forward_bias;
  if (dialect != Dialect::llama) out["use_sliding_window"] = false;
  return out;
}

Json gpt2_or_j_json(const ModelConfig& c, Dialect dialect) {
  Json out = {{"architectures", {dialect == Dialect::gpt2 ? "GPT2LMHeadModel" : "GPTJForCausalLM"}},
              {"n_embd", c.width},
              {"n_layer", c.layers},
              {"n_head", c.heads},
              {"n_positions", c.context},
              {"n_inner", c.hidden},
              {"activation_function", c.activation == Activation::gelu ? "gelu" : "gelu_new"},
              {"layer_norm_epsilon", brief(c.norm_epsilon)}};
  if (dialect == Dialect::gpt2) out["n_ctx"] = c.context;  // older readers, llama.cpp's converter among them
  if (dialect == Dialect::gptj) out["rotary_dim"] = c.turned_width();
  return out;
}

Json gpt_neox_json(const ModelConfig& c) {
  Json out = {{"architectures", {"GPTNeoXForCausalLM"}},
              {"hidden_size", c.width},
              {"intermediate_size", c.hidden},
              {"num_hidden_layers", c.layers},
              {"num_attention_heads", c.heads},
              {"hidden_act", c.activation == Activation::gelu ? "gelu" : "gelu_new"},
              {"max_position_embeddings", c.context},
              {"layer_norm_eps", brief(c.norm_epsilon)},
              {"rotary_pct", rotary_share(c.turned_width(), c.head_width())},
              {"rotary_emb_base", brief(c.rope_base)},
              {"use_parallel_residual", c.residual == Residual::parallel},
              {"attention_bias", c.qkv_bias}};
  if (c.rope_factor != 1.0F) out["rope_scaling"] = scaling_json(c);
  return out;
}

}  // namespace

Result<std::string> config_to_huggingface(const ModelConfig& c, const HuggingFaceExtras& extras) {
  CAIRN_ASSIGN(const Dialect dialect, dialect_of(c));
  Json out;
  if (dialect == Dialect::gpt_neox) {
    out = gpt_neox_json(c);
  } else if (dialect == Dialect::gpt2 || dialect == Dialect::gptj) {
    out = gpt2_or_j_json(c, dialect);
  } else {
    out = llama_kin_json(c, dialect);
  }
  out["model_type"] = name_of(dialect);
  out["vocab_size"] = c.vocabulary;
  out["tie_word_embeddings"] = c.tied_embeddings;
  out["torch_dtype"] = extras.type == ElementType::bf16 ? "bfloat16" : "float32";
  if (extras.begin_token >= 0) out["bos_token_id"] = extras.begin_token;
  if (extras.end_token >= 0) out["eos_token_id"] = extras.end_token;
  return out.dump(2) + "\n";
}

}  // namespace cairn::model
