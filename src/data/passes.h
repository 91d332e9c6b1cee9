// The passes of curation, each a pure act on one record or on all. curate.h names and runs them; nothing else includes
// this but their tests. A function that takes a Record may change its text; what it counts goes to `reasons`: "dropped:
// why" or "changed: what". Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/curate.h"
#include "data/record.h"

namespace cairn::data {

using Reasons = std::map<std::string, std::uint64_t>;

// NFC, "\n" line ends, no control characters but tab, no blanks at line ends, at most one empty line in a row, one "\n"
// at the end. nullopt-like: an empty string where nothing is left or the text is not UTF-8 (`reasons` says which).
bool normalise(Record& record, Reasons& reasons);

// Asks CLD2; sets record.language. Kept: a language of `languages`, reliably so.
bool keep_language(Record& record, const std::set<std::string>& languages, Reasons& reasons);

// Keeps what passes every rule of `settings`; the first rule that fails is counted.
bool keep_quality(const Record& record, const QualitySettings& settings, Reasons& reasons);

// Finds and masks e-mail addresses, telephone numbers, IP addresses, payment cards (Luhn) and IBANs (ISO 7064 mod
// 97-10).
void mask_personal_data(Record& record, Reasons& reasons);

// Groups of indices into `records`, each of two or more, each sorted, the survivor first: the longest text, then the
// smallest id.
using Groups = std::vector<std::vector<std::size_t>>;
// Equal texts, but for white space.
Groups exact_duplicates(const std::vector<Record>& records, unsigned threads);
// Connected by a Jaccard similarity of word 5-shingle sets >= threshold, found by MinHash-LSH (near_duplicates.cc says
// with which probability).
Groups near_duplicates(const std::vector<Record>& records, double threshold, unsigned threads);

// For each record, whether it shares an n-gram of words with an evaluation text; n-grams in more than `common` records
// do not count. An evaluation text of fewer than n words, but at least 5, counts as one n-gram of its own length.
std::vector<bool> contaminated(const std::vector<Record>& records, const std::vector<std::string>& evaluation_texts,
                               std::size_t n, std::size_t common, unsigned threads);

}  // namespace cairn::data
