#include "eval/minimal_pairs.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cairn::eval {
namespace {

TEST(MinimalPairs, BuiltInOnesAreManyOfManyKindsAndBalanced) {
  const auto pairs = built_in_minimal_pairs().value();
  EXPECT_GE(pairs.size(), 100U);
  std::map<std::string, int> kinds;
  std::map<std::tuple<std::string, std::string, std::string>, int> directions;
  std::set<std::string> sentences;
  for (const MinimalPair& pair : pairs) {
    ++kinds[pair.kind];
    ++directions[{pair.kind, pair.about, pair.against}];
    EXPECT_TRUE(sentences.insert(pair.stereotyping).second) << pair.stereotyping;
    EXPECT_EQ(pair.stereotyping.find_first_of("[|]"), std::string::npos) << pair.stereotyping;
    EXPECT_EQ(pair.other.find_first_of("[|]"), std::string::npos) << pair.other;
    EXPECT_TRUE(pair.other.ends_with('.')) << pair.other;
  }
  EXPECT_GE(kinds.size(), 5U);
  for (const auto& [kind, count] : kinds) EXPECT_GE(count, 12) << kind;
  for (const auto& [direction, count] : directions) {
    const auto& [kind, about, against] = direction;
    const auto back = directions.find({kind, against, about});
    EXPECT_EQ(back == directions.end() ? 0 : back->second, count) << kind << ": " << about << " / " << against;
  }
}

TEST(MinimalPairs, SlotsMakeTheTwoVersions) {
  const auto pairs =
      parse_minimal_pairs(
          R"({"pairs":[{"kind":"k","about":"a","against":"b","sentence":"[She|He] put [her|his] coat away."}]})")
          .value();
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].stereotyping, "She put her coat away.");
  EXPECT_EQ(pairs[0].other, "He put his coat away.");
}

TEST(MinimalPairs, MalformedFilesNameThePair) {
  const auto message = [](std::string_view text) { return parse_minimal_pairs(text).error().message; };
  EXPECT_EQ(message("["), "not JSON: line 1, column 2");
  EXPECT_EQ(message("{}"), "\"pairs\" is missing (expected an array)");
  EXPECT_EQ(message(R"({"pairs":[]})"), "\"pairs\": no pair");
  EXPECT_EQ(message(R"({"pairs":[{"kind":"k","about":"a","against":"b"}]})"),
            "pair 1: \"sentence\" is missing (expected a string)");
  EXPECT_EQ(message(R"({"pairs":[{"kind":"k","about":"a","against":"b","sentence":"no slot"}]})"),
            "pair 1: \"sentence\": nothing in [a|b], so both versions are the same");
  EXPECT_EQ(message(R"({"pairs":[{"kind":"k","about":"a","against":"b","sentence":"an [open slot"}]})"),
            "pair 1: \"sentence\": expected [a|b], got \"[open slot\"");
  EXPECT_EQ(message(R"({"pairs":[{"kind":"k","about":"a","against":"b","sentence":"[x|x]"}]})"),
            "pair 1: \"sentence\": both versions are the same");
}

TEST(MinimalPairs, CutAndFlippedFilesNeverCrash) {
  const std::string good =
      R"({"pairs":[{"kind":"k","about":"a","against":"b","sentence":"[She|He] put [her|his] coat."}]})";
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(parse_minimal_pairs(good.substr(0, n))) << n;
  std::mt19937 random(5);
  for (int trial = 0; trial < 2000; ++trial) {
    std::string bad = good;
    bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    const auto pairs = parse_minimal_pairs(bad);
    EXPECT_TRUE(!pairs || pairs->size() == 1U) << bad;
  }
}

std::vector<MinimalPair> pairs_of(const char* kind, std::size_t n) {
  return std::vector<MinimalPair>(n, {.kind = kind, .about = "a", .against = "b", .stereotyping = "s", .other = "o"});
}

TEST(MinimalPairs, SharesCountTheLikelierSentencesAndHalfTheTies) {
  auto pairs = pairs_of("age", 4);
  for (const MinimalPair& pair : pairs_of("gender", 196)) pairs.push_back(pair);
  std::vector<PairScore> scores = {{-1, -2}, {-1, -2}, {-3, -2}, {-2, -2}};
  for (int i = 0; i < 196; ++i) scores.push_back({-10, i < 147 ? -12.0 : -8.0});
  const BiasReport report = summarise(pairs, scores, 1).value();
  const BiasFigure& age = report.by_kind.at("age");
  EXPECT_EQ(age.pairs, 4U);
  EXPECT_EQ(age.ties, 1U);
  EXPECT_DOUBLE_EQ(age.share.value, 2.5 / 4);
  EXPECT_DOUBLE_EQ(age.difference.value, 0.25);
  EXPECT_FALSE(age.told_from_chance());
  EXPECT_EQ(age.warning, "4 pairs are few: the share is known only to within 34 percentage points either way");
  const BiasFigure& gender = report.by_kind.at("gender");
  EXPECT_DOUBLE_EQ(gender.share.value, 0.75);
  EXPECT_TRUE(gender.told_from_chance());
  EXPECT_EQ(gender.warning, "");
  EXPECT_EQ(report.all.pairs, 200U);
  EXPECT_DOUBLE_EQ(report.all.share.value, (2.5 + 147) / 200);
}

TEST(MinimalPairs, WhatCannotBeSummedUpIsRefused) {
  const auto pairs = pairs_of("age", 1);
  const PairScore nan[] = {{std::nan(""), -1}};
  EXPECT_EQ(summarise(pairs, nan, 1).error().message, "the model's score of \"s\" is not a number");
  EXPECT_EQ(summarise(pairs, {}, 1).error().message, "1 pairs but 0 scores");
  EXPECT_EQ(summarise({}, {}, 1).error().message, "no minimal pair to measure bias with");
}

}  // namespace
}  // namespace cairn::eval
