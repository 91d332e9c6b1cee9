// Reads a folder of plain text and Markdown, with all folders in it: each file is one Record.
//
// Not a crawler: symbolic links are not followed, hidden files and folders (".git") are left alone, other kinds of file
// are counted and left out. It says nothing of licences: whoever gives the folder declares its permit. Bytes are
// hostile. Order and result depend on the files' names and bytes alone. Blocking; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace cairn::data {

struct TextFolder {
  std::vector<Record> records;                   // sorted: sort_records; origin: the path below the folder
  std::map<std::string, std::uint64_t> skipped;  // reason -> files
};

struct TextFolderSettings {
  std::size_t largest_file = std::size_t{8} << 20;  // bytes; larger ones are counted as "too large"
  std::size_t most_files = 1'000'000;
};

// Files that end in .txt, .text, .md, .markdown or .rst, whatever the case; `source` becomes the records' source.
// not_found: no such folder. invalid: it is a file, or holds more than `most_files`. failed: a folder cannot be listed
// or a file not read, with its path.
Result<TextFolder> read_text_folder(const std::filesystem::path& folder, const std::string& source,
                                    const TextFolderSettings& settings = {});

}  // namespace cairn::data
