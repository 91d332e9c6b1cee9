// The step `curate` for a base, whole: a plan from the licence that it is to have, the passes over all the sets, a plan
// of what they left, and the corpus of what may go in. Blocking; one thread beside those that the passes use.
#pragma once

#include <span>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "data/curate.h"
#include "guard/guard.h"
#include "work/curate.h"
#include "work/plan.h"

namespace cairn::work {

struct BaseCorpusSettings {
  std::string licence = "GPL-3.0-or-later";  // under which everyone is to use, adapt and share the base
  std::string name = "base corpus";
  unsigned heldout_per_thousand = 20;  // of the records, by their ids
  data::CurateSettings curate;         // evaluation_texts: the pairs that bias is measured by are added
};

// Movable only: the plan points into the curated sets.
struct BaseCorpus {
  BaseCorpus() = default;
  BaseCorpus(BaseCorpus&&) = default;
  BaseCorpus& operator=(BaseCorpus&&) = default;

  CuratedSets curated;
  Plan plan;  // of the curated sets
  Corpus corpus;
  std::uint64_t classes = 0;  // permit classes in the corpus
};

// The sets must outlive the result. not_found: no such licence. invalid: no set may go in, or too little text to hold
// some out. Errors of curate().
Result<BaseCorpus> make_base_corpus(guard::Guard& guard, std::span<const RecordSet> sets,
                                    const BaseCorpusSettings& settings, const Env& env);

// The plan that a corpus was made by, made anew from the permits of the sets that its manifest names. invalid: not a
// corpus. not_found.
struct CorpusPlan {
  CorpusPlan() = default;
  CorpusPlan(CorpusPlan&&) = default;
  CorpusPlan& operator=(CorpusPlan&&) = default;

  std::vector<RecordSet> sets;
  Plan plan;  // points into `sets`
};
Result<CorpusPlan> plan_of_corpus(const guard::Guard& guard, const AssetId& corpus);

}  // namespace cairn::work
