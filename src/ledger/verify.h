// What a check of a whole site finds: every place where its bytes are not what was committed.
// Not a repair: what is wrong is named, never changed. Values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::ledger {

struct Fault {
  std::string where;  // "log entry 17", "manifest of 1a2b3c4d5e6f", "blobs/1a/1a2b..."
  std::string what;   // expected against got
};

struct VerifyReport {
  std::uint64_t entries = 0, assets = 0, blobs = 0, blob_bytes = 0;
  std::uint64_t orphans = 0;  // blobs that no manifest names: left by a crash between writing and committing; harmless
  std::vector<Fault> faults;
  bool ok() const { return faults.empty(); }
  std::string to_text() const;
  std::string to_json() const;
};

}  // namespace cairn::ledger
