#include "model/pass.h"

#include <algorithm>

#include "tensor/elementwise.h"

namespace cairn::model {

tensor::Dropout dropout_at(const Pass& p, DropPoint point, std::size_t layer, std::size_t elements) {
  constexpr std::uint64_t kPoints = 3;  // of a layer, after the one of the embedding
  constexpr std::uint64_t kApart = std::uint64_t{1} << 44;
  const std::uint64_t place = point == DropPoint::embedding ? 0 : layer * kPoints + static_cast<std::uint64_t>(point);
  return {.rate = p.dropout.rate,
          .stream = p.dropout.stream,
          .first = place * kApart + p.dropout.first_sequence * elements};
}

void add_dropped(const Pass& p, DropPoint point, std::size_t layer, float* branch, const float* stream, float* out) {
  const std::size_t width = p.config().width, n = p.rows() * width;
  tensor::dropout(p.context, {.n = n, .dropout = dropout_at(p, point, layer, p.time * width), .x = branch});
  tensor::add(p.context, n, stream, branch, out);
}

void drop_gradient(const Pass& p, DropPoint point, std::size_t layer, const float* dstream, float* scratch,
                   tensor::Bf16* dbranch) {
  const std::size_t width = p.config().width, n = p.rows() * width;
  if (p.dropout.rate > 0.0F) {
    std::copy_n(dstream, n, scratch);
    tensor::dropout(p.context, {.n = n, .dropout = dropout_at(p, point, layer, p.time * width), .x = scratch});
    dstream = scratch;
  }
  tensor::to_bf16(p.context, n, dstream, dbranch);
}

}  // namespace cairn::model
