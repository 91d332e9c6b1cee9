#include "work/curate.h"

#include <algorithm>
#include <map>
#include <set>

#include "data/record_file.h"
#include "data/shard.h"
#include "work/commit.h"

namespace cairn::work {
namespace {

using Class = std::set<std::size_t>;  // indices into the opened sets whose permits a record stands under together

struct Opened {
  std::vector<const RecordSet*> sets;
  std::vector<guard::Pass> passes;
  std::vector<data::Record> records;  // `permit` is the index of the set
};

Status open_one(guard::Guard& guard, const RecordSet& set, Opened& opened, std::vector<Refused>& refused) {
  auto pass = guard.authorise(own_use("curate"), set.id);
  if (!pass) {
    if (!is_refusal(pass.error())) return fail(std::move(pass).error());
    refused.push_back({&set, pass.error().message});
    return {};
  }
  CAIRN_ASSIGN(const guard::Reader reader, guard.open(*pass, set.id, "records"));
  CAIRN_ASSIGN(std::vector<data::Record> records, data::read_records(reader.bytes()));
  const std::string index = std::to_string(opened.sets.size());
  for (data::Record& record : records) {
    record.permit = index;
    opened.records.push_back(std::move(record));
  }
  opened.sets.push_back(&set);
  opened.passes.push_back(std::move(*pass));
  return {};
}

// The class of every survivor of a cluster whose members stand under more than one permit.
std::map<data::RecordId, Class> narrowed_classes(const std::vector<data::Cluster>& clusters) {
  std::map<data::RecordId, Class> out;
  for (const data::Cluster& cluster : clusters) {
    Class members;
    for (const auto& member : cluster.members) members.insert(std::stoul(member.permit));
    // A record can survive exact duplicates and then near ones: both clusters hold.
    if (members.size() > 1) out[cluster.survivor].merge(members);
  }
  return out;
}

std::string name_of(const Class& c, const Opened& opened) {
  std::string name = "curated: ";
  for (const std::size_t i : c) name += (i == *c.begin() ? "" : " & ") + opened.sets[i]->licences;
  if (name.size() > 180) name.resize(180);
  return name;
}

Result<RecordSet> commit_class(guard::Guard& guard, const Class& c, std::vector<data::Record> records,
                               const Opened& opened, const Json& settings) {
  RecordSet set{.name = name_of(c, opened), .licences = {}, .permit = {}, .records = records.size()};
  std::vector<guard::Pass> passes;
  std::vector<permit::Permit> permits;
  std::set<std::string> sources;
  for (const std::size_t i : c) {
    passes.push_back(opened.passes[i]);
    permits.push_back(opened.sets[i]->permit);
    set.licences += (set.licences.empty() ? "" : " & ") + opened.sets[i]->licences;
    sources.insert(opened.sets[i]->source);
  }
  set.source = fmt::format("{}", fmt::join(sources, ", "));
  CAIRN_ASSIGN(set.permit, permit::meet(permits));  // to plan with; what holds is what the guard computes
  for (data::Record& record : records) {
    record.permit = set.permit.terms().brief();
    set.bytes += record.text.size();
  }
  CAIRN_ASSIGN(Bytes file, data::write_records(records));
  CAIRN_ASSIGN(set.id, commit(guard, passes,
                              {.kind = "record-set",
                               .name = set.name,
                               .step = "curate",
                               .settings = settings,
                               .properties = properties_of(set),
                               .role = "records",
                               .bytes = std::move(file)}));
  return set;
}

}  // namespace

Result<CuratedSets> curate(guard::Guard& guard, std::span<const RecordSet> sets, const data::CurateSettings& settings,
                           const Env& env) {
  CuratedSets out;
  Opened opened;
  for (const RecordSet& set : sets) CAIRN_TRY(open_one(guard, set, opened, out.refused));
  CAIRN_ASSIGN(data::Curated curated, data::curate(std::move(opened.records), settings, env));
  out.passes = std::move(curated.passes);
  out.clusters = curated.clusters.size();
  const auto narrowed = narrowed_classes(curated.clusters);
  std::map<Class, std::vector<data::Record>> classes;
  for (data::Record& record : curated.records) {
    Class c{std::stoul(record.permit)};
    if (const auto it = narrowed.find(record.id); it != narrowed.end()) {
      c.insert(it->second.begin(), it->second.end());
      ++out.narrowed;
    }
    classes[std::move(c)].push_back(std::move(record));
  }
  Json how{{"passes", Json::array()}};
  for (const auto& pass : out.passes)
    if (pass.on) how["passes"].push_back(pass.name);
  for (auto& [c, records] : classes) {
    CAIRN_ASSIGN(RecordSet set, commit_class(guard, c, std::move(records), opened, how));
    out.sets.push_back(std::move(set));
  }
  std::stable_sort(out.sets.begin(), out.sets.end(),
                   [](const RecordSet& a, const RecordSet& b) { return a.bytes > b.bytes; });
  return out;
}

Result<Corpus> make_corpus(guard::Guard& guard, std::span<const RecordSet> sets, const CorpusSettings& settings) {
  if (sets.empty())
    return fail_with_hint(ErrorCode::invalid, "no record set may go into this corpus",
                          "plan for another licence, or add data whose permit implies it");
  Corpus out;
  std::vector<guard::Pass> passes;
  std::vector<data::Record> train, heldout;
  for (const RecordSet& set : sets) {
    CAIRN_ASSIGN(guard::Pass pass, guard.authorise(own_use("curate"), set.id));
    CAIRN_ASSIGN(const guard::Reader reader, guard.open(pass, set.id, "records"));
    CAIRN_ASSIGN(std::vector<data::Record> records, data::read_records(reader.bytes()));
    for (data::Record& record : records) {
      const bool held = data::split_of(record.id, settings.heldout_per_thousand) == data::Split::heldout;
      (held ? out.heldout_records : out.records) += 1;
      (held ? out.heldout_bytes : out.bytes) += record.text.size();
      (held ? heldout : train).push_back(std::move(record));
    }
    passes.push_back(std::move(pass));
  }
  if (train.empty() || heldout.empty())
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("the corpus has {} records: {} to train on and {} held out of training, expected some of both",
                    train.size() + heldout.size(), train.size(), heldout.size()),
        "add data, or hold more of it out: cairn curate --heldout 100 (in a thousand)");
  data::sort_records(train);
  data::sort_records(heldout);
  CAIRN_ASSIGN(Bytes train_file, data::write_records(train));
  CAIRN_ASSIGN(Bytes heldout_file, data::write_records(heldout));
  Json considered = Json::array();
  for (const AssetId& id : settings.considered) considered.push_back(id.hex());
  CAIRN_ASSIGN(out.id, commit(guard, passes,
                              {.kind = "corpus",
                               .name = settings.name,
                               .step = "curate",
                               .settings = Json{{"heldout_per_thousand", settings.heldout_per_thousand},
                                                {"licence", settings.licence},
                                                {"considered", std::move(considered)}},
                               .properties = Json{{"records", out.records},
                                                  {"bytes", out.bytes},
                                                  {"heldout_records", out.heldout_records},
                                                  {"heldout_bytes", out.heldout_bytes}},
                               .role = "records",
                               .bytes = std::move(train_file),
                               .more = {{"heldout", std::move(heldout_file)}}}));
  return out;
}

}  // namespace cairn::work
