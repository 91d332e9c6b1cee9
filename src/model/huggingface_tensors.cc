#include "model/huggingface_tensors.h"

#include <algorithm>
#include <array>

namespace cairn::model {
namespace {

class Names {
 public:
  explicit Names(const ModelConfig& config, Pairs pairs) : c(config), layout(layout_of(config)), build(config, pairs) {}

  // name.weight [rows, columns] and, where there is one, name.bias [rows].
  void linear(const std::string& name, const Place& at, std::size_t rows, std::size_t columns) {
    build.plain(name + ".weight", at.weight, {rows, columns});
    if (at.bias != kAbsent) build.plain(name + ".bias", at.bias, {rows});
  }
  void norm(const std::string& name, const Place& at) {
    build.plain(name + ".weight", at.weight, {c.width});
    if (at.bias != kAbsent) build.plain(name + ".bias", at.bias, {c.width});
  }
  // GPT-2's Conv1D: the matrix lies with its inputs first.
  void conv1d(const std::string& name, const Place& at, std::size_t rows, std::size_t columns) {
    build.transposed(name + ".weight", at.weight, rows, columns);
    build.plain(name + ".bias", at.bias, {rows});
  }
  // The three maps of attention, each with a name of its own.
  void separate_qkv(const std::string& prefix, const Place& at) {
    const std::size_t queries = c.attention_width(), kv = c.kv_width(), width = c.width;
    const auto bias = [&](std::size_t row) { return at.bias == kAbsent ? kAbsent : at.bias + row; };
    heads(prefix + "q_proj", {at.weight, bias(0)}, c.heads);
    heads(prefix + "k_proj", {at.weight + queries * width, bias(queries)}, c.kv_heads);
    linear(prefix + "v_proj", {at.weight + (queries + kv) * width, bias(queries + kv)}, kv, width);
  }
  void heads(const std::string& name, const Place& at, std::size_t count) {
    build.heads(name + ".weight", at.weight, count, c.width);
    if (at.bias != kAbsent) build.heads(name + ".bias", at.bias, count, 0);
  }

