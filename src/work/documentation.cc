#include "embedded/work.h"
#include "work/ingest.h"

namespace cairn::work {

std::set<std::string> documentation_packages() {
  std::set<std::string> out;
  std::string_view rest = embedded::documentation_txt();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::string_view name = line.substr(0, line.find_first_of(" \t#"));
    if (!name.empty()) out.emplace(name);
  }
  return out;
}

}  // namespace cairn::work
