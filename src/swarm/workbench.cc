#include "swarm/workbench.h"

#include <cstring>

#include "model/checkpoint.h"
#include "train/contribution.h"
#include "train/merge.h"

namespace cairn::swarm {

struct Workbench::State {
  Plan plan;
  tensor::Context context;
  Digest digest;  // of the model kept
  std::optional<model::Model> model;

  Result<const model::Model*> model_of(const Digest& wanted, ByteView file) {
    if (model && digest == wanted) return &*model;
    const Digest actual = sha256(file);
    if (actual != wanted)
      return fail(ErrorCode::malformed, "checkpoint: expected the digest {}, got {}", wanted.hex(), actual.hex());
    CAIRN_ASSIGN(model, model::decode(file));
    digest = wanted;
    if (model->weights().size() != plan.parameters) {
      const std::size_t got = model->weights().size();
      model.reset();
      return fail(ErrorCode::invalid, "checkpoint: the plan is for {} parameters, got a model of {}", plan.parameters,
                  got);
    }
    return &*model;
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
  CAIRN_ASSIGN(const std::vector<std::uint16_t> tokens, tokens_of(shard));
  CAIRN_ASSIGN(const model::Model* model, state_->model_of(work.checkpoint, checkpoint));
  CAIRN_ASSIGN(train::UnitResult result,
               train::run_unit(state_->context, *model, tokens, plan.unit_settings(work.unit.round),
                               plan.unit_key(work.unit), watch));
  const Digest contribution = sha256(result.contribution);
  return Computed{std::move(result.contribution), {contribution, std::move(result.states), result.mean_loss}};
}

Result<MergedModel> Workbench::merge(ByteView checkpoint, ByteView outer_state, std::span<const Bytes> contributions) {
  const Plan& plan = state_->plan;
  CAIRN_ASSIGN(model::Model model, model::decode(checkpoint));
  train::OuterState outer;
  if (!outer_state.empty()) {
    CAIRN_ASSIGN(outer, train::decode_outer_state(outer_state, plan.parameters));
  }
  std::vector<train::Contribution> ordered;
  for (const Bytes& bytes : contributions) {
    CAIRN_ASSIGN(train::Contribution contribution, train::decode_contribution(bytes, plan.parameters));
    ordered.push_back(std::move(contribution));
  }
  CAIRN_TRY(train::merge(model, outer, ordered, plan.outer));
  return MergedModel{model::encode(model), train::encode(outer)};
}

Result<std::vector<std::uint16_t>> tokens_of(ByteView shard) {
  if (shard.size() % 2 != 0)
    return fail(ErrorCode::malformed, "shard: expected 16-bit token ids, got {} bytes", shard.size());
  std::vector<std::uint16_t> tokens(shard.size() / 2);
  if (!tokens.empty()) std::memcpy(tokens.data(), shard.data(), shard.size());
  return tokens;
}

Bytes shard_of(std::span<const std::uint16_t> tokens) {
  Bytes out(tokens.size() * 2);
  if (!tokens.empty()) std::memcpy(out.data(), tokens.data(), out.size());
  return out;
}

}  // namespace cairn::swarm
