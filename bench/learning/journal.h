// The log of a run: one line of JSON for its start and for every evaluation. Going on from an earlier step drops the
// lines after it, so that a run that was killed has the log of one that was not, but for its times and for "training",
// the mean loss of the steps since the last evaluation or since the process went on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/json.h"
#include "base/result.h"

namespace cairn::learning {

struct Best {
  double loss = 0;
  std::uint32_t step = 0;
};

class Journal {
 public:
  // Keeps the lines of `path` up to step `done`; with done = 0 it begins anew with `first`. malformed: a line that is
  // not JSON with a step.
  static Result<Journal> open(const std::filesystem::path& path, std::uint32_t done, const Json& first);

  Status add(const Json& line);
  // Of the lines' "validation".
  const std::optional<Best>& best() const { return best_; }
  double seconds() const { return seconds_; }  // spent before, by the last line

 private:
  void note(const Json& line);
  std::filesystem::path path_;
  std::string text_;
  std::optional<Best> best_;
  double seconds_ = 0;
};

}  // namespace cairn::learning
