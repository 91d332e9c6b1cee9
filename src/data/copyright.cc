#include "data/copyright.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <system_error>

#include "base/ascii.h"
#include "base/files.h"
#include "text/unicode.h"

namespace cairn::data {
namespace {

constexpr std::size_t kLargestCopyrightFile = std::size_t{16} << 20;

struct Field {
  std::string name;
  std::string value;  // the first line, trimmed; then "\n" and each further line, trimmed on the right
  std::size_t line = 0;
};
using Paragraph = std::vector<Field>;

std::string_view trim(std::string_view s) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const auto begin = s.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view{} : s.substr(begin, s.find_last_not_of(kBlank) - begin + 1);
}

const Field* find(const Paragraph& paragraph, std::string_view name) {
  const auto found =
      std::find_if(paragraph.begin(), paragraph.end(), [&](const Field& f) { return same_but_for_case(f.name, name); });
  return found == paragraph.end() ? nullptr : &*found;
}

std::string_view first_line(std::string_view value) {
  return trim(value.substr(0, value.find('\n')));
}

std::string with_single_spaces(std::string_view s) {
  std::string out;
  for (const char c : trim(s)) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank || out.back() != ' ') out.push_back(blank ? ' ' : c);
  }
  return out;
}

bool names_a_field(std::string_view s) {
  return !s.empty() && s[0] != '-' &&
         std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c < 127 && c != ':'; });
}

// Reads the paragraphs of an RFC 822-like control file (Debian policy 5.1).
class Paragraphs {
 public:
  Paragraphs(std::string_view text, std::string_view path) : rest_(text), path_(path) {}

  Result<std::vector<Paragraph>> read() {
    std::vector<Paragraph> all;
    Paragraph now;
    while (!rest_.empty()) {
      ++line_;
      const auto end = rest_.find('\n');
      const std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      if (trim(line).empty()) {
        if (!now.empty()) all.push_back(std::exchange(now, {}));
      } else if (line[0] == ' ' || line[0] == '\t') {
        if (now.empty()) return wrong("expected \"Field: value\", got an indented line after none");
        now.back().value += '\n';
        now.back().value += trim(line);
      } else if (line[0] != '#') {
        CAIRN_TRY(add_field(now, line));
      }
    }
    if (!now.empty()) all.push_back(std::move(now));
    return all;
  }

 private:
  Status add_field(Paragraph& now, std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !names_a_field(line.substr(0, colon)))
      return wrong(fmt::format("expected \"Field: value\", got \"{}\"", line.substr(0, 60)));
    const std::string_view name = line.substr(0, colon);
    if (const Field* before = find(now, name))
      return wrong(fmt::format("field {} a second time (first in line {})", name, before->line));
    now.push_back({std::string(name), std::string(trim(line.substr(colon + 1))), line_});
    return {};
  }
  tl::unexpected<Error> wrong(std::string what) const {
    return fail(ErrorCode::malformed, "{}:{}: {}", path_, line_, what);
  }

  std::string_view rest_, path_;
  std::size_t line_ = 0;
};

bool is_the_format(std::string_view format) {
  return format.find("copyright-format") != format.npos || format.find("dep5") != format.npos;
}

// Looks at the first field only: prose copyright files are common and are no error.
bool looks_machine_readable(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    if (!line.empty() && line[0] != '#') {
      const std::string_view name = line.substr(0, line.find(':'));
      return same_but_for_case(name, "Format") || same_but_for_case(name, "Format-Specification");
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return false;
}

std::vector<std::string> words_of(std::string_view value) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = value.find_first_not_of(" \t\n", at)) != std::string_view::npos) {
    const auto end = std::min(value.find_first_of(" \t\n", at), value.size());
    words.emplace_back(value.substr(at, end - at));
    at = end;
  }
  return words;
}

// "debian/*" alone: the packaging, of which nothing is installed as documentation without its own stanza saying so.
bool is_packaging(const CopyrightStanza& stanza) {
  constexpr std::array<std::string_view, 4> kPackaging = {"debian/*", "./debian/*", "debian/", "debian"};
  return std::all_of(stanza.files.begin(), stanza.files.end(), [&](const std::string& glob) {
    return std::find(kPackaging.begin(), kPackaging.end(), glob) != kPackaging.end();
  });
}

std::string unknown_of(Error error) {
  return std::move(error.message);
}