  const ModelConfig& c;
  Layout layout;
  ForeignBuilder build;
};

void llama_kin(Names& n) {
  const ModelConfig& c = n.c;
  n.build.plain("model.embed_tokens.weight", n.layout.embedding, {c.vocabulary, c.width});
  for (std::size_t i = 0; i < n.layout.layers.size(); ++i) {
    const LayerLayout& at = n.layout.layers[i];
    const std::string layer = fmt::format("model.layers.{}.", i), attention = layer + "self_attn.";
    n.norm(layer + "input_layernorm", at.attention_norm);
    n.separate_qkv(attention, at.qkv);
    if (c.qk_norm) {
      n.build.heads(attention + "q_norm.weight", at.q_norm, 1, 0);
      n.build.heads(attention + "k_norm.weight", at.k_norm, 1, 0);
    }
    n.linear(attention + "o_proj", at.output, c.width, c.attention_width());
    n.norm(layer + "post_attention_layernorm", at.feed_forward_norm);
    const std::size_t half = std::size_t{c.hidden} * c.width;
    n.linear(layer + "mlp.gate_proj", at.up, c.hidden, c.width);
    n.linear(layer + "mlp.up_proj", {at.up.weight + half, at.up.bias == kAbsent ? kAbsent : at.up.bias + c.hidden},
             c.hidden, c.width);
    n.linear(layer + "mlp.down_proj", at.down, c.width, c.hidden);
  }
  n.norm("model.norm", n.layout.final_norm);
  if (!c.tied_embeddings) n.linear("lm_head", n.layout.head, c.vocabulary, c.width);
}

void gpt2(Names& n, const std::string& prefix) {
  const ModelConfig& c = n.c;
  n.build.plain(prefix + "wte.weight", n.layout.embedding, {c.vocabulary, c.width});
  n.build.plain(prefix + "wpe.weight", n.layout.positions, {c.context, c.width});
  for (std::size_t i = 0; i < n.layout.layers.size(); ++i) {
    const LayerLayout& at = n.layout.layers[i];
    const std::string layer = fmt::format("{}h.{}.", prefix, i);
    n.norm(layer + "ln_1", at.attention_norm);
    n.conv1d(layer + "attn.c_attn", at.qkv, c.qkv_width(), c.width);
    n.conv1d(layer + "attn.c_proj", at.output, c.width, c.attention_width());
    n.norm(layer + "ln_2", at.feed_forward_norm);
    n.conv1d(layer + "mlp.c_fc", at.up, c.hidden, c.width);
    n.conv1d(layer + "mlp.c_proj", at.down, c.width, c.hidden);
  }
  n.norm(prefix + "ln_f", n.layout.final_norm);
  if (!c.tied_embeddings) n.linear("lm_head", n.layout.head, c.vocabulary, c.width);
}

void gptj(Names& n) {
  const ModelConfig& c = n.c;
  n.build.plain("transformer.wte.weight", n.layout.embedding, {c.vocabulary, c.width});
  for (std::size_t i = 0; i < n.layout.layers.size(); ++i) {
    const LayerLayout& at = n.layout.layers[i];
    const std::string layer = fmt::format("transformer.h.{}.", i);
    n.norm(layer + "ln_1", at.attention_norm);
    n.separate_qkv(layer + "attn.", at.qkv);
    n.linear(layer + "attn.out_proj", at.output, c.width, c.attention_width());
    n.linear(layer + "mlp.fc_in", at.up, c.hidden, c.width);
    n.linear(layer + "mlp.fc_out", at.down, c.width, c.hidden);
  }
  n.norm("transformer.ln_f", n.layout.final_norm);
  n.linear("lm_head", n.layout.head, c.vocabulary, c.width);
}

void gpt_neox(Names& n) {
  const ModelConfig& c = n.c;
  n.build.plain("gpt_neox.embed_in.weight", n.layout.embedding, {c.vocabulary, c.width});
  for (std::size_t i = 0; i < n.layout.layers.size(); ++i) {
    const LayerLayout& at = n.layout.layers[i];
    const std::string layer = fmt::format("gpt_neox.layers.{}.", i);
    n.norm(layer + "input_layernorm", at.attention_norm);
    n.norm(layer + "post_attention_layernorm", at.feed_forward_norm);
    n.build.by_head(layer + "attention.query_key_value.weight", at.qkv.weight, c.width);
    if (c.qkv_bias) n.build.by_head(layer + "attention.query_key_value.bias", at.qkv.bias, 0);
    n.linear(layer + "attention.dense", at.output, c.width, c.attention_width());
    n.linear(layer + "mlp.dense_h_to_4h", at.up, c.hidden, c.width);
    n.linear(layer + "mlp.dense_4h_to_h", at.down, c.width, c.hidden);
  }
  n.norm("gpt_neox.final_layer_norm", n.layout.final_norm);
  if (!c.tied_embeddings) n.linear("embed_out", n.layout.head, c.vocabulary, c.width);
}

}  // namespace

Result<std::vector<ForeignTensor>> huggingface_tensors(const ModelConfig& config, bool prefixed) {
  CAIRN_ASSIGN(const Dialect dialect, dialect_of(config));
  Names names(config, dialect == Dialect::gptj ? Pairs::interleaved : Pairs::halves);
  switch (dialect) {
    case Dialect::gpt2:
      gpt2(names, prefixed ? "transformer." : "");
      break;
    case Dialect::gptj:
      gptj(names);
      break;
    case Dialect::gpt_neox:
      gpt_neox(names);
      break;
    default:
      llama_kin(names);
      break;
  }
  return names.build.take();
}

bool is_harmless_buffer(Dialect dialect, std::string_view name) {
  // "name.12.rest" is one where the pattern, with '#' for a number, is listed.
  std::string pattern;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool digit = name[i] >= '0' && name[i] <= '9';
    if (!digit) pattern += name[i];
    if (digit && (i == 0 || name[i - 1] == '.')) pattern += '#';
  }
  const auto any_of = [&](std::initializer_list<std::string_view> patterns) {
    return std::ranges::find(patterns, pattern) != patterns.end();
  };
  switch (dialect) {
    case Dialect::gpt2:
      return any_of(
          {"transformer.h.#.attn.bias", "transformer.h.#.attn.masked_bias", "h.#.attn.bias", "h.#.attn.masked_bias"});
    case Dialect::gptj:
      return any_of({"transformer.h.#.attn.bias", "transformer.h.#.attn.masked_bias"});
    case Dialect::gpt_neox:
      return any_of({"gpt_neox.layers.#.attention.bias", "gpt_neox.layers.#.attention.masked_bias",
                     "gpt_neox.layers.#.attention.rotary_emb.inv_freq", "gpt_neox.rotary_emb.inv_freq"});
    default:
      return any_of({"model.layers.#.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq"});
  }
}

}  // namespace cairn::model
