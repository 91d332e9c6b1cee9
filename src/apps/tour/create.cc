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
  std::uint64_t records = 0, bytes = 0, undeclared_bytes = 0;
  for (const work::RecordSet& set : tour.docs.sets) {
    records += set.records;
    bytes += set.bytes;
    if (set.permit.is_undeclared()) undeclared_bytes += set.bytes;
  }
  tour.say("{} documents, {}, from {} Debian packages; permits from their copyright files (DEP-5): {} permit classes.",
           grouped(records), megabytes(bytes), tour.docs.packages, tour.docs.sets.size());
  tour.say(
      "{} packages do not say in a machine-readable way what their files may be used for: {} stay unknown, and out.",
      tour.docs.undeclared_packages, megabytes(undeclared_bytes));
  for (const auto& [reason, packages] : tour.docs.undeclared_because) tour.say("  {:4} packages: {}", packages, reason);

  const std::string mbox = data::make_synthetic_mailbox({.seed = tour.options.seed});
  const auto path = tour.options.site / "mailbox-permit.toml";
  CAIRN_TRY(write_file(path, embedded::mailbox_permit_toml()));
  CAIRN_ASSIGN(tour.mailbox_permit, permit::permit_from_toml(embedded::mailbox_permit_toml(), path.string()));
  CAIRN_ASSIGN(tour.mailbox, work::ingest_mailbox(tour.guard, mbox, "mailbox", tour.mailbox_permit, path.string(),
                                                  std::string(data::synthetic_owner())));
  tour.say("A mailbox (synthetic, {} messages) under its owner's permit:", tour.mailbox->records);
  for (const std::string& line : lines_of(permit::to_text(tour.mailbox_permit))) tour.say("  {}", line);

  CAIRN_ASSIGN(const permit::Verdict verdict, tour.guard.judge(translate("use"), tour.mailbox->id));
  tour.say("Should this e-mail be used to power some machine translation system?");
  for (const std::string& line : lines_of(permit::to_text(verdict))) tour.say("  {}", line);
  tour.figures["create"] = {{"records", records},
                            {"bytes", bytes},
                            {"packages", tour.docs.packages},
                            {"undeclared_packages", tour.docs.undeclared_packages},
                            {"undeclared_bytes", undeclared_bytes},
                            {"permit_classes", tour.docs.sets.size()},
                            {"unknown_licences", tour.docs.unknown_licences}};
  tour.figures["mailbox"] = tour.mailbox->id.hex();
  for (const work::RecordSet& set : tour.docs.sets)
    if (set.permit.is_undeclared()) tour.figures["undeclared"] = set.id.hex();
  return {};
}

}  // namespace cairn::apps
