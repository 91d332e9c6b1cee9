#include "data/text_folder.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/ascii.h"
#include "base/files.h"
#include "data/document_text.h"

namespace cairn::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array kEndings{".txt", ".text", ".md", ".markdown", ".rst"};

bool is_text(const fs::path& path) {
  return std::find(kEndings.begin(), kEndings.end(), lower(path.extension().string())) != kEndings.end();
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

// The regular files, and those left out for what they are.
Result<std::vector<fs::path>> list(const fs::path& folder, std::size_t most_files, TextFolder& out) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const fs::file_status status = it->symlink_status(error);
    if (error) break;
    if (is_hidden(it->path())) {
      if (fs::is_directory(status)) it.disable_recursion_pending();
      ++out.skipped["hidden"];
    } else if (fs::is_symlink(status)) {
      ++out.skipped["a symbolic link"];
    } else if (fs::is_regular_file(status)) {
      is_text(it->path()) ? files.push_back(it->path()) : void(++out.skipped["not text or Markdown"]);
    }
    if (files.size() > most_files)
      return fail(ErrorCode::invalid, "{} holds more than {} texts", folder.string(), most_files);
  }
  if (error) return fail(ErrorCode::failed, "listing {}: {}", folder.string(), error.message());
  return files;
}

}  // namespace

Result<TextFolder> read_text_folder(const fs::path& folder, const std::string& source,
                                    const TextFolderSettings& settings) {
  std::error_code error;
  if (!fs::exists(folder, error)) return fail(ErrorCode::not_found, "there is no folder {}", folder.string());
  if (!fs::is_directory(folder, error))
    return fail_with_hint(ErrorCode::invalid, fmt::format("{} is a file, expected a folder", folder.string()),
                          "name the folder that holds it");
  TextFolder out;
  CAIRN_ASSIGN(const std::vector<fs::path> files, list(folder, settings.most_files, out));
  for (const fs::path& path : files) {
    const auto size = fs::file_size(path, error);
    if (error) return fail(ErrorCode::failed, "reading {}: {}", path.string(), error.message());
    if (size > settings.largest_file) {
      ++out.skipped["too large"];
      continue;
    }
    CAIRN_ASSIGN(const Bytes bytes, read_file(path));
    auto text = decode_text(as_text(bytes));
    if (!text) {
      ++out.skipped[text.error().message];
      continue;
    }
    if (text->find_first_not_of(" \t\r\n\f\v") == std::string::npos) {
      ++out.skipped["empty"];
      continue;
    }
    Record record{.text = std::move(*text),
                  .origin = path.lexically_relative(folder).generic_string(),
                  .source = source,
                  .kind = "document"};
    record.id = identify(record);
    out.records.push_back(std::move(record));
  }
  sort_records(out.records);
  return out;
}

}  // namespace cairn::data
