#include "work/energy.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace cairn::work {
namespace {

TEST(Energy, ReadsThePackagesCountersAndNotTheirParts) {
  const auto folder = TemporaryFolder::make("cairn-rapl").value();
  const auto set = [&](const char* zone, const char* microjoules) {
    ASSERT_TRUE(make_folder(folder.path() / zone).has_value());
    ASSERT_TRUE(write_file(folder.path() / zone / "energy_uj", microjoules).has_value());
  };
  set("intel-rapl:0", "1000000\n");
  set("intel-rapl:0:0", "500000\n");
  set("intel-rapl:1", "2000000\n");
  const EnergyMeter meter(folder.path());
  set("intel-rapl:0", "4000000\n");
  const Energy energy = meter.read();
  EXPECT_TRUE(energy.measured);
  EXPECT_DOUBLE_EQ(energy.joules, 3.0);
  set("intel-rapl:0", "10\n");  // wrapped
  EXPECT_FALSE(meter.read().measured);
}

TEST(Energy, SaysThatItEstimatesWhereThereIsNoCounter) {
  const EnergyMeter meter("/nowhere");
  const Energy energy = meter.read();
  EXPECT_FALSE(energy.measured);
  EXPECT_NE(energy.method.find("10 W a busy core"), std::string::npos);
}

}  // namespace
}  // namespace cairn::work
