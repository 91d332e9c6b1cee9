// The documents name files; each must be there. `path/x.h`, `./run` or [text](docs/x.md) in a page at the root or in
// docs/ counts as a name if its first folder is one of the repository's; words with <, * or capitals for a blank do
// not.
#include <gtest/gtest.h>

#include <regex>

#include "source_tree.h"

namespace cairn::tests {
namespace {

std::vector<std::filesystem::path> pages() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(source_root())) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_root() / "docs")) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(Documents, NamedFilesExist) {
  static const std::regex pattern(
      R"re([`(]((?:\./|src/|tests/|docs/|cmake/|data/|bench/|fuzz/|web/|\.ci/)[\w./-]+)(?:#[\w-]+)?[`)])re");
  std::size_t names = 0;
  for (const std::filesystem::path& page : pages()) {
    const std::vector<std::string> lines = lines_of(page);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (std::sregex_iterator it(lines[i].begin(), lines[i].end(), pattern), end; it != end; ++it) {
        const std::string name = (*it)[1];
        if (name.find("NAME") != std::string::npos || name.find("PART") != std::string::npos) continue;
        ++names;
        EXPECT_TRUE(std::filesystem::exists(source_root() / name) || std::filesystem::exists(page.parent_path() / name))
            << page << ':' << i + 1 << ": " << name << " does not exist";
      }
    }
  }
  EXPECT_GT(names, 20U);
}

// docs/exit-codes.md lists each code of base/result.h with its number.
TEST(Documents, ExitCodesAreListed) {
  static const std::regex pattern(R"(^  (\w+) = (\d+),)");
  const std::string page = text_of(source_root() / "docs/exit-codes.md");
  std::size_t codes = 0;
  for (const std::string& line : lines_of(source_root() / "src/base/result.h")) {
    std::smatch match;
    if (!std::regex_search(line, match, pattern)) continue;
    ++codes;
    EXPECT_NE(page.find("| " + match[2].str() + " | `" + match[1].str() + "` |"), std::string::npos)
        << match[1] << " = " << match[2] << " is missing in docs/exit-codes.md";
  }
  EXPECT_GE(codes, 12U);
}

// docs/dependencies.md says why each package is needed.
TEST(Documents, DependenciesAreExplained) {
  const std::string page = text_of(source_root() / "docs/dependencies.md");
  std::size_t packages = 0;
  for (const std::string& line : lines_of(source_root() / "cmake/packages.txt")) {
    if (line.empty() || line.front() == '#') continue;
    ++packages;
    EXPECT_NE(page.find('`' + line + '`'), std::string::npos) << line << " is missing in docs/dependencies.md";
  }
  EXPECT_GE(packages, 20U);
}

}  // namespace
}  // namespace cairn::tests
