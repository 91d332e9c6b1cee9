#include "data/curate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

namespace cairn::data {
namespace {

const Env& env() {
  static const Env e{system_clock(), system_entropy()};
  return e;
}

Record record(std::string source, std::string text, std::string permit = "MIT") {
  Record r;
  r.source = std::move(source);
  r.origin = "/" + r.source;
  r.permit = std::move(permit);
  r.text = std::move(text);
  r.id = identify(r);
  return r;
}

// English enough for every pass; `n` makes it another text.
std::string prose(unsigned n) {
  static constexpr const char* kWords[] = {"river",    "garden",  "letter",  "window",  "engine",  "kitchen",
                                           "mountain", "picture", "station", "violin",  "follows", "remembers",
                                           "opens",    "carries", "quiet",   "measures"};
  static constexpr const char* kLinks[] = {"and the", "of a",      "that we have", "with",
                                           "to be",   "under the", "which is",     "for"};
  std::mt19937 random(n);
  std::string out = "This is an English text about everyday things, written for nobody in particular.\n";
  for (int i = 0; i < 16; ++i) {
    for (int k = 0; k < 4; ++k) out += std::string(kWords[random() % 16]) + " " + kLinks[random() % 8] + " ";
    out += std::string(kWords[random() % 16]) + ".\n";
  }
  return out;
}

const PassReport& pass(const Curated& curated, std::string_view name) {
  return *std::find_if(curated.passes.begin(), curated.passes.end(),
                       [&](const PassReport& p) { return p.name == name; });
}

std::vector<Record> mixture() {
  std::vector<Record> records;
  for (unsigned i = 0; i < 30; ++i)
    records.push_back(record("p" + std::to_string(i), prose(i), i % 3 ? "MIT" : "GPL-2"));
  records.push_back(record("copy", "  " + prose(4) + "\r\n\r\n\r\n", "GPL-2"));            // exact, but for blanks
  records.push_back(record("near", prose(5) + "And one more word at the end.\n", "BSD"));  // near
  records.push_back(
      record("german",
             "Das ist ein Text in deutscher Sprache, der nicht bleiben soll, weil nur englische Texte verlangt werden. "
             "Er handelt von nichts, ist aber lang genug, um sicher erkannt zu werden.\n"));
  records.push_back(record("short", "Too short.\n"));
  records.push_back(record("mail", prose(40) + "Write to jane.doe@example.org please.\n"));
  return records;
}

TEST(Curate, TakesEachRecordThroughAllPasses) {
  const Curated out = curate(mixture(), {.evaluation_texts = {prose(7).substr(100)}}, env()).value();
  EXPECT_EQ(out.passes.size(), pass_names().size());
  EXPECT_EQ(pass(out, "language").reasons, (std::map<std::string, std::uint64_t>{
                                               {"dropped: language de", 1}, {"dropped: no language recognised", 1}}));
  EXPECT_EQ(pass(out, "exact-duplicates").reasons.at("dropped: a duplicate"), 1U);
  EXPECT_EQ(pass(out, "near-duplicates").reasons.at("dropped: a duplicate"), 1U);
  EXPECT_EQ(pass(out, "personal-data").reasons.at("masked: e-mail addresses"), 1U);
  EXPECT_EQ(pass(out, "decontaminate").reasons.at("dropped: shares text with the evaluation"), 1U);
  EXPECT_EQ(out.records.size(), 30U);
  for (const Record& r : out.records) EXPECT_EQ(r.language, "en");
}

TEST(Curate, TheFiguresOfEachPassAddUp) {
  const Curated out = curate(mixture(), {}, env()).value();
  EXPECT_EQ(out.passes.front().all.in.records, mixture().size());
  EXPECT_EQ(out.passes.back().all.out.records, out.records.size());
  for (std::size_t i = 0; i < out.passes.size(); ++i) {
    const PassReport& p = out.passes[i];
    if (i > 0) {
      EXPECT_EQ(p.all.in, out.passes[i - 1].all.out) << p.name;
    }
    Flow sum;
    for (const auto& [permit, flow] : p.by_permit) {
      sum.in.records += flow.in.records, sum.in.bytes += flow.in.bytes;
      sum.out.records += flow.out.records, sum.out.bytes += flow.out.bytes;
    }
    EXPECT_EQ(sum, p.all) << p.name;
    EXPECT_GE(p.seconds, 0);
  }
}

TEST(Curate, ASurvivorAnswersForItsWholeCluster) {
  auto records = mixture();
  records.push_back(record("near-copy", prose(5), "CC-BY"));  // p5 exactly, so p5 and it and "near" are one cluster
  const Curated out = curate(records, {}, env()).value();
  ASSERT_EQ(out.clusters.size(), 2U);
  const auto& three = out.clusters[0].members.size() == 3 ? out.clusters[0] : out.clusters[1];
  std::set<std::string> permits;
  for (const auto& member : three.members) permits.insert(member.permit);
  EXPECT_EQ(permits, (std::set<std::string>{"BSD", "CC-BY", "MIT"}));
  const auto survivor =
      std::find_if(out.records.begin(), out.records.end(), [&](const Record& r) { return r.id == three.survivor; });
  ASSERT_NE(survivor, out.records.end());
  EXPECT_EQ(survivor->source, "near");  // the longest
}

TEST(Curate, TheOrderOfTheRecordsAndTheThreadsChangeNothing) {
  auto records = mixture();
  for (unsigned i = 100; i < 300; ++i) records.push_back(record("q" + std::to_string(i), prose(i % 150)));
  const Curated a = curate(records, {.evaluation_texts = {prose(7)}, .threads = 1}, env()).value();
  for (unsigned seed = 1; seed <= 3; ++seed) {
    std::shuffle(records.begin(), records.end(), std::mt19937(seed));
    const Curated b = curate(records, {.evaluation_texts = {prose(7)}, .threads = seed}, env()).value();
    EXPECT_EQ(a.records, b.records) << "seed " << seed;
    ASSERT_EQ(a.clusters.size(), b.clusters.size()) << "seed " << seed;
    for (std::size_t i = 0; i < a.clusters.size(); ++i) {
      EXPECT_EQ(a.clusters[i].survivor, b.clusters[i].survivor);
      EXPECT_EQ(a.clusters[i].members, b.clusters[i].members);
    }
    for (std::size_t i = 0; i < a.passes.size(); ++i) EXPECT_EQ(a.passes[i].reasons, b.passes[i].reasons);
  }
}

TEST(Curate, DoneTwiceIsDoneOnce) {
  const Curated once = curate(mixture(), {}, env()).value();
  const Curated twice = curate(once.records, {}, env()).value();
  EXPECT_EQ(once.records, twice.records);
}

TEST(Curate, APassThatIsOffDoesNothing) {
  const Curated out = curate(mixture(), {.off = {pass_names().begin(), pass_names().end()}}, env()).value();
  auto expected = mixture();
  sort_records(expected);
  EXPECT_EQ(out.records, expected);
  for (const auto& p : out.passes) EXPECT_FALSE(p.on || !p.reasons.empty());
  EXPECT_TRUE(pass(curate(mixture(), {.off = {"language"}}, env()).value(), "language").reasons.empty());
}

TEST(Curate, SaysWhatItCannotDo) {
  const auto error = curate({}, {.off = {"languages"}}, env()).error();
  EXPECT_EQ(error.message, "no curation pass is called \"languages\": did you mean \"language\"?");
  EXPECT_EQ(
      error.hint,
      "the passes are normalise, language, quality, exact-duplicates, near-duplicates, personal-data, decontaminate");
  EXPECT_EQ(curate({}, {.near_threshold = 0}, env()).error().message,
            "a near-duplicate threshold of 0: expected above 0, at most 1");
  EXPECT_EQ(curate({}, {.contamination_ngram = 0}, env()).error().message,
            "a contamination n-gram of 0 words: expected at least 1");
  const Record r = record("a", "x");
  EXPECT_EQ(curate({r, r}, {}, env()).error().message, fmt::format("record {} comes twice: /a and /a", r.id.brief()));
  EXPECT_TRUE(curate({}, {}, env()).value().records.empty());
}

TEST(Curate, ReportsForPeopleAndMachines) {
  const Curated out = curate(mixture(), {.off = {"quality"}}, env()).value();
  const auto json = to_json(pass(out, "exact-duplicates"));
  EXPECT_EQ(json["reasons"]["dropped: a duplicate"], 1);
  EXPECT_EQ(
      json["by_permit"]["GPL-2"]["in"]["records"].get<int>() - json["by_permit"]["GPL-2"]["out"]["records"].get<int>() +
          json["by_permit"]["MIT"]["in"]["records"].get<int>() - json["by_permit"]["MIT"]["out"]["records"].get<int>(),
      1);
  const std::string table = to_text(out.passes);
  EXPECT_NE(table.find("switched off"), std::string::npos);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 8);
}

}  // namespace
}  // namespace cairn::data
