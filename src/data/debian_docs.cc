#include "data/debian_docs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/ascii.h"
#include "base/files.h"
#include "data/document_text.h"

namespace cairn::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestList = std::size_t{256} << 20;
constexpr std::size_t kErrorsKept = 100;

enum class Form { none, text, html, manual };

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Languages that Debian marks in names, as in README.de or faq.ja.html.
bool is_other_language(std::string_view mark) {
  const auto base = mark.substr(0, mark.find_first_of("_-@"));
  return is_one_of(base, {"ar", "bg", "ca", "cs", "da", "de", "el", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga",
                          "gl", "he", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "nn", "no",
                          "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "th", "tr", "uk", "vi", "zh"});
}

// Lists of changes, of people and of licences: no documentation.
bool is_left_out(std::string_view lower_name) {
  for (const std::string_view front : {"changelog", "changes", "copyright", "copying", "license", "licence", "authors",
                                       "thanks", "credits", "contributors", "maintainers", "news.debian", "buildinfo"})
    if (lower_name.starts_with(front)) return true;
  return false;
}

bool is_capitals(std::string_view name) {
  return name.size() >= 3 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
         });
}

Form form_of_document(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".gz")) name.remove_suffix(3);
  const std::string small = lower(name);
  if (is_left_out(small)) return Form::none;
  const auto dot = small.rfind('.');
  const std::string_view extension =
      dot == std::string::npos ? std::string_view{} : std::string_view(small).substr(dot + 1);
  std::string_view stem = std::string_view(small).substr(0, dot);
  if (const auto before = stem.rfind('.'); before != stem.npos && is_other_language(stem.substr(before + 1)))
    return Form::none;
  if (is_other_language(extension)) return Form::none;
  if (is_one_of(extension, {"html", "htm", "xhtml"})) return Form::html;
  if (is_one_of(extension, {"txt", "md", "markdown", "rst", "text", "asciidoc", "adoc", "pod"})) return Form::text;
  return small.starts_with("readme") || is_capitals(name) ? Form::text : Form::none;
}

// man/manN/NAME.N[.gz]; man/de/man1/... is another language. `path` is relative to the manuals' root.
Form form_of_manual(std::string_view path) {
  return path.starts_with("man") && path.find('/') == 4 ? Form::manual : Form::none;
}

struct Found {
  std::string package;
  Form form = Form::none;
};

// path -> the package that owns it. A file in two packages (two architectures of one) goes to the first by name.
class Owners {
 public:
  Owners(const DebianDocsSettings& settings) : doc_(settings.doc.string() + "/"), man_(settings.man.string() + "/") {}

  void read_list(std::string_view list, const std::string& package) {
    while (!list.empty()) {
      const auto end = list.find('\n');
      const std::string_view path = list.substr(0, end);
      list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
      Form form = Form::none;
      if (path.starts_with(doc_)) form = form_of_document(path.substr(doc_.size()));
      if (path.starts_with(man_)) form = form_of_manual(path.substr(man_.size()));
      if (form == Form::none) continue;
      auto& found = files_[std::string(path)];
      if (found.package.empty() || package < found.package) found = {package, form};
    }
  }
  const std::map<std::string, Found>& files() const { return files_; }

 private:
  std::string doc_, man_;
  std::map<std::string, Found> files_;
};

// "libc6:amd64.list" -> "libc6"
std::string package_of_list(const fs::path& path) {
  const std::string name = path.stem().string();
  return name.substr(0, name.find(':'));
}

