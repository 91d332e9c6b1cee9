// Reads the documentation that Debian has installed: text, Markdown, reStructuredText, HTML and manual pages, gzipped
// or not, in English.
//
// Each file is one Record (source: its package as dpkg says; permit: the package's licence class). A file that cannot
// be read is counted by reason and left out: never fatal. Changelogs, copyright files, other languages and binaries are
// not read. Order and result depend on the files alone. Blocking; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/env.h"
#include "data/copyright.h"
#include "data/record.h"

namespace cairn::data {

struct DebianDocsSettings {
  std::filesystem::path doc = "/usr/share/doc";
  std::filesystem::path man = "/usr/share/man";
  std::filesystem::path dpkg_info = "/var/lib/dpkg/info";
  std::set<std::string> packages;                   // only these; empty: all
  std::size_t largest_file = std::size_t{8} << 20;  // bytes, also after gunzip; larger ones are counted as "too large"
  std::size_t least_text = 200;                     // bytes of text below which a file is counted as "too short"
};

struct PackageDocs {
  PackageLicence licence;
  std::uint64_t records = 0, bytes = 0;
};

struct DebianDocs {
  std::vector<Record> records;                   // sorted: sort_records
  std::map<std::string, PackageDocs> packages;   // those with at least one record
  std::map<std::string, std::uint64_t> skipped;  // reason -> files
  std::vector<std::string> errors;               // "PATH: why", the first hundred in order
};

// not_found: neither `doc` nor `man` is there. invalid: a package in settings.packages that owns no file here.
Result<DebianDocs> read_debian_docs(const DebianDocsSettings& settings, const Env& env);

}  // namespace cairn::data
