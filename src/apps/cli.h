// The program `cairn`: a table of subcommands. Prints, and returns a documented exit code (docs/exit-codes.md).
#pragma once

namespace cairn::apps {

int run(int argc, char** argv);

}  // namespace cairn::apps
