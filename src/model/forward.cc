#include "model/forward.h"

#include <algorithm>
#include <new>

#include "model/pass.h"

namespace cairn::model {

namespace {

constexpr std::size_t kLeastRoom = 64;

}  // namespace

Status KeyValueCache::make_room(const ModelConfig& config, std::size_t tokens) {
  CAIRN_CHECK(tokens <= config.context);
  if (tokens <= room) return {};
  const std::size_t wanted = std::min<std::size_t>(config.context, std::max({tokens, 2 * room, kLeastRoom}));
  const std::size_t kv = config.kv_width();
  try {
    tensor::Array<tensor::Bf16> more_keys(config.layers * wanted * kv), more_values(more_keys.size());
    for (std::size_t layer = 0; layer < config.layers; ++layer) {
      std::copy_n(keys.data() + layer * room * kv, length * kv, more_keys.data() + layer * wanted * kv);
      std::copy_n(values.data() + layer * room * kv, length * kv, more_values.data() + layer * wanted * kv);
    }
    keys = std::move(more_keys);
    values = std::move(more_values);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "not enough memory for the keys and values of {} tokens", wanted);
  }
  room = wanted;
  return {};
}

void run_blocks(const Pass& p, std::span<const std::int32_t> ids, Activations& a) {
  CAIRN_CHECK(p.rows() <= a.room.rows && ids.size() == p.rows());
  CAIRN_CHECK(p.caches.empty() || (p.caches.size() == p.batch && p.config().causal));
  for (const KeyValueCache* cache : p.caches) CAIRN_CHECK(cache->length + p.time <= cache->room);
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
