// The arrows between parts, read from the sources themselves: every #include against layers.txt, every part's declared
// dependencies against the same table, and the one header that only the guard may see.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "source_tree.h"

namespace cairn::tests {
namespace {

using Layers = std::vector<std::pair<std::string, std::set<std::string>>>;  // in the table's order

Layers read_layers() {
  Layers layers;
  for (const std::string& line : lines_of(source_root() / "layers.txt")) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string part, word;
    words >> part;
    if (!part.ends_with(':')) {
      ADD_FAILURE() << "layers.txt: expected \"part: parts\", got \"" << line << '"';
      continue;
    }
    layers.emplace_back(part.substr(0, part.size() - 1), std::set<std::string>{});
    while (words >> word) layers.back().second.insert(word);
  }
  return layers;
}

// The quoted includes of a file, with their line numbers.
std::vector<std::pair<std::size_t, std::string>> includes_of(const std::filesystem::path& file) {
  static const std::regex pattern(R"(^\s*#\s*include\s*"([^"]+)\")");
  std::vector<std::pair<std::size_t, std::string>> found;
  const std::vector<std::string> lines = lines_of(file);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (std::regex_search(lines[i], match, pattern)) found.emplace_back(i + 1, match[1]);
  }
  return found;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

TEST(Layers, TableNamesEachPartOnceAndOnlyEarlierOnes) {
  std::set<std::string> earlier;
  for (const auto& [part, may_include] : read_layers()) {
    EXPECT_FALSE(may_include.contains(part)) << part;
    EXPECT_TRUE(earlier.insert(part).second) << part << " twice";
    EXPECT_TRUE(std::filesystem::is_directory(source_root() / "src" / part)) << part;
    for (const std::string& other : may_include) EXPECT_TRUE(earlier.contains(other)) << part << " before " << other;
  }
  for (const auto& entry : std::filesystem::directory_iterator(source_root() / "src")) {
    if (!entry.is_directory()) continue;
    EXPECT_TRUE(earlier.contains(entry.path().filename().string())) << entry.path() << " is missing in layers.txt";
  }
}

TEST(Layers, EveryIncludeIsAllowed) {
  std::size_t checked = 0;
  for (const auto& [part, may_include] : read_layers()) {
    for (const std::filesystem::path& file : own_sources("src/" + part)) {
      for (const auto& [line, path] : includes_of(file)) {
        const std::string other = folder_of(path);
        if (other == "embedded") continue;  // data of the part itself, made by cairn_embed
        ++checked;
        EXPECT_TRUE(std::filesystem::exists(source_root() / "src" / path))
            << file << ':' << line << ": \"" << path << "\" is not below src/; write the part's name too";
        EXPECT_TRUE(other == part || may_include.contains(other))
            << file << ':' << line << ": layers.txt does not let " << part << " include " << path;
      }
    }
  }
  EXPECT_GT(checked, 20U);
}

TEST(Layers, DeclaredDependenciesAreAllowed) {
  static const std::regex pattern(R"(cairn_part\(\s*(\w+)([^)]*))");
  for (const auto& [part, may_include] : read_layers()) {
    const std::string text = text_of(source_root() / "src" / part / "CMakeLists.txt");
    std::smatch match;
    ASSERT_TRUE(std::regex_search(text, match, pattern)) << part;
    EXPECT_EQ(match[1], part);
    std::istringstream words(match[2]);
    std::string word;
    bool in_deps = false;
    while (words >> word) {
      if (word == "DEPS" || word == "LIBS" || word == "TEST_LIBS") {
        in_deps = word == "DEPS";
      } else if (in_deps) {
        EXPECT_TRUE(may_include.contains(word)) << part << "/CMakeLists.txt: DEPS " << word;
      }
    }
  }
}

TEST(Layers, OnlyTheGuardReachesTheBlobStore) {
  std::size_t guards = 0;
  for (const std::filesystem::path& file : own_sources("src")) {
    for (const auto& [line, path] : includes_of(file)) {
      if (path != "ledger/blob_store.h") continue;
      const std::string part = folder_of(std::filesystem::relative(file, source_root() / "src").string());
      guards += part == "guard";
      EXPECT_TRUE(part == "guard" || part == "ledger") << file << ':' << line << ": bytes come from the guard alone";
    }
  }
  EXPECT_GT(guards, 0U) << "the guard includes ledger/blob_store.h no more: has the header another name?";
}

}  // namespace
}  // namespace cairn::tests
