// Where the permit of data that is added was declared: options that the forms of `cairn add` share.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "guard/output.h"

namespace cairn::apps {

struct DeclaredOptions {
  std::filesystem::path permit;  // a permit file
  std::string licence, where;    // or a licence expression, and where it is declared
  std::string by;
  // The permit with its place; `maker` stands in where nobody is named. invalid: neither or both ways of declaring, or
  // a licence without its place. not_found: no such file or licence. malformed: the permit file, with line and column.
  Result<guard::Declared> read(const std::string& maker) const;
};

// Adds --permit, --licence, --declared-in and --by.
void add_declared_options(CLI::App& command, const std::shared_ptr<DeclaredOptions>& options);

}  // namespace cairn::apps
