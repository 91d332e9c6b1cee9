// The step `ingest`: what lies outside becomes record sets with a permit and the place where it was declared.
// Nothing is guessed: a package whose copyright file does not say, in the machine-readable form, under which licence a
// file stands, makes a record set that is undeclared, which the guard refuses for every use.
// Not curation: texts are stored as they were read. What is there already, just so, is not stored again; the same name
// for something else is invalid (commit_root). Blocking; one thread.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "data/debian_docs.h"
#include "guard/guard.h"
#include "work/record_set.h"

namespace cairn::work {

struct IngestedDocs {
  std::vector<RecordSet> sets;  // one for each permit class, most bytes first
  std::uint64_t packages = 0, undeclared_packages = 0;
  std::map<std::string, std::uint64_t> undeclared_because;  // reason -> packages
  std::vector<std::string> unknown_licences;                // names that the catalogue lacks, sorted
  std::map<std::string, std::uint64_t> skipped;             // reason -> files
};

// The Debian packages whose documentation the project reads by default (data/documentation.txt): every machine that has
// them in the same versions reads the same text.
std::set<std::string> documentation_packages();

// Reads Debian's installed documentation. A package takes the meet of all its copyright file declares
// (data/copyright.h). Errors: those of data::read_debian_docs and of guard::commit.
Result<IngestedDocs> ingest_debian_docs(guard::Guard& guard, const data::DebianDocsSettings& settings, const Env& env);

// A mailbox under its owner's permit; `where` says where the permit stands. malformed: the mailbox, with the message.
Result<RecordSet> ingest_mailbox(guard::Guard& guard, std::string_view mbox, const std::string& name,
                                 const permit::Permit& permit, const std::string& where, const std::string& owner);

struct IngestedFolder {
  RecordSet set;
  std::map<std::string, std::uint64_t> skipped;  // reason -> files
};
// A folder of text and Markdown (data/text_folder.h), all of it under one permit, declared at `where` by `by`. The name
// is the records' source. Errors: data::read_text_folder's; invalid: no text in it.
Result<IngestedFolder> ingest_folder(guard::Guard& guard, const std::filesystem::path& folder, const std::string& name,
                                     const permit::Permit& permit, const std::string& where, const std::string& by);

}  // namespace cairn::work
