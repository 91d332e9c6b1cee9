// cairn train: the plan of a run from a few choices; trained here alone, or left for cairn host and its volunteers.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/words.h"
#include "base/files.h"
#include "swarm/alone.h"
#include "swarm/site_run.h"
#include "swarm/summary.h"
#include "work/commit.h"
#include "work/lineage.h"

namespace cairn::apps {
namespace {

// A computer that trains for its own site has nobody to deceive: some replays are kept, to find faults of its memory.
constexpr double kAuditShareAlone = 0.1;

struct TrainOptions {
  std::string shards, name = "base";
  std::uint64_t seed = 7;
  train::PlanChoices choices;
  std::optional<double> audit_share;
  std::filesystem::path prepare, finish, run;
  int threads = 0;
};

struct TrainingData {
  AssetId shards, tokenizer;
  std::shared_ptr<const work::TrainingTokens> tokens;
};

Result<TrainingData> data_of(guard::Guard& guard, const TrainOptions& options) {
  TrainingData out;
  CAIRN_ASSIGN(out.shards, work::find_of_kind(guard.ledger(), options.shards, "shards"));
  CAIRN_ASSIGN(out.tokenizer, work::origin_of_kind(guard.ledger(), out.shards, "tokenizer"));
  CAIRN_ASSIGN(work::TrainingTokens tokens, work::TrainingTokens::open(guard, out.shards));
  out.tokens = std::make_shared<const work::TrainingTokens>(std::move(tokens));
  return out;
}

Result<swarm::PreparedRun> plan_run(const TrainOptions& options, const TrainingData& data) {
  swarm::RunSettings settings{.name = options.name, .seed = options.seed};
  settings.training = train::plan_for(data.tokens->vocabulary(), data.tokens->count(), options.choices);
  settings.audit_share = options.audit_share.value_or(options.prepare.empty() ? kAuditShareAlone : 1.0);
  return swarm::prepare_run(*data.tokens, settings);
}

std::string text_of(const swarm::Plan& plan) {
  return fmt::format("A decoder of {} parameters; {} of {}, {} each, {} tokens in all.", grouped(plan.parameters),
                     counted(plan.rounds, "round"), counted(plan.lanes, "unit"), counted(plan.unit.steps, "local step"),
                     grouped(plan.units() * plan.tokens_per_unit()));
}

std::string cairn_at(const Shell& shell) {
  return shell.site == "." ? "cairn" : "cairn --site " + quoted(shell.site.string());
}

// Stores the model of a complete run, and says so.
Result<int> finish(const Shell& shell, guard::Guard& guard, const TrainingData& data, const swarm::Plan& plan,
                   const std::filesystem::path& run, const swarm::HostSummary& summary, const work::Energy& energy) {
  CAIRN_ASSIGN(const AssetId model,
               swarm::commit_run(guard, data.shards, data.tokenizer, *data.tokens, plan, summary, energy));
  CAIRN_ASSIGN(const ledger::AssetSummary asset, guard.ledger().summary(model));
  CAIRN_ASSIGN(Json json, parse_json(swarm::to_json(summary)));
  json["model"] = model.hex();
  json["run_folder"] = run.string();
  print(shell,
        fmt::format("{}\n{}, {} replayed; loss {:.3f} nats a token; {:.1f} s.\nThe model: {}\n{}\nIts run: {}",
                    text_of(plan), counted(summary.contributions, "contribution"), summary.audits, summary.loss,
                    summary.seconds, summary.model.hex(), line_of(asset), run.string()),
        json);
  return 0;
}

Result<int> prepare(const Shell& shell, guard::Guard& guard, const TrainOptions& options) {
  CAIRN_ASSIGN(const TrainingData data, data_of(guard, options));
  CAIRN_TRY(data.tokens->authorise_sharing(guard));  // better now than at the first volunteer
  CAIRN_ASSIGN(const swarm::PreparedRun run, plan_run(options, data));
  CAIRN_TRY(swarm::write_prepared(options.prepare, run));
  const auto in = [&](const char* file) { return quoted((options.prepare / file).string()); };
  const std::string host = fmt::format("{} host {} --run {} --checkpoint {} --shards {}", cairn_at(shell),
                                       in("plan.json"), in("run"), in("first.safetensors"), data.shards.brief());
  const std::string after =
      fmt::format("{} train {} --finish {}", cairn_at(shell), data.shards.brief(), quoted(options.prepare.string()));
  print(shell,
        fmt::format("{}\nCoordinate it, and let volunteers join at the address that it prints:\n  {}\nWhen it is "
                    "complete, take the model in:\n  {}",
                    text_of(run.plan), host, after),
        Json{{"run", swarm::run_id(run.plan).hex()},
             {"parameters", run.plan.parameters},
             {"plan", (options.prepare / "plan.json").string()},
             {"host", host},
             {"finish", after}});
  return 0;
}

Result<int> finish_prepared(Shell& shell, guard::Guard& guard, const TrainOptions& options) {
  CAIRN_ASSIGN(const TrainingData data, data_of(guard, options));
  const std::filesystem::path run = options.finish / "run";
  CAIRN_ASSIGN(const swarm::HostSummary summary, swarm::read_summary(run, shell.env));
  CAIRN_ASSIGN(const swarm::Plan plan, swarm::read_plan(run));
  const work::Energy energy{.method =
                                "not measured: the volunteers' computers and the coordinator were other processes"};
  return finish(shell, guard, data, plan, run, summary, energy);
}

Result<int> train_here(const Shell& shell, guard::Guard& guard, const TrainOptions& options) {
  CAIRN_ASSIGN(const TrainingData data, data_of(guard, options));
  CAIRN_ASSIGN(swarm::PreparedRun prepared, plan_run(options, data));
  const std::filesystem::path run = options.run.empty() ? shell.site / "runs" / options.name : options.run;
  const bool begun = std::filesystem::exists(run / "plan.json");
  swarm::HostOptions host{.run = run, .plan = prepared.plan, .env = shell.env};
  host.checkpoint = std::move(prepared.checkpoint);
  host.shards = swarm::shards_through_guard(guard, data.tokens, prepared.plan);
  host.compute.threads = options.threads;
  host.stop = interrupted;
  // A copy of the text beside the run lets anyone replay it; where the text may not be shared there is none.
  const auto may_share = data.tokens->authorise_sharing(guard);
  if (!may_share && !work::is_refusal(may_share.error())) return fail(may_share.error());
  host.keep_shards = may_share.has_value();
  const work::EnergyMeter meter;
  auto summary = swarm::train_alone({.host = std::move(host)});
  if (!summary && summary.error().code == ErrorCode::interrupted)
    summary.error().hint = "the same command goes on from there";
  if (!summary) return fail(std::move(summary).error());
  work::Energy energy = meter.read();
  if (begun) energy.method += "; of the last start alone, the run was begun before";
  return finish(shell, guard, data, prepared.plan, run, *summary, energy);
}

Result<int> train(Shell& shell, const TrainOptions& options) {
  if (!options.prepare.empty() && !options.finish.empty())
    return fail_with_hint(ErrorCode::invalid, "--prepare and --finish: expected one of the two",
                          "prepare, then cairn host, then finish");
  if (options.run.empty() && options.name.find('/') != std::string::npos)
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("\"{}\" cannot be the name of the run's folder in the site", options.name),
                          "take a name without \"/\", or say where the run goes: --run FOLDER");
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn train"}, shell.env));
  if (!options.prepare.empty()) return prepare(shell, guard, options);
  return options.finish.empty() ? train_here(shell, guard, options) : finish_prepared(shell, guard, options);
}

void add_choices(CLI::App& command, train::PlanChoices& choices) {
  const train::TrainingPlan plan = train::plan_for(4096, std::uint64_t{1} << 32);  // with text enough
  const auto add = [&](const char* name, auto& choice, const char* about, auto otherwise) {
    command.add_option(name, choice, fmt::format("{} (default: {})", about, otherwise));
  };
  add("--width", choices.width, "Of the model: a multiple of 32", plan.config.width);
  add("--layers", choices.layers, "Of the model", plan.config.layers);
  add("--heads", choices.heads, "Of attention", "width / 32");
  add("--hidden", choices.hidden, "Of the feed-forward layers", "width x 8 / 3");
  add("--context", choices.context, "Tokens that the model sees", plan.config.context);
  add("--rounds", choices.rounds, "Of the run: merges", plan.rounds);
  add("--lanes", choices.lanes, "Units in a round", plan.lanes);
  add("--steps", choices.steps, "Local steps of a unit", fmt::format("{}, or what the text feeds", plan.unit.steps));
  add("--sequences", choices.sequences, "In a step", plan.unit.sequences);
  add("--learning-rate", choices.learning_rate, "At its peak", plan.unit.learning_rate);
}

}  // namespace

void add_train(CLI::App& app, Shell& shell) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand("train", "Train a base: here alone, or prepared for volunteers");
  command->add_option("SHARDS", options->shards, "Their name, or the beginning of the id; without it, the newest");
  command->add_option("--name", options->name, "Of the model and its run")->capture_default_str();
  command->add_option("--seed", options->seed, "Decides the model, together with the plan and the shards")
      ->capture_default_str();
  add_choices(*command, options->choices);
  command->add_option("--audit-share", options->audit_share,
                      "Of the contributions, replayed before they are merged (0.1 alone, 1 with volunteers)");
  command->add_option("--run", options->run, "The run's folder, alone; without it, runs/NAME in the site");
  command->add_option("--prepare", options->prepare, "Train nothing: leave in this folder what cairn host needs");
  command->add_option("--finish", options->finish, "Take in the model of the run that was prepared in this folder");
  command->add_option("--threads", options->threads, "0: one per processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->footer(
      "Interrupted or killed, the same command goes on from what was kept; complete, it trains nothing anew.\n"
      "Example: cairn train --name base --rounds 2\n"
      "Example: cairn train --prepare training");
  on_chosen(*command, shell, [&shell, options] { return train(shell, *options); });
}

}  // namespace cairn::apps
