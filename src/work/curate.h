// The step `curate`: record sets through the guard, the passes of data/curate.h over all of them at once, and out come
// curated record sets, again one for each permit class.
// Duplicates do not launder: the survivor of a cluster goes to the class that is the meet of all its members' permits.
// Blocking; one thread beside those that the passes use.
#pragma once

#include <span>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "data/curate.h"
#include "guard/guard.h"
#include "work/record_set.h"

namespace cairn::work {

struct Refused {
  const RecordSet* set = nullptr;
  std::string reason;
};

struct CuratedSets {
  std::vector<RecordSet> sets;   // most bytes first
  std::vector<Refused> refused;  // whose permit does not allow `curate`: not opened
  std::vector<data::PassReport> passes;
  std::uint64_t clusters = 0;  // of duplicates
  std::uint64_t narrowed = 0;  // survivors whose permit a duplicate under another permit narrowed
};

// The sets must outlive the result. Errors: of the guard and of data::curate; a set that is refused is no error.
Result<CuratedSets> curate(guard::Guard& guard, std::span<const RecordSet> sets, const data::CurateSettings& settings,
                           const Env& env);

// Curated sets joined into the corpus of a base, split into training and held-out text by record id.
struct CorpusSettings {
  std::string name = "base corpus";
  unsigned heldout_per_thousand = 20;
  std::string licence;              // that the base is planned to have; empty: not planned
  std::vector<AssetId> considered;  // the record sets that the plan was made of, taken in or not
};
struct Corpus {
  AssetId id;
  std::uint64_t records = 0, bytes = 0, heldout_records = 0, heldout_bytes = 0;
};
// invalid: no set, or one side of the split is empty.
Result<Corpus> make_corpus(guard::Guard& guard, std::span<const RecordSet> sets, const CorpusSettings& settings);

}  // namespace cairn::work
