// A folder of files named by the digest of their bytes: checkpoints, contributions, evidence of a run.
// Not the site's blob store: nothing here has a permit of its own; the run's folder as a whole is an asset's business.
// Any thread.
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace cairn::swarm {

class Blobs {
 public:
  explicit Blobs(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Durable when it returns; keeping the same bytes again costs nothing. no_space or failed.
  Result<Digest> keep(ByteView bytes) const;
  // not_found; malformed where the file's bytes do not have its name (the message says where the file lies).
  Result<Bytes> get(const Digest& digest, std::size_t at_most) const;
  bool has(const Digest& digest) const;
  std::filesystem::path path_of(const Digest& digest) const { return folder_ / digest.hex(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace cairn::swarm
