#include "apps/cli.h"

#include <CLI/CLI.hpp>

namespace cairn::apps {

int run(int argc, char** argv) {
  CLI::App app{"Cairn: foundation models built together, used as permitted"};
  app.set_version_flag("--version", "0.1.0");
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace cairn::apps
