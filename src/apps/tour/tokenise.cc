#include "apps/step_text.h"
#include "apps/tour/tour.h"

namespace cairn::apps {

Status tokenise(Tour& tour) {
  CAIRN_ASSIGN(tour.tokens,
               work::tokenise(tour.guard, tour.corpus->id, {.vocabulary = 4096}, tour.options.seed, tour.shell.env));
  tour.say_lines(text_of(*tour.tokens));
  tour.figures["tokenise"] = json_of(*tour.tokens);
  return {};
}

}  // namespace cairn::apps
