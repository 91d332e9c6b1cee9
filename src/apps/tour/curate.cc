#include "apps/step_text.h"
#include "apps/tour/tour.h"

namespace cairn::apps {
namespace {

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
  tour.say_lines(text_of(before));
  CAIRN_TRY(show_mixture(tour));

  work::BaseCorpusSettings settings{.licence = tour.options.licence};
  settings.curate.threads = 2;
  CAIRN_ASSIGN(const work::BaseCorpus base,
               work::make_base_corpus(tour.guard, tour.docs.sets, settings, tour.shell.env));
  tour.say_lines(text_of(base));
  tour.corpus = base.corpus;
  Json figures = json_of(base);
  figures["after"] = figures["plan"]["totals"];
  figures.erase("plan");
  figures.erase("refused");
  tour.figures["plan"] = work::to_json(before);
  tour.figures["curate"] = std::move(figures);
  tour.figures["corpus"] = {
      {"asset", tour.corpus->id.hex()}, {"records", tour.corpus->records}, {"bytes", tour.corpus->bytes}};
  return {};
}

}  // namespace cairn::apps