// The real path of a copyright file, if it stays below doc_root.
std::optional<std::filesystem::path> resolve(const std::filesystem::path& doc_root, std::string_view package) {
  if (package.empty() || package.find('/') != package.npos || package[0] == '.') return std::nullopt;
  std::error_code error;
  const auto root = std::filesystem::canonical(doc_root, error);
  if (error) return std::nullopt;
  const auto real = std::filesystem::canonical(doc_root / package / "copyright", error);
  if (error) return std::nullopt;
  const auto [r, p] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  return r == root.end() ? std::optional(real) : std::nullopt;
}

}  // namespace

std::string Place::to_text() const {
  return fmt::format("{}:{} ({})", file, line, field);
}

std::string PackageLicence::permit_class() const {
  if (!known()) return "unknown";
  std::string out;
  for (const auto& licence : licences) out += (out.empty() ? "" : " & ") + licence.expression;
  return out;
}

Result<CopyrightFile> parse_copyright(std::string_view text, std::string_view path) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!looks_machine_readable(text))
    return fail(ErrorCode::not_found, "{}: not machine-readable: it does not begin with Format:", path);
  if (const auto bad = text::first_bad_utf8(text))
    return fail(ErrorCode::malformed, "{}:{}: not UTF-8", path,
                1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*bad), '\n'));
  CAIRN_ASSIGN(const auto paragraphs, Paragraphs(text, path).read());
  CopyrightFile file;
  file.path = path;
  const Field& format = paragraphs.front().front();
  file.format = format.value;
  if (!is_the_format(format.value))
    return fail(ErrorCode::not_found, "{}:{}: not machine-readable: its format is \"{}\"", path, format.line,
                first_line(format.value));
  for (const Paragraph& paragraph : paragraphs) {
    const Field* files = find(paragraph, "Files");
    const Field* licence = find(paragraph, "License");
    const bool header = &paragraph == &paragraphs.front();
    if (header && licence) {
      file.whole_licence = with_single_spaces(first_line(licence->value));
      file.whole_licence_line = licence->line;
    }
    if (!files) {
      if (!header && !licence)
        return fail(ErrorCode::malformed, "{}:{}: a paragraph with neither Files: nor License:", path,
                    paragraph.front().line);
      continue;
    }
    if (!licence)
      return fail(ErrorCode::malformed, "{}:{}: Files: without License: in its paragraph", path, files->line);
    const Field* copyright = find(paragraph, "Copyright");
    CopyrightStanza stanza{words_of(files->value), with_single_spaces(first_line(licence->value)),
                           copyright ? copyright->value : "", paragraph.front().line, licence->line};
    if (stanza.files.empty()) return fail(ErrorCode::malformed, "{}:{}: Files: names nothing", path, files->line);
    file.stanzas.push_back(std::move(stanza));
  }
  if (file.stanzas.empty()) return fail(ErrorCode::malformed, "{}:{}: no paragraph with Files:", path, format.line);
  return file;
}

PackageLicence licence_of_package(const CopyrightFile& file) {
  PackageLicence package;
  std::map<std::string, std::vector<Place>> found;
  if (!file.whole_licence.empty()) found[file.whole_licence].push_back({file.path, file.whole_licence_line, "License"});
  for (const auto& stanza : file.stanzas) {
    if (is_packaging(stanza)) continue;
    if (stanza.licence.empty()) {
      package.unknown_because = fmt::format("{}:{}: License: has no short name", file.path, stanza.licence_line);
      return package;
    }
    found[stanza.licence].push_back({file.path, stanza.licence_line, "License"});
  }
  for (auto& [expression, places] : found) {
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.line < b.line; });
    package.licences.push_back({expression, std::move(places)});
  }
  if (package.licences.empty()) package.unknown_because = fmt::format("{}: only debian/* has a licence", file.path);
  return package;
}

PackageLicence licence_of_package(const std::filesystem::path& doc_root, std::string_view package) {
  PackageLicence unknown;
  const auto path = resolve(doc_root, package);
  if (!path) {
    unknown.unknown_because =
        fmt::format("{}: not there, or a link that leads elsewhere", (doc_root / package / "copyright").string());
    return unknown;
  }
  const auto text = read_text(*path, kLargestCopyrightFile);
  if (!text) {
    unknown.unknown_because = unknown_of(text.error());
    return unknown;
  }
  const auto file = parse_copyright(*text, path->string());
  if (!file) {
    unknown.unknown_because = unknown_of(file.error());
    return unknown;
  }
  return licence_of_package(*file);
}

}  // namespace cairn::data
