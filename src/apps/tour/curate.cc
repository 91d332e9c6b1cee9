#include <algorithm>
#include <map>

#include "apps/tour/tour.h"
#include "eval/minimal_pairs.h"

namespace cairn::apps {
namespace {

void show_plan(Tour& tour, const work::Plan& plan) {
  tour.say("Planned: anyone may use, adapt and share the base under {}.", plan.licence);
  tour.say("  {:28} {:>8} {:>10}", "", "records", "text");
  const std::pair<work::Fate, const char*> rows[] = {
      {work::Fate::base, "into the base"}, {work::Fate::module, "kept for modules"}, {work::Fate::out, "stay out"}};
  for (const auto& [fate, words] : rows)
    tour.say("  {:28} {:>8} {:>10}", words, grouped(plan.records(fate)), megabytes(plan.bytes(fate)));
  std::size_t shown = 0;
  for (const work::Placement& placement : plan.placements) {
    if (placement.fate == work::Fate::base || ++shown > 6) continue;
    tour.say("  {} ({}): {}", placement.set->licences, megabytes(placement.set->bytes), placement.reason);
  }
  if (shown > 6) tour.say("  ... and {} permit classes more", shown - 6);
}

Status show_mixture(Tour& tour) {
  CAIRN_ASSIGN(const work::Mixture mixture, work::mix_all(tour.docs.sets));
  if (mixture.outgoing.empty()) {
    tour.say("Mixing all {} classes instead would leave no licence to share the model under: {} and {} do not agree.",
             mixture.sets, mixture.first, mixture.second);
  } else {
    tour.say("Mixing all {} classes would leave: {}.", mixture.sets, permit::to_text(mixture.outgoing));
  }
  tour.figures["mixture"] = {{"classes", mixture.sets}, {"outgoing", permit::to_json(mixture.outgoing)}};
  return {};
}

}  // namespace

Status plan_and_curate(Tour& tour) {
  CAIRN_ASSIGN(const work::Plan before, work::plan_base(tour.docs.sets, tour.options.licence));
  show_plan(tour, before);
  CAIRN_TRY(show_mixture(tour));

  data::CurateSettings settings;
  settings.threads = 2;
  CAIRN_ASSIGN(const auto pairs, eval::built_in_minimal_pairs());
  for (const eval::MinimalPair& pair : pairs) {
    settings.evaluation_texts.push_back(pair.stereotyping);
    settings.evaluation_texts.push_back(pair.other);
  }
  CAIRN_ASSIGN(tour.curated, work::curate(tour.guard, tour.docs.sets, settings, tour.shell.env));
  for (const std::string& line : lines_of(data::to_text(tour.curated.passes))) tour.say("{}", line);
  tour.say("{} clusters of duplicates; {} survivors carry a narrower permit than their own, from a copy elsewhere.",
           grouped(tour.curated.clusters), grouped(tour.curated.narrowed));

  CAIRN_ASSIGN(const work::Plan after, work::plan_base(tour.curated.sets, tour.options.licence));
  for (const work::Placement& placement : after.placements)
    if (placement.fate == work::Fate::base) tour.chosen.push_back(*placement.set);
  CAIRN_ASSIGN(tour.corpus, work::make_corpus(tour.guard, tour.chosen, "base corpus", 20));
  tour.say("The base's corpus: {} documents, {}, of {} permit classes; {} more are held out.",
           grouped(tour.corpus->records), megabytes(tour.corpus->bytes), tour.chosen.size(),
           megabytes(tour.corpus->heldout_bytes));
  Json passes = Json::array();
  for (const auto& pass : tour.curated.passes) passes.push_back(data::to_json(pass));
  tour.figures["plan"] = work::to_json(before);
  tour.figures["curate"] = {{"passes", passes},
                            {"clusters", tour.curated.clusters},
                            {"narrowed", tour.curated.narrowed},
                            {"after", work::to_json(after)["totals"]}};
  tour.figures["corpus"] = {
      {"asset", tour.corpus->id.hex()}, {"records", tour.corpus->records}, {"bytes", tour.corpus->bytes}};
  return {};
}

}  // namespace cairn::apps
