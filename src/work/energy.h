// Energy and compute spent: processor time of this process and its ended children, and joules where the machine counts
// them (Intel and AMD RAPL through /sys/class/powercap), else estimated from processor time and a stated power.
// Not accurate accounting of a shared machine: RAPL counts the whole package. Values; any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace cairn::work {

// An assumption, for where nothing can be measured; it is stated beside every estimate.
inline constexpr double kWattsPerBusyCore = 10.0;

struct Energy {
  double cpu_seconds = 0;
  double joules = 0;
  bool measured = false;  // by RAPL; else estimated
  std::string method;     // a sentence for the spec
  double kilowatt_hours() const { return joules / 3.6e6; }
};
Json to_json(const Energy& energy);
// malformed: not what to_json() writes.
Result<Energy> energy_from_json(const Json& json);

// Counts from its making on. Children count once they have been waited for.
class EnergyMeter {
 public:
  explicit EnergyMeter(std::filesystem::path powercap = "/sys/class/powercap");
  Energy read() const;

 private:
  std::optional<double> package_joules() const;
  std::filesystem::path powercap_;
  double cpu_at_start_ = 0;
  std::optional<double> joules_at_start_;
};

}  // namespace cairn::work
