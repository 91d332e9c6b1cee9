#include "apps/cli.h"

#include "apps/command.h"
#include "apps/commands.h"

namespace cairn::apps {
namespace {

// In the order in which `cairn --help` lists them.
constexpr AddCommand kCommands[] = {add_init,  add_add,    add_import, add_curate, add_tokenizer, add_train,
                                    add_adapt, add_eval,   add_spec,   add_export, add_serve,     add_host,
                                    add_join,  add_status, add_audit,  add_show,   add_can,       add_why,
                                    add_trace, add_revoke, add_log,    add_tour,   add_bench,     add_doctor};

}  // namespace

int run(int argc, char** argv) {
  Shell shell{.env = {system_clock(), system_entropy(), terminal_progress()}};
  CLI::App app{"Cairn: foundation models built together, used as permitted", "cairn"};
  app.set_version_flag("--version", "cairn 0.1.0");
  app.add_option("--site", shell.site, "The site's directory")->envname("CAIRN_SITE");
  app.add_flag("--json", shell.json, "Print one line of JSON, for machines");
  app.require_subcommand(1);
  app.fallthrough();  // --site and --json may stand after the subcommand
  for (const AddCommand add : kCommands) add(app, shell);
  watch_for_interrupts();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ErrorCode::invalid);
  }
  return shell.exit_code;
}

}  // namespace cairn::apps
