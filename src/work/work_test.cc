#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "data/record_file.h"
#include "data/synthetic_mailbox.h"
#include "embedded/permit.h"
#include "ledger/site.h"
#include "permit/licence.h"
#include "work/commit.h"
#include "work/curate.h"
#include "work/ingest.h"
#include "work/plan.h"
#include "work/tokenise.h"
#include "work/train.h"

namespace cairn::work {
namespace {

// A site of its own, and record sets of made-up documents under real licences.
class Work : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(ledger::make_site(folder_.path() / "site", "test", env_).has_value());
    guard_.emplace(guard::Guard::open(folder_.path() / "site", {"work test"}, env_).value());
  }

  RecordSet add(const std::string& licence, const std::vector<std::string>& texts) {
    RecordSet set{.name = "set of " + licence, .licences = licence, .records = texts.size()};
    set.permit = licence.empty() ? permit::Permit::undeclared({.where = "nowhere"})
                                 : permit::permit_of_licence(licence, {.where = licence + "/copyright"}).value();
    std::vector<data::Record> records;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      data::Record record{
          .text = texts[i], .origin = licence + std::to_string(i), .source = licence, .kind = "document"};
      record.id = data::identify(record);
      set.bytes += record.text.size();
      records.push_back(record);
    }
    set.id = commit_root(*guard_,
                         {.kind = "record-set",
                          .name = set.name,
                          .step = "ingest",
                          .role = "records",
                          .bytes = data::write_records(records).value()},
                         set.permit, licence + "/copyright", "test")
                 .value();
    return set;
  }

  // English enough for the language and quality passes; different seeds share no five words in a row.
  static std::string document(int seed) {
    std::string text;
    for (int i = 0; i < 60; ++i)
      text +=
          fmt::format("The {} of part {} have to be set with care, and that is what chapter {} of this manual tells. ",
                      i % 2 ? "values" : "names", seed * 100 + i, seed * 1000 + i * 7);
    return text;
  }

  TemporaryFolder folder_ = TemporaryFolder::make("cairn-work").value();
  Env env_{system_clock(), system_entropy()};
  std::optional<guard::Guard> guard_;
};

TEST_F(Work, ABaseIsPlannedFromThePermitItIsToHave) {
  const std::vector<RecordSet> sets{add("Expat", {"a"}), add("GPL-2.0-only", {"b"}), add("", {"c"})};
  const Plan plan = plan_base(sets, "GPL-3.0-or-later").value();
  EXPECT_EQ(plan.placements[0].fate, Fate::base);
  EXPECT_EQ(plan.placements[1].fate, Fate::module);
  EXPECT_NE(plan.placements[1].reason.find("GPL-2.0-only"), std::string::npos);
  EXPECT_EQ(plan.placements[2].fate, Fate::out);
  EXPECT_EQ(plan.records(Fate::base), 1U);
  EXPECT_EQ(plan_base(sets, "No-Such-Licence").error().code, ErrorCode::not_found);
}

TEST_F(Work, TwoCopyleftsThatDoNotAgreeLeaveNothingToShareUnder) {
  const std::vector<RecordSet> sets{add("GPL-2.0-only", {"a"}), add("GPL-3.0-only", {"b"}), add("Expat", {"c"})};
  const Mixture mixture = mix_all(sets).value();
  EXPECT_TRUE(mixture.outgoing.empty());
  EXPECT_EQ(mixture.first, "GPL-2.0-only");
  EXPECT_EQ(mixture.second, "GPL-3.0-only");
}

TEST_F(Work, DuplicatesDoNotLaunder) {
  const std::vector<RecordSet> sets{add("Expat", {document(1), document(2)}), add("GPL-2.0-only", {document(1)})};
  const CuratedSets curated = curate(*guard_, sets, {.off = {"quality"}}, env_).value();
  EXPECT_EQ(curated.clusters, 1U);
  EXPECT_EQ(curated.narrowed, 1U);
  const Plan plan = plan_base(curated.sets, "GPL-3.0-or-later").value();
  EXPECT_EQ(plan.records(Fate::base), 1U);  // document 2 alone: the copy of document 1 stands under both licences
  for (const Placement& placement : plan.placements) {
    const permit::Permit held = guard_->permit_of(placement.set->id).value();
    EXPECT_EQ(held.terms(), placement.set->permit.terms());  // what was planned with is what the guard computed
  }
}

TEST_F(Work, AnUndeclaredSetIsNotOpenedAndSaidWhy) {
  const std::vector<RecordSet> sets{add("Expat", {document(1)}), add("", {document(2)})};
  const CuratedSets curated = curate(*guard_, sets, {}, env_).value();
  ASSERT_EQ(curated.refused.size(), 1U);
  EXPECT_EQ(curated.refused[0].set, &sets[1]);
  EXPECT_NE(curated.refused[0].reason.find("unknown"), std::string::npos);
}

TEST_F(Work, TheMailboxIsForDraftingRepliesAndNothingElse) {
  const auto permit = permit::permit_from_toml(embedded::mailbox_permit_toml(), "mailbox.permit.toml").value();
  const std::string mbox = data::make_synthetic_mailbox({.seed = 3, .messages = 40});
  const RecordSet mailbox = ingest_mailbox(*guard_, mbox, "mailbox", permit, "mailbox.permit.toml", "Ada").value();
  permit::Use use = own_use("adapt");
  use.task = "text.draft-reply";
  use.purpose = "non-commercial.personal";
  EXPECT_TRUE(guard_->authorise(use, mailbox.id).has_value());
  use.task = "text.translation.machine";
  EXPECT_EQ(guard_->authorise(use, mailbox.id).error().code, ErrorCode::denied);
  EXPECT_EQ(guard_->authorise(own_use("share"), mailbox.id).error().code, ErrorCode::denied);
  const auto cut = ingest_mailbox(*guard_, mbox.substr(0, mbox.size() / 2), "cut", permit, "p", "Ada");
  EXPECT_EQ(cut.error().code, ErrorCode::malformed);
}

TEST_F(Work, UnitsGetWindowsFromAllOverTheTextEachOnce) {
  std::vector<std::string> texts;
  for (int i = 0; i < 60; ++i) texts.push_back(document(i));
  const std::vector<RecordSet> sets{add("Expat", texts)};
  const Corpus corpus = make_corpus(*guard_, sets, {.heldout_per_thousand = 100}).value();
  EXPECT_GT(corpus.heldout_records, 0U);
  const Tokenised made = tokenise(*guard_, corpus.id, {.vocabulary = 300}, 7, env_).value();
  const TrainingTokens tokens = TrainingTokens::open(*guard_, made.shards).value();
  train::UnitSettings settings;
  settings.steps = 2;
  settings.sequences = 3;
  settings.context = 32;
  const auto deal = tokens.deal(settings.context, 7);
  EXPECT_EQ(deal, tokens.deal(settings.context, 7));
  EXPECT_NE(deal, tokens.deal(settings.context, 8));
  std::vector<std::uint32_t> sorted(deal);
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_EQ(tokens.shard_of_unit(0, settings, deal).value().size(), 2U * 3 * 32 + 1);
  settings.steps = 1'000'000;
  EXPECT_EQ(tokens.shard_of_unit(0, settings, deal).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace cairn::work
