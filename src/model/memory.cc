#include "model/memory.h"

#include <algorithm>

#include "model/backward.h"

namespace cairn::model {

Room room_within(const ModelConfig& config, const BatchSize& batch, std::uint64_t bytes, std::size_t rank) {
  const std::size_t grains = std::max<std::size_t>(1, (batch.sequences + batch.grain - 1) / batch.grain);
  const auto room = [&](std::size_t passes, Keep keep) {
    const std::size_t at_once = (grains + passes - 1) / passes;
    return Room{.rows = std::min(at_once * batch.grain, batch.sequences) * batch.time,
                .keep = keep,
                .rank = rank,
                .grain_rows = batch.grain * batch.time};
  };
  for (std::size_t passes = 1; passes < grains; ++passes)
    if (const Room tried = room(passes, Keep::all); workspace_bytes(config, tried) <= bytes) return tried;
  const Room one = room(grains, Keep::all);
  return workspace_bytes(config, one) <= bytes ? one : room(grains, Keep::inputs);
}

TrainingMemory training_memory(const ModelConfig& c, const BatchSize& batch, const Room& room, double state_bytes) {
  const std::uint64_t weights = parameter_count(c);
  const std::uint64_t turned = c.positions == Positions::rotary ? c.turned_width() : 0;
  TrainingMemory out;
  out.weights = sizeof(float) * weights;
  out.copies = sizeof(tensor::Bf16) * weights + sizeof(float) * turned * c.context;
  out.gradient = sizeof(float) * weights;
  out.optimiser = static_cast<std::uint64_t>(state_bytes * static_cast<double>(weights));
  out.pass = workspace_bytes(c, room);
  const std::uint64_t tokens = std::min<std::uint64_t>(c.vocabulary, batch.sequences * batch.time);
  if (c.tied_embeddings) out.tied = sizeof(float) * tokens * c.width;
  return out;
}

}  // namespace cairn::model
