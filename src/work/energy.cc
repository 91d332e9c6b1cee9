#include "work/energy.h"

#include <sys/resource.h>

#include <charconv>

#include "base/files.h"

namespace cairn::work {
namespace {

double cpu_seconds() {
  double total = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    if (getrusage(who, &usage) != 0) continue;
    for (const timeval& t : {usage.ru_utime, usage.ru_stime})
      total += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  }
  return total;
}

}  // namespace

EnergyMeter::EnergyMeter(std::filesystem::path powercap)
    : powercap_(std::move(powercap)), cpu_at_start_(cpu_seconds()), joules_at_start_(package_joules()) {}

std::optional<double> EnergyMeter::package_joules() const {
  std::error_code error;
  std::optional<double> total;
  for (const auto& zone : std::filesystem::directory_iterator(powercap_, error)) {
    const std::string name = zone.path().filename().string();
    // Packages are intel-rapl:N; intel-rapl:N:M are parts of them and would count twice.
    if (!name.starts_with("intel-rapl:") || name.find(':') != name.rfind(':')) continue;
    const auto text = read_text(zone.path() / "energy_uj", 64);
    std::uint64_t microjoules = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), microjoules).ec != std::errc()) continue;
    total = total.value_or(0) + static_cast<double>(microjoules) * 1e-6;
  }
  return total;
}

Energy EnergyMeter::read() const {
  Energy out;
  out.cpu_seconds = cpu_seconds() - cpu_at_start_;
  const auto joules = package_joules();
  // The counters wrap after some hours; a wrapped one is not guessed at.
  if (joules && joules_at_start_ && *joules >= *joules_at_start_) {
    out.joules = *joules - *joules_at_start_;
    out.measured = true;
    out.method = "measured: the processor's own counters (RAPL), all that ran on it included";
  } else {
    out.joules = out.cpu_seconds * kWattsPerBusyCore;
    out.method =
        fmt::format("estimated: {:.0f} s of processor time at {:.0f} W a busy core; this machine shows no counters",
                    out.cpu_seconds, kWattsPerBusyCore);
  }
  return out;
}

Json to_json(const Energy& energy) {
  return {{"cpu_seconds", energy.cpu_seconds},
          {"joules", energy.joules},
          {"kilowatt_hours", energy.kilowatt_hours()},
          {"measured", energy.measured},
          {"method", energy.method}};
}

Result<Energy> energy_from_json(const Json& json) {
  Energy out;
  CAIRN_ASSIGN(out.cpu_seconds, get_number(json, "cpu_seconds"));
  CAIRN_ASSIGN(out.joules, get_number(json, "joules"));
  CAIRN_ASSIGN(out.measured, get_bool(json, "measured"));
  CAIRN_ASSIGN(out.method, get_string(json, "method"));
  return out;
}

}  // namespace cairn::work
