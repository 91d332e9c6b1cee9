#include "data/curate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>

#include "data/parallel.h"
#include "data/passes.h"

namespace cairn::data {
namespace {

struct State {
  const CurateSettings& settings;
  std::vector<Record> records;
  std::map<RecordId, Cluster> clusters;  // by survivor
};

// Runs `keep(record, reasons)` on every record and removes those for which it says false.
template <class Keep>
void filter(State& state, Reasons& reasons, const Keep& keep) {
  std::vector<char> kept(state.records.size());
  std::mutex guard;
  in_chunks(state.records.size(), state.settings.threads, [&](std::size_t begin, std::size_t end) {
    Reasons here;
    for (std::size_t i = begin; i < end; ++i) kept[i] = keep(state.records[i], here);
    const std::lock_guard lock(guard);
    for (const auto& [reason, n] : here) reasons[reason] += n;
  });
  std::size_t i = 0;
  std::erase_if(state.records, [&](const Record&) { return !kept[i++]; });
}

Cluster cluster_of(State& state, const Record& record) {
  const auto found = state.clusters.find(record.id);
  if (found != state.clusters.end()) return std::move(state.clusters.extract(found).mapped());
  return {record.id, {{record.id, record.permit, record.source, record.origin}}};
}

// Keeps the first of each group, and lets it answer for all that the others answered for.
void keep_survivors(State& state, Reasons& reasons, const Groups& groups) {
  std::vector<char> dropped(state.records.size());
  for (const auto& group : groups) {
    Cluster all{state.records[group.front()].id, {}};
    for (const std::size_t i : group) {
      const Cluster one = cluster_of(state, state.records[i]);
      all.members.insert(all.members.end(), one.members.begin(), one.members.end());
      dropped[i] = i != group.front();
    }
    std::sort(all.members.begin(), all.members.end());
    reasons["dropped: a duplicate"] += group.size() - 1;
    reasons["clusters"] += 1;
    state.clusters.insert_or_assign(all.survivor, std::move(all));
  }
  std::size_t i = 0;
  std::erase_if(state.records, [&](const Record&) { return dropped[i++]; });
}

void decontaminate(State& state, Reasons& reasons) {
  const auto& s = state.settings;
  const auto bad =
      contaminated(state.records, s.evaluation_texts, s.contamination_ngram, s.contamination_common, s.threads);
  const auto count = static_cast<std::uint64_t>(std::count(bad.begin(), bad.end(), true));
  if (count > 0) reasons["dropped: shares text with the evaluation"] = count;
  std::size_t i = 0;
  std::erase_if(state.records, [&](const Record&) { return bad[i++]; });
}

struct Pass {
  const char* name;
  void (*run)(State&, Reasons&);
};

constexpr Pass kPasses[] = {
    {"normalise", [](State& s, Reasons& r) { filter(s, r, normalise); }},
    {"language",
     [](State& s, Reasons& r) {
       filter(s, r, [&](Record& x, Reasons& y) { return keep_language(x, s.settings.languages, y); });
     }},
    {"quality",
     [](State& s, Reasons& r) {
       filter(s, r, [&](Record& x, Reasons& y) { return keep_quality(x, s.settings.quality, y); });
     }},
    {"exact-duplicates",
     [](State& s, Reasons& r) { keep_survivors(s, r, exact_duplicates(s.records, s.settings.threads)); }},
    {"near-duplicates",
     [](State& s, Reasons& r) {
       keep_survivors(s, r, near_duplicates(s.records, s.settings.near_threshold, s.settings.threads));
     }},
    {"personal-data",
     [](State& s, Reasons& r) { filter(s, r, [](Record& x, Reasons& y) { return mask_personal_data(x, y), true; }); }},
    {"decontaminate", decontaminate},
};

void count(const std::vector<Record>& records, PassReport& report, Tally Flow::*side) {
  const auto add = [](Tally& tally, const Record& record) {
    ++tally.records;
    tally.bytes += record.text.size();
  };
  for (const Record& record : records) {
    add(report.all.*side, record);
    add(report.by_permit[record.permit].*side, record);
  }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
    }
  }
  return row.back();
}

