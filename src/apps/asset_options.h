// What the commands that ask about assets share: options that describe a use, and how assets are named and shown.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "apps/command.h"
#include "guard/guard.h"

namespace cairn::apps {

// The options --action, --task, --purpose, --audience, --place, --licence and --when fill in the use.
struct UseOptions {
  permit::Use use{.action = "use"};
  std::string when;
  // invalid: --when is no day, or a term that the vocabulary lacks, with the one that may be meant.
  Result<permit::Use> read() const;
  // What to say beside a refusal where the question left something open; empty where it did not.
  std::string unnamed() const;
};
void add_use_options(CLI::App& command, const std::shared_ptr<UseOptions>& options);

// "1a2b3c4d5e6f  module  drafts  (revoked)"
std::string line_of(const ledger::AssetSummary& asset);
Json json_of(const ledger::AssetSummary& asset);

}  // namespace cairn::apps
