// Debian's machine-readable copyright files ("DEP-5", copyright-format 1.0), and what they say of a whole binary
// package.
//
// Not a judge of licences: an expression is kept as written (white space collapsed) with the place it was declared;
// what it permits is the permit part's business. Nothing is defaulted or guessed: what the file does not say is
// unknown. Values; pure; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::data {

// Where a claim stands.
struct Place {
  std::string file;
  std::size_t line = 0;  // from 1
  std::string field;     // "License"
  bool operator==(const Place&) const = default;
  std::string to_text() const;  // "/usr/share/doc/bash/copyright:12 (License)"
};

// A paragraph with `Files:`.
struct CopyrightStanza {
  std::vector<std::string> files;  // globs over the *source* package's paths
  std::string licence;             // the first line of License:, an expression; empty where the file leaves it out
  std::string copyright;           // lines joined with "\n"
  std::size_t line = 0;            // where the paragraph begins
  std::size_t licence_line = 0;
};

struct CopyrightFile {
  std::string path;
  std::string format;         // the header's Format:
  std::string whole_licence;  // the header's License:, for the package as a whole; usually empty
  std::size_t whole_licence_line = 0;
  std::vector<CopyrightStanza> stanzas;
};

// not_found: no Format: header, so not machine-readable. malformed: "PATH:LINE: ..." for a line that is no field, a
// repeated field, a Files paragraph without License, no Files paragraph at all, bytes that are not UTF-8.
Result<CopyrightFile> parse_copyright(std::string_view text, std::string_view path);

struct DeclaredLicence {
  std::string expression;
  std::vector<Place> places;  // in the order of the file
};

// What is known of every file of a package: all of `licences` hold at once (their meet). Unknown: `unknown_because`
// says why.
struct PackageLicence {
  std::vector<DeclaredLicence> licences;  // distinct, sorted by expression
  std::string unknown_because;            // empty where the licences are known
  bool known() const { return unknown_because.empty(); }
  std::string permit_class() const;  // "GPL-2+ & MIT": the sorted expressions; "unknown" where not known
};

// The stanzas name source paths and an installed file seldom proves its own, so it takes all of them but those that
// name `debian/*` alone, and the header's licence beside. A stanza without a short name makes the package unknown.
PackageLicence licence_of_package(const CopyrightFile& file);

// Reads doc_root/PACKAGE/copyright (either may be a symbolic link within doc_root). Never fails: a file that is
// missing, malformed or not machine-readable gives an unknown licence with the reason.
PackageLicence licence_of_package(const std::filesystem::path& doc_root, std::string_view package);

}  // namespace cairn::data
