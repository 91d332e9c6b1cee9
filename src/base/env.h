// What enters from the world: the clock and randomness, passed in by whoever runs the program, never reached for.
// A simulator or a test passes its own. Files and the network are not here: see base/files.h and http/.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace cairn {

using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

// "2026-11-23T00:32:51.250Z"
std::string to_iso(TimePoint time);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

// Unpredictable bytes for keys, salts and secrets; never for numerics, which use tensor/random.h.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

// Tells whoever watches how far a long act is. Called from one thread at a time, at most some times a second.
struct Progress {
  std::string_view stage;
  double done = 0, total = 0;  // in `unit`s; total 0 where it is not known
  std::string_view unit;
  std::string_view note;       // figures of the moment, ready to print
};
using ProgressSink = std::function<void(const Progress&)>;

struct Env {
  const Clock& clock;
  Entropy& entropy;
  ProgressSink progress = [](const Progress&) {};
};

// The real ones, for programs.
const Clock& system_clock();
Entropy& system_entropy();

}  // namespace cairn
