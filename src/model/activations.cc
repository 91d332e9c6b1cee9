#include "model/activations.h"

#include <algorithm>

namespace cairn::model {
namespace {

Room resolved(const ModelConfig& c, Room room) {
  if (room.logit_rows == 0) room.logit_rows = std::min(room.rows, usual_logit_rows(c));
  if (room.grain_rows == 0) room.grain_rows = room.rows;
  return room;
}

// Names each buffer of a norm or a block once, with its size: to make room, and to count it.
template <class Visit>
void each_buffer(NormActivations& n, const ModelConfig& c, std::size_t rows, Visit visit) {
  if (c.norm == Norm::layer) visit(n.mean, rows);
  visit(n.rstd, rows);
  visit(n.y, rows * c.width);
}

template <class Visit>
void each_buffer(BlockActivations& b, const ModelConfig& c, const Room& room, Visit visit) {
  const std::size_t rows = room.rows;
  each_buffer(b.attention_norm, c, rows, visit);
  if (c.qk_norm) {
    visit(b.heads, rows * c.qkv_width());
    visit(b.q_rstd, rows * c.heads);
    visit(b.k_rstd, rows * c.kv_heads);
  }
  visit(b.qkv, rows * c.qkv_width());
  if (room.keep != Keep::last) visit(b.attention_stats, rows * c.heads * 2);
  visit(b.attended, rows * c.attention_width());
  if (room.keep != Keep::last && c.residual == Residual::sequential) visit(b.middle, rows * c.width);
  if (c.residual != Residual::parallel_shared_norm) each_buffer(b.feed_forward_norm, c, rows, visit);
  visit(b.up, rows * c.up_width());
  visit(b.activated, rows * c.hidden);
  for (auto& site : b.low_rank) visit(site, rows * room.rank);
}

template <class Visit>
void each_buffer(Activations& a, const ModelConfig& c, Visit visit) {
  const std::size_t rows = a.room.rows;
  if (a.room.keep != Keep::last) visit(a.out, rows * c.width);
  each_buffer(a.final_norm, c, rows, visit);
  visit(a.logits, a.room.logit_rows * c.vocabulary);
  visit(a.wide, rows * std::max({c.qkv_width(), c.hidden, c.width}));
  visit(a.low_rank, rows * a.room.rank);
}

std::size_t inputs_of(const ModelConfig& c, Keep keep) {
  return keep == Keep::last ? 1 : c.layers;
}
std::size_t blocks_of(const ModelConfig& c, Keep keep) {
  return keep == Keep::all ? c.layers : 1;
}

}  // namespace

std::size_t usual_logit_rows(const ModelConfig& config) {
  // Each chunk of rows packs the head's weights anew, so many rows at once, up to 128 MiB of logits.
  constexpr std::size_t kFloats = std::size_t{1} << 25, kLeast = 128, kMost = 512;
  return std::clamp(kFloats / config.vocabulary, kLeast, kMost);
}

Activations::Activations(const ModelConfig& c, const Room& wanted)
    : room(resolved(c, wanted)), inputs(inputs_of(c, wanted.keep)), blocks(blocks_of(c, wanted.keep)) {
  const auto make = [](auto& buffer, std::size_t count) { buffer.resize(count); };
  for (auto& input : inputs) make(input, room.rows * c.width);
  for (BlockActivations& b : blocks) each_buffer(b, c, room, make);
  each_buffer(*this, c, make);
}

tensor::Array<float>& Activations::stream_after(std::size_t layer) {
  if (inputs.size() == 1 && out.empty()) return inputs[0];
  return layer + 1 < inputs.size() ? inputs[layer + 1] : out;
}

std::uint64_t activation_bytes(const ModelConfig& config, const Room& room) {
  Activations none(config, {});
  none.room = resolved(config, room);
  std::uint64_t outside = 0, block = 0;
  const auto count_in = [](std::uint64_t& bytes) {
    return [&bytes](const auto& buffer, std::size_t count) { bytes += count * sizeof(buffer[0]); };
  };
  BlockActivations one;
  each_buffer(one, config, none.room, count_in(block));
  each_buffer(none, config, count_in(outside));
  const std::uint64_t input = std::uint64_t{room.rows} * config.width * sizeof(float);
  return outside + inputs_of(config, room.keep) * input + blocks_of(config, room.keep) * block;
}

}  // namespace cairn::model
