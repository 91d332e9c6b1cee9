// No file of own source above 600 lines; the ten longest are printed, so that growth is seen before it fails.
#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "source_tree.h"

namespace cairn::tests {
namespace {

constexpr std::size_t kMostLines = 600;

std::vector<std::filesystem::path> own_files() {
  static const std::set<std::string> endings = {".cc", ".h", ".cmake", ".sh", ".ts", ".js", ".css", ".html", ".py"};
  std::vector<std::filesystem::path> files = {source_root() / "run", source_root() / "test"};
  for (const char* folder : {"src", "tests", "bench", "fuzz", "cmake", "web"}) {
    if (!std::filesystem::exists(source_root() / folder)) continue;
    for (auto it = std::filesystem::recursive_directory_iterator(source_root() / folder); it != end(it); ++it) {
      const std::string name = it->path().filename();
      if (it->is_directory() && (name == "node_modules" || name == "dist")) it.disable_recursion_pending();
      if (it->is_regular_file() && (endings.contains(it->path().extension()) || name == "CMakeLists.txt")) {
        files.push_back(it->path());
      }
    }
  }
  return files;
}

TEST(Size, NoFileAboveSixHundredLines) {
  std::vector<std::pair<std::size_t, std::string>> sizes;
  for (const std::filesystem::path& file : own_files()) {
    sizes.emplace_back(lines_of(file).size(), std::filesystem::relative(file, source_root()).string());
    EXPECT_LE(sizes.back().first, kMostLines) << file << ": split it by subject";
  }
  ASSERT_GT(sizes.size(), 30U);
  std::sort(sizes.rbegin(), sizes.rend());
  for (std::size_t i = 0; i < 10; ++i) std::cout << sizes[i].first << ' ' << sizes[i].second << '\n';
}

}  // namespace
}  // namespace cairn::tests