Status check(const CurateSettings& settings) {
  const auto& names = pass_names();
  for (const auto& name : settings.off) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const auto nearest = *std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
      return edit_distance(name, a) < edit_distance(name, b);
    });
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("no curation pass is called \"{}\": did you mean \"{}\"?", name, nearest),
                          fmt::format("the passes are {}", fmt::join(names, ", ")));
  }
  if (!(settings.near_threshold > 0 && settings.near_threshold <= 1))
    return fail(ErrorCode::invalid, "a near-duplicate threshold of {}: expected above 0, at most 1",
                settings.near_threshold);
  if (settings.contamination_ngram == 0)
    return fail(ErrorCode::invalid, "a contamination n-gram of 0 words: expected at least 1");
  return {};
}

Status check_ids(const std::vector<Record>& records) {
  std::map<RecordId, const Record*> seen;
  for (const Record& record : records)
    if (const auto [other, is_new] = seen.emplace(record.id, &record); !is_new)
      return fail(ErrorCode::invalid, "record {} comes twice: {} and {}", record.id.brief(), other->second->origin,
                  record.origin);
  return {};
}

double mega(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

}  // namespace

const std::vector<std::string>& pass_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Pass& pass : kPasses) out.emplace_back(pass.name);
    return out;
  }();
  return names;
}

Result<Curated> curate(std::vector<Record> records, const CurateSettings& settings, const Env& env) {
  CAIRN_TRY(check(settings));
  CAIRN_TRY(check_ids(records));
  State state{settings, std::move(records), {}};
  sort_records(state.records);
  Curated out;
  for (const Pass& pass : kPasses) {
    env.progress({"curating", static_cast<double>(out.passes.size()), static_cast<double>(std::size(kPasses)), "passes",
                  pass.name});
    PassReport report;
    report.name = pass.name;
    report.on = !settings.off.contains(pass.name);
    count(state.records, report, &Flow::in);
    const TimePoint start = env.clock.now();
    if (report.on) pass.run(state, report.reasons);
    report.seconds = std::chrono::duration<double>(env.clock.now() - start).count();
    count(state.records, report, &Flow::out);
    out.passes.push_back(std::move(report));
  }
  for (auto& [survivor, cluster] : state.clusters) out.clusters.push_back(std::move(cluster));
  out.records = std::move(state.records);
  return out;
}

nlohmann::json to_json(const PassReport& report) {
  const auto tally = [](const Tally& t) { return nlohmann::json{{"records", t.records}, {"bytes", t.bytes}}; };
  nlohmann::json by_permit = nlohmann::json::object();
  for (const auto& [permit, flow] : report.by_permit)
    by_permit[permit] = {{"in", tally(flow.in)}, {"out", tally(flow.out)}};
  return {{"name", report.name},          {"on", report.on},
          {"seconds", report.seconds},    {"in", tally(report.all.in)},
          {"out", tally(report.all.out)}, {"by_permit", by_permit},
          {"reasons", report.reasons}};
}

std::string to_text(const std::vector<PassReport>& reports) {
  std::string out = fmt::format("{:<17} {:>9} {:>9} {:>9} {:>9} {:>7}  {}\n", "pass", "records", "kept", "MB in",
                                "MB out", "s", "why");
  for (const PassReport& r : reports) {
    std::vector<std::pair<std::uint64_t, std::string>> why;
    for (const auto& [reason, n] : r.reasons) why.emplace_back(n, reason);
    std::stable_sort(why.begin(), why.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::string reasons = r.on ? "" : "switched off";
    for (std::size_t i = 0; i < std::min<std::size_t>(3, why.size()); ++i)
      reasons += fmt::format("{}{} {}", reasons.empty() ? "" : "; ", why[i].second, why[i].first);
    out += fmt::format("{:<17} {:>9} {:>9} {:>9.2f} {:>9.2f} {:>7.2f}  {}\n", r.name, r.all.in.records,
                       r.all.out.records, mega(r.all.in.bytes), mega(r.all.out.bytes), r.seconds, reasons);
  }
  return out;
}

}  // namespace cairn::data
