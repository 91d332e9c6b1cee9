// Curation: a list of named passes over records, each timed, counted and switchable, in this order:
//   normalise -> language -> quality -> exact-duplicates -> near-duplicates -> personal-data -> decontaminate
//
// Pure: records in, records out. The result depends on the records and settings alone, not on the order the records
// come in or on threads. It knows no permits: it counts by the records' `permit` names, and tells the caller which
// records a survivor of duplicates stands for, so that the caller can give it the meet of their permits.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "data/record.h"

namespace cairn::data {

struct Tally {
  std::uint64_t records = 0, bytes = 0;
  bool operator==(const Tally&) const = default;
};
struct Flow {
  Tally in, out;
  bool operator==(const Flow&) const = default;
};

struct PassReport {
  std::string name;
  bool on = true;
  double seconds = 0;
  Flow all;
  std::map<std::string, Flow> by_permit;         // Record::permit -> what went in and came out
  std::map<std::string, std::uint64_t> reasons;  // why records were dropped, or what was changed, with how often
};

// Records that are the same, exactly or nearly. Members are all records of the cluster, the survivor among them, sorted
// by id.
struct Cluster {
  struct Member {
    RecordId id;
    std::string permit, source, origin;
    auto operator<=>(const Member&) const = default;
  };
  RecordId survivor;
  std::vector<Member> members;
};

// Thresholds of the quality pass: Rae et al. 2021 (Gopher), arXiv 2112.11446, section A.1.1, table A1; where ours
// differ is said in quality.h.
struct QualitySettings {
  std::size_t least_words = 50, most_words = 100'000;
  double least_mean_word = 2.5, most_mean_word = 10;  // characters
  double most_symbols_per_word = 0.1;                 // "#" and ellipses
  double least_alphabetic_words = 0.6;                // share of words with a letter
  std::size_t least_stop_words = 2;                   // of the, be, to, of, and, that, have, with
  double most_bullet_lines = 0.9, most_ellipsis_lines = 0.3;
  double most_repeated_lines = 0.3;  // share of lines seen before
  double most_repeated_line_bytes = 0.2;
  double most_top_2gram = 0.2, most_top_3gram = 0.18,
         most_top_4gram = 0.16;  // share of the characters within the most frequent n-gram
};

struct CurateSettings {
  std::set<std::string> off;                 // names of passes to leave out
  std::set<std::string> languages = {"en"};  // kept by the language pass
  QualitySettings quality;
  double near_threshold = 0.8;                // Jaccard similarity of the sets of word 5-shingles
  std::vector<std::string> evaluation_texts;  // what the decontaminate pass protects
  std::size_t contamination_ngram = 13;       // words; Brown et al. 2020 (GPT-3), arXiv 2005.14165, appendix C
  std::size_t contamination_common = 10;      // an n-gram in more records than this is idiom and proves nothing (ibid.)
  unsigned threads = 1;                       // changes the time and nothing else
};

struct Curated {
  std::vector<Record> records;  // sorted: sort_records
  std::vector<PassReport> passes;
  std::vector<Cluster> clusters;  // of two records or more, whose survivor is in `records` or was dropped by a later
                                  // pass; sorted by survivor
};

// The names of all passes, in order.
const std::vector<std::string>& pass_names();

// invalid: an unknown name in `off` (with the nearest known one), two records with one id, a threshold outside (0, 1],
// an n-gram of 0.
Result<Curated> curate(std::vector<Record> records, const CurateSettings& settings, const Env& env);

nlohmann::json to_json(const PassReport& report);
// A table for people: pass, records and MB in and out, seconds, the main reasons.
std::string to_text(const std::vector<PassReport>& reports);

}  // namespace cairn::data
