// Follows a file of JSON lines that another process appends to. One thread.
#pragma once

#include <filesystem>
#include <vector>

#include "base/json.h"

namespace cairn::apps {

class EventFile {
 public:
  explicit EventFile(std::filesystem::path path) : path_(std::move(path)) {}
  // The whole lines that came since the last call; a file that is not there yet has none, a line that is no JSON is
  // left out.
  std::vector<Json> fresh();

 private:
  std::filesystem::path path_;
  std::size_t read_ = 0;
};

}  // namespace cairn::apps
