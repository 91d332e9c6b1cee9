#include "apps/events.h"

#include <fstream>

namespace cairn::apps {

Result<EventSink> event_sink(const std::filesystem::path& path) {
  if (path.empty()) return EventSink([](std::string_view) {});
  auto file = std::make_shared<std::ofstream>(path, std::ios::app | std::ios::binary);
  if (!*file) return fail(ErrorCode::failed, "opening {} for events failed", path.string());
  return EventSink([file](std::string_view line) { *file << std::string(line) + "\n" << std::flush; });
}

}  // namespace cairn::apps
