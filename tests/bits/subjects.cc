#include "subjects.h"

namespace cairn::bits {
namespace {

model::ModelConfig base(Size size) {
  const bool tiny = size == Size::tiny;
  return {.vocabulary = tiny ? 53U : 400U,
          .width = tiny ? 32U : 128U,
          .layers = 2,
          .heads = tiny ? 2U : 4U,
          .kv_heads = tiny ? 2U : 4U,
          .hidden = tiny ? 45U : 157U,
          .context = tiny ? 13U : 48U};
}

model::ModelConfig llama(Size size) {
  model::ModelConfig c = base(size);
  c.family = "llama";
  c.kv_heads = size == Size::tiny ? 1 : 2;
  c.qk_norm = true;
  return c;
}
model::ModelConfig gpt2(Size size) {
  model::ModelConfig c = base(size);
  c.family = "gpt2";
  c.norm = model::Norm::layer;
  c.activation = model::Activation::gelu_tanh;
  c.positions = model::Positions::learned;
  c.qkv_bias = c.output_bias = c.feed_forward_bias = c.norm_bias = true;
  return c;
}
model::ModelConfig neox(Size size) {
  model::ModelConfig c = base(size);
  c.family = "gpt-neox";
  c.norm = model::Norm::layer;
  c.activation = model::Activation::gelu;
  c.rotary_width = 4;
  c.residual = model::Residual::parallel;
  c.qkv_bias = c.output_bias = c.feed_forward_bias = c.norm_bias = true;
  c.tied_embeddings = false;
  return c;
}
model::ModelConfig gptj(Size size) {
  model::ModelConfig c = base(size);
  c.family = "gptj";
  c.norm = model::Norm::layer;
  c.activation = model::Activation::gelu_tanh;
  c.rotary_width = 8;
  c.rotary_interleaved = true;
  c.residual = model::Residual::parallel_shared_norm;
  c.feed_forward_bias = c.norm_bias = c.head_bias = true;
  c.tied_embeddings = false;
  return c;
}
model::ModelConfig encoder(Size size) {
  model::ModelConfig c = base(size);
  c.family = "encoder";
  c.causal = false;
  c.tied_embeddings = false;
  return c;
}

}  // namespace

std::vector<Subject> subjects(Size size) {
  const bool tiny = size == Size::tiny;
  const auto subject = [&](model::ModelConfig config) {
    Subject s{.name = (tiny ? "tiny." : "small.") + config.family,
              .config = std::move(config),
              .sequences = tiny ? 4U : 16U,
              .grain = tiny ? 1U : 2U,
              .optimiser = {.weight_decay = 0.1F}};
    s.time = s.config.context;
    return s;
  };
  std::vector<Subject> all = {subject(llama(size)), subject(gpt2(size)), subject(neox(size)), subject(gptj(size)),
                              subject(encoder(size))};
  all[1].dropout = 0.1F;
  all[2].z_loss = 1e-3F;
  all[2].optimiser.state_bits = 8;
  all[3].optimiser.algorithm = train::Algorithm::muon;
  all[4].optimiser.algorithm = train::Algorithm::muon;
  all[4].optimiser.state_bits = 8;
  return all;
}

}  // namespace cairn::bits
