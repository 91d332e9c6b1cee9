// The repository's own files, as the tests of this folder read them. A file that cannot be read fails the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace cairn::tests {

inline std::filesystem::path source_root() {
  return CAIRN_SOURCE;
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::istringstream in(text_of(file));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// C++ files below a folder of the repository, sorted.
inline std::vector<std::filesystem::path> own_sources(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::exists(source_root() / folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_root() / folder)) {
    const std::string ending = entry.path().extension();
    if (entry.is_regular_file() && (ending == ".cc" || ending == ".h")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace cairn::tests
