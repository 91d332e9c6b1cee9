#include "model/dialect.h"

#include <array>

namespace cairn::model {
namespace {

// The first requirement that does not hold, as an error; `nearest` is the dialect whose it is.
class Requirements {
 public:
  explicit Requirements(Dialect nearest) : nearest_(nearest) {}
  Requirements& need(bool holds, std::string_view what) {
    if (!holds && broken_.empty()) broken_ = what;
    return *this;
  }
  Result<Dialect> result() const {
    if (broken_.empty()) return nearest_;
    return fail(ErrorCode::unsupported, "no model type of other programs has these parts: the nearest, {}, has {}",
                name_of(nearest_), broken_);
  }

 private:
  Dialect nearest_;
  std::string_view broken_;
};

bool plain_heads(const ModelConfig& c) {
  return c.kv_heads == c.heads && c.attention_width() == c.width;
}

Result<Dialect> llama_kin(const ModelConfig& c) {
  const Dialect nearest = c.qk_norm ? Dialect::qwen3 : c.qkv_bias && !c.output_bias ? Dialect::qwen2 : Dialect::llama;
  Requirements r(nearest);
  r.need(c.norm == Norm::rms, "RMSNorm").need(c.activation == Activation::swiglu, "SwiGLU");
  r.need(c.positions == Positions::rotary, "rotary positions");
  r.need(c.turned_width() == c.head_width(), "rotary positions over whole heads");
  r.need(c.residual == Residual::sequential, "sequential residuals");
  r.need(!c.head_bias, "no bias on the head");
  if (nearest != Dialect::qwen2) r.need(c.qkv_bias == c.output_bias, "biases on all of attention's maps or on none");
  if (nearest != Dialect::llama) r.need(!c.feed_forward_bias, "no biases in the feed-forward part");
  return r.result();
}

Result<Dialect> gpt2(const ModelConfig& c) {
  return Requirements(Dialect::gpt2)
      .need(c.norm == Norm::layer && c.norm_bias, "LayerNorm with biases")
      .need(c.activation != Activation::swiglu, "GELU")
      .need(c.residual == Residual::sequential, "sequential residuals")
      .need(c.qkv_bias && c.output_bias && c.feed_forward_bias, "biases on every map of a block")
      .need(!c.head_bias, "no bias on the head")
      .need(!c.qk_norm, "no norm over heads")
      .need(plain_heads(c), "as many key heads as heads, of width / heads channels")
      .result();
}

Result<Dialect> gpt_neox(const ModelConfig& c) {
  return Requirements(Dialect::gpt_neox)
      .need(c.norm == Norm::layer && c.norm_bias, "LayerNorm with biases")
      .need(c.activation != Activation::swiglu, "GELU")
      .need(c.positions == Positions::rotary, "rotary positions")
      .need(c.qkv_bias == c.output_bias, "biases on all of attention's maps or on none")
      .need(c.feed_forward_bias, "biases in the feed-forward part")
      .need(!c.head_bias, "no bias on the head")
      .need(!c.qk_norm, "no norm over heads")
      .need(plain_heads(c), "as many key heads as heads, of width / heads channels")
      .result();
}

Result<Dialect> gptj(const ModelConfig& c) {
  return Requirements(Dialect::gptj)
      .need(c.norm == Norm::layer && c.norm_bias, "LayerNorm with biases")
      .need(c.activation != Activation::swiglu, "GELU")
      .need(c.positions == Positions::rotary, "rotary positions")
      .need(c.rope_base == 10000.0F && c.rope_factor == 1.0F, "a rotary base of 10000, not scaled")
      .need(!c.qkv_bias && !c.output_bias, "no biases on attention's maps")
      .need(c.feed_forward_bias, "biases in the feed-forward part")
      .need(c.head_bias && !c.tied_embeddings, "a head of its own, with a bias")
      .need(!c.qk_norm, "no norm over heads")
      .need(plain_heads(c), "as many key heads as heads, of width / heads channels")
      .result();
}

}  // namespace

std::string_view name_of(Dialect dialect) {
  constexpr std::array<std::string_view, 6> kNames = {"llama", "qwen2", "qwen3", "gpt2", "gpt_neox", "gptj"};
  return kNames[static_cast<std::size_t>(dialect)];
}

std::string gguf_architecture_of(Dialect dialect) {
  return dialect == Dialect::gpt_neox ? "gptneox" : std::string(name_of(dialect));
}

Result<Dialect> dialect_of(const ModelConfig& c) {
  if (!c.causal || !c.final_norm) {
    return fail(ErrorCode::unsupported,
                "no model type of other programs has these parts: all have causal attention and a final norm");
  }
  if (c.norm == Norm::rms || c.activation == Activation::swiglu) return llama_kin(c);
  if (c.positions == Positions::learned) return gpt2(c);
  return c.residual == Residual::parallel_shared_norm ? gptj(c) : gpt_neox(c);
}

std::string fewer_positions(std::uint32_t most) {
  return fmt::format("with at most {0} positions it is the same model, as far as they go: cairn import --context {0}",
                     most);
}

}  // namespace cairn::model
