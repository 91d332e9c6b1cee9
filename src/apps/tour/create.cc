#include "apps/step_text.h"
#include "apps/tour/tour.h"
#include "base/files.h"
#include "data/synthetic_mailbox.h"
#include "embedded/permit.h"

namespace cairn::apps {

Status create(Tour& tour) {
  data::DebianDocsSettings settings;
  settings.packages.insert(tour.options.packages.begin(), tour.options.packages.end());
  if (settings.packages.empty() && !tour.options.all_packages) settings.packages = work::documentation_packages();
  CAIRN_ASSIGN(tour.docs, work::ingest_debian_docs(tour.guard, settings, tour.shell.env));
  tour.say_lines(text_of(tour.docs));

  const std::string mbox = data::make_synthetic_mailbox({.seed = tour.options.seed});
  const auto path = tour.options.site / "mailbox-permit.toml";
  CAIRN_TRY(write_file(path, embedded::mailbox_permit_toml()));
  CAIRN_ASSIGN(tour.mailbox_permit, permit::permit_from_toml(embedded::mailbox_permit_toml(), path.string()));
  CAIRN_ASSIGN(tour.mailbox, work::ingest_mailbox(tour.guard, mbox, "mailbox", tour.mailbox_permit, path.string(),
                                                  std::string(data::synthetic_owner())));
  tour.say("A mailbox (synthetic, {} messages) under its owner's permit:", tour.mailbox->records);
  tour.say_lines(permit::to_text(tour.mailbox_permit), "  ");

  CAIRN_ASSIGN(const permit::Verdict verdict, tour.guard.judge(translate("use"), tour.mailbox->id));
  tour.say("Should this e-mail be used to power some machine translation system?");
  tour.say_lines(permit::to_text(verdict), "  ");
  Json figures = json_of(tour.docs);
  figures.erase("sets");
  tour.figures["create"] = std::move(figures);
  tour.figures["mailbox"] = tour.mailbox->id.hex();
  for (const work::RecordSet& set : tour.docs.sets)
    if (set.permit.is_undeclared()) tour.figures["undeclared"] = set.id.hex();
  return {};
}

}  // namespace cairn::apps
