// JSON lines for whoever watches a process (`--events FILE`): appended whole, one a call. One thread at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace cairn::apps {

using EventSink = std::function<void(std::string_view json_line)>;

// An empty path: a sink that drops everything. failed: the file cannot be opened.
Result<EventSink> event_sink(const std::filesystem::path& path);

}  // namespace cairn::apps
