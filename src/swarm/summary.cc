#include "swarm/summary.h"

#include "base/files.h"
#include "base/json.h"

namespace cairn::swarm {

Result<HostSummary> summarise(RunFolder& folder, TimePoint now) {
  CAIRN_ASSIGN(const Coordinator machine, folder.coordinator(now));
  CAIRN_ASSIGN(const auto completed, folder.completed(std::nullopt));
  const Plan& plan = folder.plan();
  const RunRow& run = machine.run();
  HostSummary out;
  out.run = run_id(plan);
  out.name = plan.name;
  out.model = run.checkpoint;
  out.model_file = folder.blobs().path_of(run.checkpoint);
  out.rounds = run.round;
  out.units = plan.units();
  out.tokens = run.accepted * plan.tokens_per_unit();
  out.parameters = plan.parameters;
  out.contributions = run.accepted;
  out.audits = run.audits;
  out.reissued = run.reissued;
  out.loss = run.loss;
  out.seconds = static_cast<double>((completed.value_or(now) - folder.begun()).count()) / 1000;
  for (const auto& [id, row] : machine.volunteers()) {
    const bool put_out = row.phase == VolunteerPhase::put_out;
    out.volunteers.push_back({id, row.name, row.units, row.tokens, put_out});
    if (!put_out) continue;
    const std::filesystem::path path = folder.evidence_path(row.evidence);
    CAIRN_ASSIGN(const std::string text, read_text(path));
    CAIRN_ASSIGN(const Evidence evidence, evidence_from_file(text));
    out.cheats.push_back({id, row.name, evidence.cheat.claim.unit, path, explain(evidence.plan, evidence.cheat)});
  }
  return out;
}

Result<HostSummary> read_summary(const std::filesystem::path& run, Env& env) {
  CAIRN_TRY(read_plan(run));  // before the folder is opened, which would make it
  CAIRN_ASSIGN(RunFolder folder, RunFolder::open(run, std::nullopt, {}, env));
  CAIRN_ASSIGN(const Coordinator machine, folder.coordinator(env.clock.now()));
  if (machine.run().phase != RunPhase::complete)
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("the run in {} is not complete: {} of {} rounds are merged", run.string(),
                                      machine.run().round, folder.plan().rounds),
                          fmt::format("cairn host --run {} continues it", run.string()));
  return summarise(folder, env.clock.now());
}

std::string to_json(const HostSummary& summary) {
  Json cheats = Json::array(), volunteers = Json::array();
  for (const auto& cheat : summary.cheats)
    cheats.push_back({{"volunteer", cheat.volunteer.hex()},
                      {"name", cheat.name},
                      {"unit", cheat.unit.text()},
                      {"evidence", cheat.evidence.string()},
                      {"explanation", cheat.explanation}});
  for (const auto& one : summary.volunteers)
    volunteers.push_back({{"id", one.id.hex()},
                          {"name", one.name},
                          {"units", one.units},
                          {"tokens", one.tokens},
                          {"put_out", one.put_out}});
  return canonical({{"run", summary.run.hex()},
                    {"name", summary.name},
                    {"model_digest", summary.model.hex()},
                    {"model_file", summary.model_file.string()},
                    {"rounds", summary.rounds},
                    {"units", summary.units},
                    {"tokens", summary.tokens},
                    {"parameters", summary.parameters},
                    {"contributions", summary.contributions},
                    {"audits", summary.audits},
                    {"reissued", summary.reissued},
                    {"loss", summary.loss},
                    {"seconds", summary.seconds},
                    {"cheats", cheats},
                    {"volunteers", volunteers}});
}

}  // namespace cairn::swarm
