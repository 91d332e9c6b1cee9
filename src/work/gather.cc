#include <map>

#include "work/base_corpus.h"
#include "work/commit.h"
#include "work/lineage.h"
#include "work/specify.h"

namespace cairn::work {
namespace {

eval::SpecTraining training_of(const Json& run) {
  eval::SpecTraining out;
  out.parameters = run.value("parameters", std::uint64_t{0});
  out.tokens = run.value("tokens", std::uint64_t{0});
  out.rounds = run.value("rounds", std::uint64_t{0});
  out.contributions = run.value("contributions", std::uint64_t{0});
  out.replayed = run.value("audits", std::uint64_t{0});
  out.refused = run.value("cheats", Json::array()).size();
  out.seconds = run.value("seconds", 0.0);
  out.settings = {{"profile", "c1: canonical arithmetic, docs/arithmetic.md"},
                  {"optimiser", "AdamW in each unit; compressed contributions, merged in order (DiLoCo)"}};
  for (const Json& v : run.value("volunteers", Json::array()))
    out.contributors.push_back({.name = v.value("name", ""),
                                .units = v.value("units", std::uint64_t{0}),
                                .tokens = v.value("tokens", std::uint64_t{0}),
                                .note = v.value("put_out", false) ? "put out: what it sent did not replay" : ""});
  return out;
}

std::vector<eval::SpecData> data_of(const Plan& plan) {
  std::vector<eval::SpecData> out;
  for (const Placement& p : plan.placements) {
    const char* where = p.fate == Fate::base ? "base" : p.fate == Fate::module ? "kept for modules" : "left out";
    out.push_back({.source = p.set->source,
                   .licence = p.set->licences,
                   .where = where,
                   .reason = p.reason,
                   .documents = p.set->records,
                   .bytes = p.set->bytes});
  }
  return out;
}

Result<Json> report_of(guard::Guard& guard, const AssetId& report) {
  CAIRN_ASSIGN(const guard::Pass pass, guard.authorise(own_use("evaluate"), report));
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, report, "report"));
  return parse_json(as_text(reader.bytes()));
}

Result<eval::SpecMeasure> bits_of(const Json& report) {
  const auto value_of = [&](std::initializer_list<const char*> path) -> Result<double> {
    const Json* at = &report;
    for (const char* key : path) {
      CAIRN_ASSIGN(at, get_object(*at, key));
    }
    return get_number(*at, "bits_per_byte");
  };
  eval::SpecMeasure out{.name = "held-out text",
                        .unit = "bits per byte",
                        .interval = {},
                        .less_is_better = true,
                        .note = "documents that were kept out of training"};
  CAIRN_ASSIGN(out.value, value_of({"model", "all"}));
  CAIRN_ASSIGN(const double order3, value_of({"order3"}));
  CAIRN_ASSIGN(const double xz9, value_of({"xz9"}));
  out.beside = {{"order-3 byte model", order3}, {"xz -9", xz9}};
  return out;
}

// The last report of each task counts; those before it are of the same model and say no more.
Status add_reports(guard::Guard& guard, SpecInputs& out) {
  CAIRN_ASSIGN(const std::vector<ledger::Asset> reports, made_from(guard.ledger(), out.model, "report"));
  std::map<std::string, AssetId> last;
  for (const ledger::Asset& report : reports) {
    CAIRN_ASSIGN(const Json settings, parse_json(report.manifest.settings));
    last[settings.value("task", "")] = report.id;
  }
  for (const auto& [task, id] : last) {
    if (task != "bits-per-byte" && task != "minimal-pairs") continue;
    CAIRN_ASSIGN(const Json report, report_of(guard, id));
    if (task == "bits-per-byte") {
      CAIRN_ASSIGN(eval::SpecMeasure measure, bits_of(report));
      out.measures.push_back(std::move(measure));
    } else {
      CAIRN_ASSIGN(const Json* bias, get_object(report, "bias"));
      CAIRN_ASSIGN(out.bias, eval::read_bias(*bias));
    }
    out.reports.push_back(id);
  }
  return {};
}

// "train, use for text.draft-reply by members": the clauses of one effect, as they were declared.
std::string clauses_of(const permit::Permit& permit, permit::Effect effect) {
  std::string out;
  for (const permit::Ground& ground : permit.grounds())
    for (const permit::Alternative& alternative : ground.alternatives)
      for (const permit::Declaration& declaration : alternative)
        for (const permit::Clause& clause : declaration.clauses) {
          if (clause.effect != effect) continue;
          const std::string text = permit::to_text(clause);
          out += (out.empty() ? "" : "; ") + text.substr(text.find(' ') + 1);
        }
  return out;
}

// A module is described by the data that it was trained on: what that may be used for is what the module may.
Status add_modules(guard::Guard& guard, SpecInputs& out) {
  CAIRN_ASSIGN(const std::vector<ledger::Asset> modules, made_from(guard.ledger(), out.model, "module"));
  for (const ledger::Asset& module : modules) {
    CAIRN_ASSIGN(const Json properties, parse_json(module.manifest.properties));
    eval::SpecModule row{.name = module.manifest.name, .asset = module.id.hex()};
    for (const AssetId& input : module.manifest.inputs) {
      CAIRN_ASSIGN(const ledger::AssetSummary summary, guard.ledger().summary(input));
      if (summary.kind != "record-set") continue;
      CAIRN_ASSIGN(const permit::Permit permit, guard.permit_of(input));
      row.data += (row.data.empty() ? "" : ", ") + summary.name;
      row.may += (row.may.empty() ? "" : "; ") + clauses_of(permit, permit::Effect::allow);
      row.may_not += (row.may_not.empty() ? "" : "; ") + clauses_of(permit, permit::Effect::deny);
    }
    row.adds = fmt::format("on its own data, {:.3f} nats a token where the base has {:.3f}",
                           properties.value("last_loss", 0.0), properties.value("first_loss", 0.0));
    out.modules.push_back(std::move(row));
  }
  return {};
}

}  // namespace

Result<SpecInputs> gather_spec(guard::Guard& guard, const AssetId& model) {
  CAIRN_ASSIGN(const ledger::Asset asset, guard.ledger().asset(model));
  if (asset.manifest.kind != "model")
    return fail(ErrorCode::invalid, "{} \"{}\" is a {}, expected a model", model.brief(), asset.manifest.name,
                asset.manifest.kind);
  CAIRN_ASSIGN(const Json run, parse_json(asset.manifest.properties));
  SpecInputs out{.name = asset.manifest.name, .maker = guard.ledger().site().name, .model = model};
  out.model_digest = run.value("digest", "");
  out.training = training_of(run);
  CAIRN_ASSIGN(out.energy, energy_from_json(run.value("energy", Json::object())));
  CAIRN_ASSIGN(const AssetId corpus, origin_of_kind(guard.ledger(), model, "corpus"));
  CAIRN_ASSIGN(const CorpusPlan planned, plan_of_corpus(guard, corpus));
  out.licence = planned.plan.licence;
  out.data = data_of(planned.plan);
  CAIRN_TRY(add_reports(guard, out));
  CAIRN_TRY(add_modules(guard, out));
  return out;
}

}  // namespace cairn::work
