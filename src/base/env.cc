#include "base/env.h"

#include <fmt/chrono.h>
#include <sys/random.h>

#include "base/result.h"

namespace cairn {
namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::size_t at = 0; at < out.size();) {
      const ssize_t got = getrandom(out.data() + at, out.size() - at, 0);
      CAIRN_CHECK(got > 0 || errno == EINTR);
      if (got > 0) at += static_cast<std::size_t>(got);
    }
  }
};

}  // namespace

std::string to_iso(TimePoint time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (time - seconds).count());
}

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

Entropy& system_entropy() {
  static SystemEntropy entropy;
  return entropy;
}

}  // namespace cairn
