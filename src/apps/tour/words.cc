#include "apps/tour/tour.h"

namespace cairn::apps {

permit::Use draft_reply(std::string action) {
  permit::Use use;
  use.action = std::move(action);
  use.task = "text.draft-reply";
  use.purpose = "non-commercial.personal";
  use.audience = "owner";
  use.place = "own-machine";
  return use;
}

permit::Use translate(std::string action) {
  permit::Use use = draft_reply(std::move(action));
  use.task = "text.translation.machine";
  return use;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace cairn::apps
