#include "work/specify.h"

#include <map>
#include <set>

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

std::vector<eval::SpecDuty> duties_of(const permit::Permit& permit) {
  // The same words fall due for many sources; a reader needs each once.
  std::map<std::string, std::string> texts;
  for (const permit::Duty& duty : permit.duties()) texts.emplace(duty.text, permit::name_of(duty.kind));
  std::vector<eval::SpecDuty> out;
  for (const auto& [text, kind] : texts) out.push_back({.name = kind, .text = text});
  return out;
}

std::string sources_of(const std::vector<eval::SpecData>& data) {
  std::set<std::string> sources;
  for (const eval::SpecData& row : data)
    if (row.where == "base") sources.insert(row.source);
  constexpr std::size_t kNamed = 3;
  if (sources.size() > kNamed) return fmt::format("text from {} sources", sources.size());
  return fmt::format("{}", fmt::join(sources, ", "));
}

std::vector<std::string> summary_of(const SpecInputs& inputs) {
  const eval::SpecTraining& t = inputs.training;
  const std::size_t computers = t.contributors.size();
  const std::string replayed = t.replayed == t.contributions
                                   ? "Every contribution was"
                                   : fmt::format("{} of {} contributions were", t.replayed, t.contributions);
  return {fmt::format("A language model of {:.1f} million parameters, trained from nothing on {} by {} computer{}. {} "
                      "replayed before {} merged.",
                      static_cast<double>(t.parameters) / 1e6, sources_of(inputs.data), computers,
                      computers == 1 ? "" : "s", replayed, t.replayed == t.contributions ? "it was" : "they were"),
          fmt::format("It was planned so that anyone may use, adapt and share it under {}: only text whose permit "
                      "implies that went in.",
                      inputs.licence)};
}

std::vector<std::string> limits_of(const SpecInputs& inputs) {
  std::vector<std::string> out{
      "It is small and knows little beyond its training text: it writes what looks like that text, and what it says is "
      "often wrong."};
  if (inputs.measures.empty()) out.push_back("What it can do has not been measured.");
  if (inputs.bias) {
    out.push_back(
        "Bias was measured in English alone, with few pairs; an interval that holds 50 % does not show that "
        "there is no bias.");
  } else {
    out.push_back("How it is biased has not been measured.");
  }
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
  spec.data = inputs.data;
  CAIRN_ASSIGN(const permit::Permit permit, guard.permit_of(inputs.model));
  spec.duties = duties_of(permit);
  for (const permit::Use& use : questions(inputs.licence)) {
    CAIRN_ASSIGN(eval::SpecUse row, answer(guard, inputs.model, use));
    spec.uses.push_back(std::move(row));
  }
  spec.summary = summary_of(inputs);
  spec.limits = limits_of(inputs);
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
