#include "model/forward.h"

#include <algorithm>

#include "model/pass.h"

namespace cairn::model {

KeyValueCache::KeyValueCache(const ModelConfig& config)
    : keys(std::size_t{config.layers} * config.context * config.kv_width()), values(keys.size()) {}

void run_blocks(const Pass& p, std::span<const std::int32_t> ids, Activations& a) {
  CAIRN_CHECK(p.rows() <= a.room.rows && ids.size() == p.rows());
  CAIRN_CHECK(p.caches.empty() || (p.caches.size() == p.batch && p.config().causal));
  CAIRN_CHECK(!p.delta || p.delta->rank() == a.room.rank);
  const std::size_t layers = p.config().layers;
  embed(p, ids, a.input(0).data());
  for (std::size_t layer = 0; layer < layers; ++layer)
    block(p, layer, a.block(layer), a, a.input(layer).data(), a.stream_after(layer).data());
  finish(p, a, a.stream_after(layers - 1).data());
  for (KeyValueCache* cache : p.caches) cache->length += p.time;
}

namespace {

Pass pass_of(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass) {
  return {
      .context = context, .w = w, .delta = pass.delta, .batch = pass.batch, .time = pass.time, .caches = pass.caches};
}

}  // namespace

void forward(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass, Activations& a) {
  const Pass p = pass_of(context, w, pass);
  CAIRN_CHECK(pass.logits_from <= p.rows() && p.rows() - pass.logits_from <= a.room.logit_rows);
  run_blocks(p, pass.ids, a);
  head(p, a, pass.logits_from, p.rows() - pass.logits_from);
}

void forward_losses(tensor::Context& context, const ComputeWeights& w, const ForwardPass& pass,
                    std::span<const std::int32_t> targets, Activations& a, std::span<float> loss) {
  const Pass p = pass_of(context, w, pass);
  CAIRN_CHECK(targets.size() == p.rows() && loss.size() >= p.rows());
  run_blocks(p, pass.ids, a);
  head_loss(p, a, {.targets = targets, .count = p.rows(), .loss = loss.data()});
}

}  // namespace cairn::model
