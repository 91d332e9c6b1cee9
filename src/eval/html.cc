#include "eval/html.h"

#include <fmt/format.h>

#include <cmath>

namespace cairn::eval {
std::string grouped(std::uint64_t number) {
  std::string out = fmt::format("{}", number);
  for (std::size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
  return out;
}

std::string in_bytes(std::uint64_t bytes) {
  const double b = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (b < 1e6) return fmt::format("{:.1f} kB", b / 1e3);
  if (b < 1e9) return fmt::format("{:.1f} MB", b / 1e6);
  return fmt::format("{:.1f} GB", b / 1e9);
}

std::string in_time(double seconds) {
  if (!(seconds >= 0 && seconds < 1e12)) return "unknown";
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string significant(double number) {
  if (!std::isfinite(number)) return "unknown";
  return fmt::format("{:.4g}", number);
}

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100 * share) : "unknown";
}

}  // namespace cairn::eval
