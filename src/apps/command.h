// What every subcommand shares. One file a command: x_command.cc defines `void add_x(CLI::App&, Shell&)`, listed here
// and in cli.cc. A command parses its options, calls a part, prints; it holds no logic of its own.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "base/env.h"
#include "base/json.h"
#include "base/result.h"

namespace cairn::apps {

struct Shell {
  std::filesystem::path site = ".";  // --site, else $CAIRN_SITE, else the working directory
  bool json = false;                 // --json: one line of JSON on standard output ends the run
  Env env;
  int exit_code = 0;
};

// Runs `act` when the subcommand is chosen; an Error, or what it throws (failed), is printed (as JSON under --json) and
// becomes the exit code. The value returned on success is the exit code: nearly always 0; `can` answers 3 or 4.
void on_chosen(CLI::App& command, Shell& shell, std::function<Result<int>()> act);

// Prints to standard output: the line of JSON under --json, else the text.
void print(const Shell& shell, const std::string& text, const Json& json);

// Shows progress on standard error: one line redrawn on a terminal, a plain line every few seconds elsewhere.
ProgressSink terminal_progress();

// Interrupt (Ctrl-C, TERM) as a flag that long acts look at; installs the handlers once.
bool interrupted();
void watch_for_interrupts();

}  // namespace cairn::apps
