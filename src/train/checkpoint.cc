#include "train/checkpoint.h"

#include <algorithm>

#include "model/checkpoint.h"

namespace cairn::train {
namespace {

constexpr const char* kMoments = "optimiser.second_moments";

model::NamedTensor tensor_of(const Checkpoint& checkpoint) {
  return {kMoments, {checkpoint.moments.size()}, checkpoint.moments};
}

}  // namespace

Bytes encode(const Checkpoint& checkpoint) {
  if (checkpoint.moments.empty()) return model::encode(checkpoint.model);
  return model::encode(checkpoint.model, tensor_of(checkpoint));
}

Digest digest_of(const Checkpoint& checkpoint) {
  if (checkpoint.moments.empty()) return model::digest_of(checkpoint.model);
  return model::digest_of(checkpoint.model, tensor_of(checkpoint));
}

Result<Checkpoint> decode_checkpoint(ByteView file) {
  CAIRN_ASSIGN(const bool has_moments, model::is_annexed(file));
  if (!has_moments) {
    CAIRN_ASSIGN(model::Model alone, model::decode(file));
    return Checkpoint{std::move(alone), {}};
  }
  std::vector<float> moments;
  CAIRN_ASSIGN(model::Model model, model::decode(file, [&](const model::Model& read) {
                 moments.resize(blocks_of(read.weights().size()));
                 return model::ExpectedTensor{kMoments, {moments.size()}, moments};
               }));
  for (std::size_t i = 0; i < moments.size(); ++i)
    if (!(moments[i] >= 0.0F) || (moments[i] > 0.0F && moments[i] < kLeastMoment))
      return fail(ErrorCode::malformed, "checkpoint: second moment {} is {}, expected 0 or at least 2^-80", i,
                  moments[i]);
  return Checkpoint{std::move(model), std::move(moments)};
}

std::vector<float> block_means(std::span<const float> v) {
  std::vector<float> means(blocks_of(v.size()));
  for (std::size_t block = 0; block < means.size(); ++block) {
    const std::span<const float> part = v.subspan(block * kBlock, std::min(kBlock, v.size() - block * kBlock));
    float sum = 0;
    for (const float x : part) sum += x;
    const float mean = sum / static_cast<float>(part.size());
    means[block] = mean < kLeastMoment ? 0.0F : mean;
  }
  return means;
}

void spread(std::span<const float> moments, std::span<float> v) {
  CAIRN_CHECK(moments.size() == blocks_of(v.size()));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = moments[i / kBlock];
}

}  // namespace cairn::train
