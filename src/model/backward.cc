#include "model/backward.h"

#include <algorithm>

#include "model/pass.h"
#include "tensor/elementwise.h"

namespace cairn::model {
namespace {

// Names each buffer once, with its size: to make room, and to count it.
template <class Visit>
void each_buffer(Workspace& w, const ModelConfig& c, const Room& room, Visit visit) {
  const std::size_t rows = room.rows, grain_rows = room.grain_rows > 0 ? room.grain_rows : rows;
  visit(w.loss, rows);
  visit(w.dlogits, grain_rows * c.vocabulary);
  visit(w.dx, rows * c.width);
  visit(w.narrow, rows * std::max(c.width, c.attention_width()));
  visit(w.narrow_map, rows * std::max(c.up_width(), c.qkv_width()));
  if (c.residual != Residual::sequential) visit(w.branch, rows * c.width);
  visit(w.low_rank, rows * room.rank);
}

Pass pass_of(tensor::Context& context, const ComputeWeights& w, const MicroBatch& batch) {
  return {.context = context,
          .w = w,
          .delta = batch.delta,
          .batch = batch.batch,
          .time = batch.time,
          .fold = batch.grain_rows > 0 ? batch.grain_rows : batch.batch * batch.time,
          .dropout = batch.dropout};
}

// Calls act(first, count) for the rows of each grain, in order.
template <class Act>
void each_grain(const Pass& p, Act act) {
  for (std::size_t first = 0; first < p.rows(); first += p.fold) act(first, std::min(p.fold, p.rows() - first));
}

void check(const Pass& p, const MicroBatch& batch, const Workspace& work) {
  CAIRN_CHECK(batch.targets.size() == p.rows() && p.fold % p.time == 0 && p.rows() <= work.loss.size());
}

}  // namespace

Workspace::Workspace(const ModelConfig& config, const Room& room) : activations(config, room) {
  CAIRN_CHECK(room.keep != Keep::last);
  each_buffer(*this, config, room, [](auto& buffer, std::size_t count) { buffer.resize(count); });
}

std::uint64_t workspace_bytes(const ModelConfig& config, const Room& room) {
  Workspace none(config, Room{});
  std::uint64_t bytes = activation_bytes(config, room);
  each_buffer(none, config, room, [&](const auto& buffer, std::size_t count) { bytes += count * sizeof(buffer[0]); });
  return bytes;
}

float loss(tensor::Context& context, const ComputeWeights& w, const MicroBatch& batch, Workspace& work) {
  const Pass p = pass_of(context, w, batch);
  check(p, batch, work);
  run_blocks(p, batch.ids, work.activations);
  head_loss(p, work.activations,
            {.targets = batch.targets, .z_loss = batch.z_loss, .count = p.rows(), .loss = work.loss.data()});
  float total = batch.loss_before;
  each_grain(
      p, [&](std::size_t first, std::size_t count) { total += tensor::sum(context, count, work.loss.data() + first); });
  return total;
}

float loss_and_gradient(tensor::Context& context, const ComputeWeights& w, const MicroBatch& batch, Workspace& work,
                        const Gradients& into) {
  const Pass p = pass_of(context, w, batch);
  check(p, batch, work);
  CAIRN_CHECK(std::min(p.fold, p.rows()) <= work.activations.room.grain_rows);
  Activations& a = work.activations;
  const std::size_t layers = w.config().layers;
  float total = batch.loss_before;

  run_blocks(p, batch.ids, a);
  each_grain(p, [&](std::size_t first, std::size_t count) {
    head_loss(p, a,
              {.targets = batch.targets,
               .scale = batch.scale,
               .z_loss = batch.z_loss,
               .first = first,
               .count = count,
               .loss = work.loss.data(),
               .dlogits = work.dlogits.data()});
    total += tensor::sum(context, count, work.loss.data() + first);
    head_backward(p, first, count, work, into);
  });
  finish_backward(p, a, a.stream_after(layers - 1).data(), work, into);
  for (std::size_t layer = layers; layer-- > 0;) {
    const float* const x = a.input(layer).data();
    // The last block's activations are still those of the forward pass.
    const bool again = a.room.keep == Keep::inputs && layer + 1 < layers;
    if (again) block(p, layer, a.block(layer), a, x, nullptr);
    block_backward(p, layer, a.block(layer), work, x, into);
  }
  embed_backward(p, batch, work, into);
  return total;
}

}  // namespace cairn::model