Result<Owners> read_owners(const DebianDocsSettings& settings) {
  Owners owners(settings);
  std::error_code error;
  fs::directory_iterator lists(settings.dpkg_info, error);
  if (error)
    return fail_with_hint(
        ErrorCode::not_found, fmt::format("{}: {}", settings.dpkg_info.string(), error.message()),
        "the owner of each file is read from dpkg's lists, so this works on Debian and what descends from it");
  for (; lists != fs::directory_iterator(); lists.increment(error)) {
    if (error) return fail(ErrorCode::failed, "{}: {}", settings.dpkg_info.string(), error.message());
    if (lists->path().extension() != ".list") continue;
    const std::string package = package_of_list(lists->path());
    if (!settings.packages.empty() && !settings.packages.contains(package)) continue;
    CAIRN_ASSIGN(const std::string list, read_text(lists->path(), kLargestList));
    owners.read_list(list, package);
  }
  return owners;
}

Result<std::string> text_of(const fs::path& path, Form form, std::size_t largest) {
  CAIRN_ASSIGN(const Bytes raw, read_file(path, largest));
  std::string unpacked;
  std::string_view bytes = as_text(raw);
  if (path.extension() == ".gz") {
    CAIRN_ASSIGN(unpacked, gunzip(raw, largest));
    bytes = unpacked;
  }
  CAIRN_ASSIGN(std::string text, decode_text(bytes));
  switch (form) {
    case Form::html:
      return text_of_html(text);
    case Form::manual:
      return is_manual_alias(text) ? std::string{} : text_of_manual(text);
    default:
      return text;
  }
}

class Walker {
 public:
  Walker(const DebianDocsSettings& settings, const Env& env) : settings_(settings), env_(env) {}

  DebianDocs read(const Owners& owners) {
    std::size_t done = 0;
    for (const auto& [path, found] : owners.files()) {
      take(path, found);
      if (++done % 500 == 0)
        env_.progress({"reading documentation", static_cast<double>(done), static_cast<double>(owners.files().size()),
                       "files", found.package});
    }
    sort_records(docs_.records);
    return std::move(docs_);
  }

 private:
  void take(const std::string& path, const Found& found) {
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    if (fs::is_symlink(status)) return skip("a link");
    if (!fs::is_regular_file(status)) return skip("listed but not installed");
    auto text = text_of(path, found.form, settings_.largest_file);
    if (!text) return failed(path, text.error());
    if (text->size() < settings_.least_text) return skip("too short");
    const auto [package, is_new] = docs_.packages.try_emplace(found.package);
    if (is_new) package->second.licence = licence_of_package(settings_.doc, found.package);
    ++package->second.records;
    package->second.bytes += text->size();
    Record record{.text = std::move(*text), .origin = path, .source = found.package};
    record.kind = found.form == Form::manual ? "manual" : "document";
    record.permit = package->second.licence.permit_class();
    record.id = identify(record);
    docs_.records.push_back(std::move(record));
  }
  void skip(const std::string& reason) { ++docs_.skipped[reason]; }
  void failed(const std::string& path, const Error& error) {
    skip(error.code == ErrorCode::invalid ? "too large" : error.message == "binary" ? "binary" : "unreadable");
    if (docs_.errors.size() < kErrorsKept)
      docs_.errors.push_back(error.message.starts_with(path) ? error.message : path + ": " + error.message);
  }

  const DebianDocsSettings& settings_;
  const Env& env_;
  DebianDocs docs_;
};

}  // namespace

Result<DebianDocs> read_debian_docs(const DebianDocsSettings& settings, const Env& env) {
  std::error_code error;
  if (!fs::is_directory(settings.doc, error) && !fs::is_directory(settings.man, error))
    return fail(ErrorCode::not_found, "neither {} nor {} is there", settings.doc.string(), settings.man.string());
  CAIRN_ASSIGN(const Owners owners, read_owners(settings));
  std::set<std::string> missing = settings.packages;
  for (const auto& [path, found] : owners.files()) missing.erase(found.package);
  if (!missing.empty())
    return fail_with_hint(ErrorCode::invalid, fmt::format("package {} owns no documentation here", *missing.begin()),
                          fmt::format("apt-get install {}", *missing.begin()));
  return Walker(settings, env).read(owners);
}

}  // namespace cairn::data
