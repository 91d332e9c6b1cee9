#include "model/dialect.h"
#include "model/gguf_model.h"

namespace cairn::model {
namespace {

class Names {
 public:
  Names(const ModelConfig& config, Pairs pairs) : c(config), layout(layout_of(config)), build(config, pairs) {}

  void linear(const std::string& name, const Place& at, std::size_t rows, std::size_t columns) {
    build.plain(name + ".weight", at.weight, {rows, columns});
    if (at.bias != kAbsent) build.plain(name + ".bias", at.bias, {rows});
  }
  void norm(const std::string& name, const Place& at) {
    build.plain(name + ".weight", at.weight, {c.width});
    if (at.bias != kAbsent) build.plain(name + ".bias", at.bias, {c.width});
  }
  void heads(const std::string& name, const Place& at, std::size_t row, std::size_t count) {
    build.heads(name + ".weight", at.weight + row * c.width, count, c.width);
    if (at.bias != kAbsent) build.heads(name + ".bias", at.bias + row, count, 0);
  }

  const ModelConfig& c;
  Layout layout;
  ForeignBuilder build;
};

void separate_attention(Names& n, const LayerLayout& at, const std::string& block) {
  const ModelConfig& c = n.c;
  const std::size_t queries = c.attention_width(), kv = c.kv_width();
  n.heads(block + "attn_q", at.qkv, 0, c.heads);
  n.heads(block + "attn_k", at.qkv, queries, c.kv_heads);
  n.linear(block + "attn_v",
           {at.qkv.weight + (queries + kv) * c.width, at.qkv.bias == kAbsent ? kAbsent : at.qkv.bias + queries + kv},
           kv, c.width);
  if (c.qk_norm) {
    n.build.heads(block + "attn_q_norm.weight", at.q_norm, 1, 0);
    n.build.heads(block + "attn_k_norm.weight", at.k_norm, 1, 0);
  }
}

void gated_feed_forward(Names& n, const LayerLayout& at, const std::string& block) {
  const ModelConfig& c = n.c;
  n.linear(block + "ffn_gate", at.up, c.hidden, c.width);
  n.linear(block + "ffn_up",
           {at.up.weight + std::size_t{c.hidden} * c.width, at.up.bias == kAbsent ? kAbsent : at.up.bias + c.hidden},
           c.hidden, c.width);
}

// What the architectures' readers take for granted.
Status check_readers(const ModelConfig& c, Dialect dialect) {
  const auto refuse = [&](std::string_view what) -> Status {
    return fail_with_hint(
        ErrorCode::unsupported,
        fmt::format("GGUF: readers of the architecture {} expect {}", gguf_architecture_of(dialect), what),
        "export it as huggingface");
  };
  if (dialect == Dialect::gpt_neox && !c.qkv_bias) return refuse("biases on attention's maps");
  if (dialect == Dialect::qwen2 && c.attention_width() != c.width) return refuse("heads of width / heads channels");
  if (dialect == Dialect::qwen3 && c.qkv_bias) return refuse("no biases on attention's maps");
  return {};
}

}  // namespace

Result<std::vector<ForeignTensor>> gguf_tensors(const ModelConfig& c) {
  CAIRN_ASSIGN(const Dialect dialect, dialect_of(c));
  if (dialect == Dialect::gptj) {
    return fail_with_hint(ErrorCode::unsupported, "GGUF: no program that reads it computes GPT-J's blocks",
                          "export it as huggingface");
  }
  CAIRN_TRY(check_readers(c, dialect));
  const bool fused = dialect == Dialect::gpt2 || dialect == Dialect::gpt_neox;
  Names n(c, dialect == Dialect::llama ? Pairs::interleaved : Pairs::halves);
  n.build.plain("token_embd.weight", n.layout.embedding, {c.vocabulary, c.width});
  if (c.positions == Positions::learned) {
    n.build.plain("position_embd.weight", n.layout.positions, {c.context, c.width});
  }
  for (std::size_t i = 0; i < n.layout.layers.size(); ++i) {
    const LayerLayout& at = n.layout.layers[i];
    const std::string block = fmt::format("blk.{}.", i);
    n.norm(block + "attn_norm", at.attention_norm);
    if (fused) {
      n.build.stacked(block + "attn_qkv.weight", at.qkv.weight, c.width);
      if (c.qkv_bias) n.build.stacked(block + "attn_qkv.bias", at.qkv.bias, 0);
    } else {
      separate_attention(n, at, block);
    }
    n.linear(block + "attn_output", at.output, c.width, c.attention_width());
    n.norm(block + "ffn_norm", at.feed_forward_norm);
    fused ? n.linear(block + "ffn_up", at.up, c.hidden, c.width) : gated_feed_forward(n, at, block);
    n.linear(block + "ffn_down", at.down, c.width, c.hidden);
  }
  n.norm("output_norm", n.layout.final_norm);
  // Readers of gptneox know no tied head: it is there twice, and comes back as a head of its own.
  if (!c.tied_embeddings) n.linear("output", n.layout.head, c.vocabulary, c.width);
  if (c.tied_embeddings && dialect == Dialect::gpt_neox)
    n.build.plain("output.weight", n.layout.embedding, {c.vocabulary, c.width});
  return n.build.take();
}

}  // namespace cairn::model
