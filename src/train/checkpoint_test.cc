#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include "model/checkpoint.h"

namespace cairn::train {
namespace {

Checkpoint tiny() {
  model::ModelConfig config;
  config.vocabulary = 30;
  config.width = 16;
  config.layers = 1;
  config.heads = config.kv_heads = 1;
  config.hidden = 16;
  config.context = 8;
  Checkpoint out{model::Model::initialise(config, 1).value(), {}};
  out.moments.resize(blocks_of(out.model.weights().size()));
  for (std::size_t i = 0; i < out.moments.size(); ++i) out.moments[i] = 1e-9F * static_cast<float>(i);
  return out;
}

TEST(TrainingCheckpoint, ComesBackAsItWas) {
  const Checkpoint checkpoint = tiny();
  const Bytes file = encode(checkpoint);
  EXPECT_EQ(sha256(file), digest_of(checkpoint));
  const Checkpoint back = decode_checkpoint(file).value();
  EXPECT_EQ(back.moments, checkpoint.moments);
  EXPECT_EQ(encode(back), file);
}

TEST(TrainingCheckpoint, WithoutMomentsIsTheModelsFile) {
  Checkpoint checkpoint = tiny();
  checkpoint.moments.clear();
  EXPECT_EQ(encode(checkpoint), model::encode(checkpoint.model));
  EXPECT_EQ(digest_of(checkpoint), model::digest_of(checkpoint.model));
  EXPECT_TRUE(decode_checkpoint(encode(checkpoint)).value().moments.empty());
}

TEST(TrainingCheckpoint, IsNotAFinishedModel) {
  const auto model = model::decode(encode(tiny()));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::unsupported);
  EXPECT_EQ(model.error().message, "checkpoint: format 'cairn.training-checkpoint.1', expected 'cairn.checkpoint.1'");
  EXPECT_EQ(model.error().hint, "this is the checkpoint of a run under way: take the model of its end");
}

TEST(TrainingCheckpoint, RefusesMomentsThatCannotBe) {
  Checkpoint checkpoint = tiny();
  checkpoint.moments[4] = -1e-3F;
  EXPECT_EQ(decode_checkpoint(encode(checkpoint)).error().message,
            "checkpoint: second moment 4 is -0.001, expected 0 or at least 2^-80");
  checkpoint.moments[4] = 1e-30F;
  EXPECT_FALSE(decode_checkpoint(encode(checkpoint)));
  checkpoint.moments.pop_back();
  EXPECT_EQ(decode_checkpoint(encode(checkpoint)).error().code, ErrorCode::malformed);
}

TEST(TrainingCheckpoint, NeverAcceptsACutFile) {
  const Bytes file = encode(tiny());
  for (std::size_t size = 0; size < file.size(); size += 7)
    EXPECT_FALSE(decode_checkpoint(ByteView(file).first(size))) << size << " bytes";
}

TEST(Moments, AreTheMeansOfBlocks) {
  std::vector<float> v(130, 2.0F);
  v[0] = 66.0F;
  v[128] = 1e-30F;
  v[129] = 0;
  const std::vector<float> means = block_means(v);
  EXPECT_EQ(means, (std::vector<float>{3.0F, 2.0F, 0.0F}));
  std::vector<float> out(130);
  spread(means, out);
  EXPECT_EQ(out[63], 3.0F);
  EXPECT_EQ(out[64], 2.0F);
  EXPECT_EQ(out[129], 0.0F);
}

}  // namespace
}  // namespace cairn::train
