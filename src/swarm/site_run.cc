#include "swarm/site_run.h"

#include "base/files.h"
#include "base/json.h"
#include "model/checkpoint.h"
#include "swarm/run_folder.h"

namespace cairn::swarm {
namespace {

Bytes bytes_of(Tokens tokens) {
  return Bytes(tokens.bytes().begin(), tokens.bytes().end());
}

}  // namespace

Result<PreparedRun> prepare_run(const work::TrainingTokens& tokens, const RunSettings& settings) {
  PreparedRun out;
  const train::TrainingPlan& training = settings.training;
  CAIRN_TRY(train::check(training));
  if (training.config.vocabulary != tokens.vocabulary())
    return fail(ErrorCode::invalid, "the plan is for a vocabulary of {}, the shards are of {}",
                training.config.vocabulary, tokens.vocabulary());
  CAIRN_ASSIGN(const model::Model model, model::Model::initialise(training.config, settings.seed));
  out.checkpoint = model::encode(model);

  out.plan.name = settings.name;
  out.plan.seed = settings.seed;
  static_cast<train::Course&>(out.plan) = training;
  out.plan.checkpoint = sha256(out.checkpoint);
  out.plan.parameters = model.weights().size();
  out.plan.audit_share = settings.audit_share;
  out.plan.pace = settings.pace;
  const auto deal = tokens.deal(out.plan.unit.context, out.plan.seed);
  for (std::uint64_t i = 0; i < out.plan.units(); ++i) {
    CAIRN_ASSIGN(const auto shard, tokens.shard_of_unit(i, out.plan.unit, deal));
    out.plan.shards.push_back(sha256(bytes_of(shard)));
  }
  CAIRN_TRY(check(out.plan));
  return out;
}

Status write_prepared(const std::filesystem::path& folder, const PreparedRun& run) {
  CAIRN_TRY(make_folder(folder));
  if (const auto there = read_plan(folder); there && *there != run.plan)
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("{} holds another run, {}", folder.string(), run_id(*there).brief()),
                          "give another folder");
  CAIRN_TRY(write_file(folder / "first.safetensors", run.checkpoint));
  return write_file(folder / "plan.json", to_json(run.plan));
}

Status check_cut_from(const Plan& plan, const work::TrainingTokens& tokens) {
  const auto deal = tokens.deal(plan.unit.context, plan.seed);
  for (std::uint64_t i = 0; i < plan.units(); ++i) {
    const auto shard = tokens.shard_of_unit(i, plan.unit, deal);
    if (!shard || sha256(bytes_of(*shard)) != plan.shards.at(i))
      return fail_with_hint(ErrorCode::invalid,
                            fmt::format("run \"{}\": unit {} of its plan was not cut from these shards", plan.name, i),
                            "name the shards that the run was prepared from");
  }
  return {};
}

Result<AssetId> commit_run(guard::Guard& guard, const AssetId& shards, const AssetId& tokenizer,
                           const work::TrainingTokens& tokens, const Plan& plan, const HostSummary& run,
                           const work::Energy& energy) {
  CAIRN_TRY(check_cut_from(plan, tokens));
  CAIRN_ASSIGN(const MappedFile weights, MappedFile::open(run.model_file));
  CAIRN_ASSIGN(Json settings, parse_json(to_json(plan)));
  settings.erase("shards");
  CAIRN_ASSIGN(Json properties, parse_json(to_json(run)));
  for (const char* of_this_machine : {"model_file", "model_digest", "name", "units"}) properties.erase(of_this_machine);
  for (Json& cheat : properties["cheats"]) cheat.erase("evidence");
  properties["digest"] = run.model.hex();
  properties["energy"] = work::to_json(energy);
  return work::commit_model(guard, shards, tokenizer, plan.name, weights.bytes(), settings, properties);
}

ShardProvider shards_through_guard(guard::Guard& guard, std::shared_ptr<const work::TrainingTokens> tokens, Plan plan) {
  auto deal = tokens->deal(plan.unit.context, plan.seed);
  return [&guard, tokens = std::move(tokens), plan = std::move(plan),
          deal = std::move(deal)](const ShardRequest& request) -> Result<Bytes> {
    CAIRN_TRY(request.volunteer ? tokens->authorise_sharing(guard) : tokens->authorise_replay(guard));
    CAIRN_ASSIGN(const auto shard, tokens->shard_of_unit(plan.index(request.unit), plan.unit, deal));
    return bytes_of(shard);
  };
}

}  // namespace cairn::swarm
