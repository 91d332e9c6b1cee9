// Where in a TOML text something is, shown as people expect it: file, line, column, the line itself and a caret.
// Internal to this part. Values; no thread rules.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::permit {

// "mailbox.toml:3:8: unknown task \"translat\"\n  task = \"translat\"\n         ^". Line and column count from 1, the
// column in code points. Long lines are cut around the caret.
Error error_at(std::string_view toml, std::string_view where, std::size_t line, std::size_t column,
               std::string_view message, std::string hint = {});

}  // namespace cairn::permit
