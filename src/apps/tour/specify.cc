#include "work/specify.h"

#include "apps/tour/tour.h"
#include "base/files.h"

namespace cairn::apps {
namespace {

eval::SpecTraining training_of(const Json& run, double seconds) {
  eval::SpecTraining out;
  out.parameters = run.value("parameters", 0U);
  out.tokens = run.value("tokens", 0U);
  out.rounds = run.value("rounds", 0U);
  out.contributions = run.value("contributions", 0U);
  out.replayed = run.value("audits", 0U);
  out.refused = run.value("cheats", Json::array()).size();
  out.seconds = seconds;
  out.settings = {{"profile", "c1: canonical arithmetic, docs/arithmetic.md"},
                  {"optimiser", "AdamW in each unit; contributions of 8 bits a weight, merged in order (DiLoCo)"}};
  for (const Json& v : run.value("volunteers", Json::array()))
    out.contributors.push_back({.name = v.value("name", ""),
                                .units = v.value("units", 0U),
                                .tokens = v.value("tokens", 0U),
                                .note = v.value("put_out", false) ? "put out: what it sent did not replay" : ""});
  return out;
}

}  // namespace

Status specify(Tour& tour) {
  CAIRN_ASSIGN(const work::Plan plan, work::plan_base(tour.docs.sets, tour.options.licence));
  const Json& run = tour.figures["train"]["run"];
  work::SpecInputs inputs{.name = "Cairn tour base",
                          .maker = "the owner of this site",
                          .model = *tour.model,
                          .tokenizer = tour.tokens->tokenizer,
                          .reports = {*tour.base_report, *tour.bias_report},
                          .licence = tour.options.licence,
                          .plan = &plan,
                          .training = training_of(run, run.value("seconds", 0.0)),
                          .energy = tour.energy.read(),
                          .measures = {},
                          .bias = tour.bias,
                          .modules = {},
                          .model_digest = tour.model_digest.hex()};
  inputs.measures.push_back({.name = "held-out text",
                             .unit = "bits per byte",
                             .value = tour.figures["heldout_bits_per_byte"],
                             .interval = {},
                             .less_is_better = true,
                             .beside = {{"order-3 byte model", tour.figures["order3_bits_per_byte"]},
                                        {"xz -9", tour.figures["xz9_bits_per_byte"]}},
                             .note = "documents that were kept out of training"});
  inputs.modules.push_back({.name = "mailbox",
                            .asset = tour.module->hex(),
                            .data = "one mailbox, on its owner's machine",
                            .may = "drafting replies, by members, on their own machine",
                            .may_not = "machine translation, sharing, commercial purposes",
                            .adds = "the tone of its owner's answers"});
  CAIRN_ASSIGN(const work::Specified specified, work::specify(tour.guard, inputs, tour.shell.env));
  tour.spec = specified.spec;
  const auto page = tour.options.site / "spec.html";
  CAIRN_TRY(write_file(page, eval::to_html(specified.content)));
  CAIRN_TRY(write_file(tour.options.site / "spec.json", canonical(eval::to_json(specified.content))));
  for (const eval::SpecUse& use : specified.content.uses) tour.say("{:8} {}", use.answer, use.use);
  tour.say("Energy: {:.4f} kWh ({}).", inputs.energy.kilowatt_hours(), inputs.energy.method);
  tour.say("The spec, signed with the site's key: asset {}, page {}", specified.spec.brief(), page.string());
  tour.figures["spec"] = {
      {"asset", specified.spec.hex()}, {"page", page.string()}, {"log_root", specified.content.log_root}};
  return {};
}

}  // namespace cairn::apps
