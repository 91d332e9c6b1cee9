// What a step hands to Guard::commit(): an asset that is not yet one. Values; the bytes viewed and the files named must
// stay until commit() returns.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "permit/permit.h"

namespace cairn::guard {

// One blob, from memory or from a file.
struct OutputBlob {
  std::string role;
  ByteParts bytes;
  std::filesystem::path file;  // used where it is not empty; `bytes` is then ignored
};

// A permit and where it was declared, by whom: file and field, or URL.
struct Declared {
  permit::Permit permit;
  std::string where;
  std::string by;
};

struct Output {
  std::string kind, name, step;   // docs/formats/manifest.md lists the kinds and steps
  std::string settings = "{}";    // a JSON object: what the step was told
  std::string properties = "{}";  // a JSON object: what was measured of the outcome
  std::vector<OutputBlob> blobs;  // each role once
  std::optional<Declared>
      declared;  // for what has no inputs. Without it a root is undeclared: every use of it is refused as unknown
  std::optional<Declared> restriction;  // met with what is inherited: a step may add restrictions, never take one away
};

}  // namespace cairn::guard
