#include "work/specify.h"

#include "apps/step_text.h"
#include "apps/tour/tour.h"
#include "base/files.h"

namespace cairn::apps {

Status specify(Tour& tour) {
  CAIRN_ASSIGN(work::SpecInputs inputs, work::gather_spec(tour.guard, *tour.model));
  inputs.name = "Cairn tour base";
  inputs.maker = "the owner of this site";
  inputs.energy = tour.energy.read();  // of the whole tour so far, not of the training alone
  CAIRN_ASSIGN(const work::Specified specified, work::specify(tour.guard, inputs, tour.shell.env));
  tour.spec = specified.spec;
  const auto page = tour.options.site / "spec.html";
  CAIRN_TRY(write_file(page, eval::to_html(specified.content)));
  CAIRN_TRY(write_file(tour.options.site / "spec.json", canonical(eval::to_json(specified.content))));
  tour.say_lines(text_of(specified));
  tour.say("Its page: {}", page.string());
  tour.figures["spec"] = {
      {"asset", specified.spec.hex()}, {"page", page.string()}, {"log_root", specified.content.log_root}};
  return {};
}

}  // namespace cairn::apps
