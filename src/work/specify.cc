#include "work/specify.h"

#include <map>

#include "work/commit.h"

namespace cairn::work {
namespace {

permit::Use use_of(const char* action, const char* task, const char* purpose, const char* audience) {
  permit::Use use;
  use.action = action;
  use.task = task;
  use.purpose = purpose;
  use.audience = audience;
  return use;
}

// The questions that a builder downstream asks first.
std::vector<permit::Use> questions(const std::string& licence) {
  std::vector<permit::Use> out{use_of("use", "", "", "public"), use_of("adapt", "", "", "public"),
                               use_of("use", "text.translation.machine", "", "public"),
                               use_of("use", "", "commercial", "public"), use_of("deploy", "", "", "public")};
  permit::Use share = use_of("share", "", "", "public");
  out.push_back(share);
  share.licence = licence;
  out.push_back(share);
  for (const char* other : {"Apache-2.0", "MIT"}) {
    if (licence == other) continue;
    share.licence = other;
    out.push_back(share);
  }
  return out;
}

Result<eval::SpecUse> answer(guard::Guard& guard, const AssetId& model, const permit::Use& use) {
  CAIRN_ASSIGN(const permit::Verdict verdict, guard.judge(use, model));
  eval::SpecUse row{.use = permit::to_text(use), .answer = std::string(permit::name_of(verdict.answer)), .reason = {}};
  if (!use.licence.empty() && row.use.find(use.licence) == std::string::npos) row.use += " under " + use.licence;
  if (!verdict.reasons.empty()) {
    const permit::Reason& reason = verdict.reasons.front();
    row.reason = reason.declaration + (reason.clause.empty() ? "" : ": " + reason.clause) +
                 (reason.ground.empty() ? "" : " (" + reason.ground + ")");
  }
  return row;
}

std::vector<eval::SpecData> data_of(const Plan& plan) {
  std::vector<eval::SpecData> out;
  for (const Placement& p : plan.placements) {
    const char* where = p.fate == Fate::base ? "base" : p.fate == Fate::module ? "kept for modules" : "left out";
    out.push_back({.source = "Debian documentation",
                   .licence = p.set->licences,
                   .where = where,
                   .reason = p.reason,
                   .documents = p.set->records,
                   .bytes = p.set->bytes});
  }
  return out;
}

std::vector<eval::SpecDuty> duties_of(const permit::Permit& permit) {
  // The same words fall due for many sources; a reader needs each once.
  std::map<std::string, std::string> texts;
  for (const permit::Duty& duty : permit.duties()) texts.emplace(duty.text, permit::name_of(duty.kind));
  std::vector<eval::SpecDuty> out;
  for (const auto& [text, kind] : texts) out.push_back({.name = kind, .text = text});
  return out;
}

}  // namespace

Result<Specified> specify(guard::Guard& guard, const SpecInputs& inputs, const Env& env) {
  Specified out;
  eval::Spec& spec = out.content;
  spec.name = inputs.name;
  spec.version = "1";
  spec.created = to_iso(env.clock.now());
  spec.maker = inputs.maker;
  spec.asset = inputs.model.hex();
  spec.model_digest = inputs.model_digest;
  spec.licence = inputs.licence;
  spec.training = inputs.training;
  spec.energy = {.joules = inputs.energy.joules,
                 .cpu_seconds = inputs.energy.cpu_seconds,
                 .measured = inputs.energy.measured,
                 .method = inputs.energy.method};
  spec.measures = inputs.measures;
  spec.bias = inputs.bias;
  spec.modules = inputs.modules;
  spec.data = data_of(*inputs.plan);
  CAIRN_ASSIGN(const permit::Permit permit, guard.permit_of(inputs.model));
  spec.duties = duties_of(permit);
  for (const permit::Use& use : questions(inputs.licence)) {
    CAIRN_ASSIGN(eval::SpecUse row, answer(guard, inputs.model, use));
    spec.uses.push_back(std::move(row));
  }
  spec.summary = {
      fmt::format(
          "A language model of {:.1f} million parameters, trained from nothing on documentation of free software by "
          "volunteers' computers. Every contribution was replayed before it was merged.",
          static_cast<double>(inputs.training.parameters) / 1e6),
      fmt::format("It was planned so that anyone may use, adapt and share it under {}: only text whose permit implies "
                  "that went in.",
                  inputs.licence)};
  spec.limits = {
      "It is small and knows little beyond its training text: it writes what looks like documentation, and what it "
      "says is often wrong.",
      "It was measured in English alone.",
      "The bias figures come from few pairs; an interval that holds 50 % does not show that there is no bias."};
  CAIRN_ASSIGN(const ledger::TreeHead head, guard.ledger().head());
  spec.log_root = head.root.hex();
  spec.log_size = head.size;
  spec.verify = {{"the model's file is the one named here", "sha256sum of the weights' file"},
                 {"the log was not changed", "cairn log verify"},
                 {"the training gives this model", "cairn audit RUN"},
                 {"this use is permitted",
                  fmt::format("cairn can {} --action use --task TASK --purpose PURPOSE", inputs.model.brief())}};

  std::vector<guard::Pass> passes;
  std::vector<AssetId> parts{inputs.model};
  parts.insert(parts.end(), inputs.reports.begin(), inputs.reports.end());
  for (const AssetId& part : parts) {
    CAIRN_ASSIGN(guard::Pass pass, guard.authorise(own_use("evaluate"), part));
    passes.push_back(std::move(pass));
  }
  CAIRN_ASSIGN(out.spec, commit(guard, passes,
                                {.kind = "spec",
                                 .name = "spec of " + inputs.name,
                                 .step = "specify",
                                 .settings = Json::object(),
                                 .properties = Json{{"model_digest", inputs.model_digest}},
                                 .role = "json",
                                 .bytes = to_bytes(canonical(eval::to_json(spec))),
                                 .more = {{"html", to_bytes(eval::to_html(spec))}}}));
  return out;
}

}  // namespace cairn::work
