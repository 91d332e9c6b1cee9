#include "apps/tour/event_file.h"

#include <fstream>

namespace cairn::apps {

std::vector<Json> EventFile::fresh() {
  std::vector<Json> out;
  std::ifstream file(path_, std::ios::binary);
  if (!file || !file.seekg(static_cast<std::streamoff>(read_))) return out;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    read_ += line.size() + 1;
    if (auto json = parse_json(line)) out.push_back(std::move(*json));
  }
  return out;
}

}  // namespace cairn::apps
