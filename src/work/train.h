// The step `train`: what a run starts from, which tokens each unit gets, and the model asset that comes out.
// Not the run itself: swarm/ hands out units, checks and merges; the arithmetic is train/'s. Blocking; one thread.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/env.h"
#include "base/json.h"
#include "base/result.h"
#include "base/tokens.h"
#include "data/shard.h"
#include "guard/guard.h"
#include "model/model.h"
#include "train/unit.h"

namespace cairn::work {

// The training tokens of a shards asset, dealt out to the units of a run. A unit gets windows of the run's context from
// all over the text: units made of neighbouring documents would pull their copies of the model apart (measured: lanes
// that each read a few documents end 0.8 nats below what their average then makes of other text). Each round authorises
// anew: a withdrawal closes the door at the next shard.
class TrainingTokens {
 public:
  // Needs the use `train`, and for each shard handed to a volunteer `share` with volunteers.
  static Result<TrainingTokens> open(guard::Guard& guard, const AssetId& shards);

  std::uint64_t count() const { return shard_->tokens().size(); }
  std::uint32_t vocabulary() const { return shard_->vocabulary(); }
  // The order in which windows of `context` tokens are dealt: a permutation by `seed`, the same on every machine.
  std::vector<std::uint32_t> deal(std::uint32_t context, std::uint64_t seed) const;
  // The tokens of unit `index` of a run: as many windows as it reads, one after the other, and a last end of text (so a
  // window's last target is the first token of the next, which lay elsewhere: one in `context`). The deal begins anew when it is used up. invalid: the text is shorter than one unit.
  Result<TokenBuffer> shard_of_unit(std::uint64_t index, const train::UnitSettings& settings,
                                    std::span<const std::uint32_t> deal) const;
  // Whether shards may be handed to volunteers, asked now: denied or unknown with the verdict, or the pass.
  Result<guard::Pass> authorise_sharing(guard::Guard& guard) const;
  // Whether the site itself may go on training on them.
  Result<guard::Pass> authorise_replay(guard::Guard& guard) const;

 private:
  AssetId shards_;
  std::shared_ptr<const data::Shard> shard_;
};

// Stores a trained model: weights as model::encode writes them. The passes are made here, for the use `train`.
// properties: what the run measured. Errors: the guard's.
Result<AssetId> commit_model(guard::Guard& guard, const AssetId& shards, const AssetId& tokenizer,
                             const std::string& name, ByteView weights, const Json& settings, const Json& properties);

// A model's weights for whoever has a use for them. `digest` is of the file.
struct LoadedModel {
  model::Model model;
  Digest digest;
};
Result<LoadedModel> load_model(guard::Guard& guard, const permit::Use& use, const AssetId& model);

}  // namespace cairn::work
