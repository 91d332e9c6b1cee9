#include "swarm/workbench.h"

#include "base/tokens.h"
#include "train/checkpoint.h"
#include "train/contribution.h"
#include "train/merge.h"

namespace cairn::swarm {

struct Workbench::State {
  Plan plan;
  tensor::Context context;
  Digest digest;  // of the checkpoint kept
  std::optional<train::Checkpoint> kept;

  Result<const train::Checkpoint*> checkpoint_of(const Digest& wanted, ByteView file) {
    if (kept && digest == wanted) return &*kept;
    const Digest actual = sha256(file);
    if (actual != wanted)
      return fail(ErrorCode::malformed, "checkpoint: expected the digest {}, got {}", wanted.hex(), actual.hex());
    CAIRN_ASSIGN(kept, train::decode_checkpoint(file));
    digest = wanted;
    if (kept->model.weights().size() != plan.parameters) {
      const std::size_t got = kept->model.weights().size();
      kept.reset();
      return fail(ErrorCode::invalid, "checkpoint: the plan is for {} parameters, got a model of {}", plan.parameters,
                  got);
    }
    return &*kept;
  }
};

Workbench::Workbench(std::unique_ptr<State> state) : state_(std::move(state)) {}
Workbench::Workbench(Workbench&&) noexcept = default;
Workbench::~Workbench() = default;
const tensor::Context& Workbench::context() const {
  return state_->context;
}

Result<Workbench> Workbench::make(Plan plan, const tensor::ContextOptions& options) {
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make(options));
  return Workbench(std::make_unique<State>(State{std::move(plan), std::move(context), {}, std::nullopt}));
}

Result<Computed> Workbench::compute(const Assignment& work, ByteView checkpoint, ByteView shard,
                                    const train::Watch& watch) {
  const Plan& plan = state_->plan;
  if (sha256(shard) != work.shard)
    return fail(ErrorCode::malformed, "shard of unit {}: expected the digest {}, got {}", work.unit.text(),
                work.shard.hex(), sha256(shard).hex());
  CAIRN_ASSIGN(const train::Checkpoint* start, state_->checkpoint_of(work.checkpoint, checkpoint));
  auto tokens = TokenBuffer::from_bytes(shard, start->model.config().vocabulary);
  if (!tokens) return fail(std::move(tokens).error().within("shard"));
  CAIRN_ASSIGN(train::UnitResult result,
               train::run_unit(state_->context, *start, *tokens, train::unit_of_round(plan, work.unit.round),
                               plan.unit_key(work.unit), watch));
  const Digest contribution = sha256(result.contribution);
  return Computed{std::move(result.contribution), {contribution, std::move(result.states), result.mean_loss}};
}

Result<MergedModel> Workbench::merge(ByteView checkpoint, ByteView outer_state, std::span<const Bytes> contributions) {
  const Plan& plan = state_->plan;
  CAIRN_ASSIGN(train::Checkpoint merged, train::decode_checkpoint(checkpoint));
  train::OuterState outer;
  if (!outer_state.empty()) {
    CAIRN_ASSIGN(outer, train::decode_outer_state(outer_state, plan.parameters));
  }
  std::vector<train::Contribution> ordered;
  for (const Bytes& bytes : contributions) {
    CAIRN_ASSIGN(train::Contribution contribution, train::decode_contribution(bytes, plan.parameters));
    ordered.push_back(std::move(contribution));
  }
  CAIRN_TRY(train::merge(merged, outer, ordered, plan.outer));
  if (outer.rounds == plan.rounds) merged.moments.clear();  // the run is over: what is left is the model
  return MergedModel{train::encode(merged), train::encode(outer)};
}

}  // namespace cairn::swarm
