#include "work/base_corpus.h"

#include "eval/minimal_pairs.h"

namespace cairn::work {
namespace {

// What the base will be measured by is kept out of its training text.
Status protect_evaluation(data::CurateSettings& settings) {
  CAIRN_ASSIGN(const auto pairs, eval::built_in_minimal_pairs());
  for (const eval::MinimalPair& pair : pairs) {
    settings.evaluation_texts.push_back(pair.stereotyping);
    settings.evaluation_texts.push_back(pair.other);
  }
  return {};
}

}  // namespace

Result<BaseCorpus> make_base_corpus(guard::Guard& guard, std::span<const RecordSet> sets,
                                    const BaseCorpusSettings& settings, const Env& env) {
  data::CurateSettings passes = settings.curate;
  CAIRN_TRY(protect_evaluation(passes));
  CAIRN_TRY(permit::Permit::everyone_under(settings.licence));  // before the long part
  BaseCorpus out;
  CAIRN_ASSIGN(out.curated, curate(guard, sets, passes, env));
  CAIRN_ASSIGN(out.plan, plan_base(out.curated.sets, settings.licence));
  std::vector<RecordSet> chosen;
  for (const Placement& placement : out.plan.placements)
    if (placement.fate == Fate::base) chosen.push_back(*placement.set);
  CorpusSettings corpus{.name = settings.name,
                        .heldout_per_thousand = settings.heldout_per_thousand,
                        .licence = settings.licence,
                        .considered = {}};
  for (const RecordSet& set : sets) corpus.considered.push_back(set.id);
  CAIRN_ASSIGN(out.corpus, make_corpus(guard, chosen, corpus));
  out.classes = chosen.size();
  return out;
}

Result<CorpusPlan> plan_of_corpus(const guard::Guard& guard, const AssetId& corpus) {
  CAIRN_ASSIGN(const ledger::Asset asset, guard.ledger().asset(corpus));
  if (asset.manifest.kind != "corpus")
    return fail(ErrorCode::invalid, "{} \"{}\" is a {}, expected a corpus", corpus.brief(), asset.manifest.name,
                asset.manifest.kind);
  CAIRN_ASSIGN(const Json settings, parse_json(asset.manifest.settings));
  CAIRN_ASSIGN(const std::string licence, get_string(settings, "licence"));
  CAIRN_ASSIGN(const Json* considered, get_array(settings, "considered"));
  CorpusPlan out;
  for (const Json& one : *considered) {
    if (!one.is_string()) return fail(ErrorCode::malformed, "the corpus {} names a set that is no id", corpus.brief());
    CAIRN_ASSIGN(const AssetId id, AssetId::parse(one.get<std::string>()));
    CAIRN_ASSIGN(RecordSet set, record_set_of(guard, id));
    out.sets.push_back(std::move(set));
  }
  CAIRN_ASSIGN(out.plan, plan_base(out.sets, licence));
  return out;
}

}  // namespace cairn::work
