#include "data/passes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace cairn::data {
namespace {

Record record(std::string text) {
  Record r;
  r.text = std::move(text);
  r.id = identify(r);
  return r;
}

std::string normalised(std::string text) {
  Reasons reasons;
  Record r = record(std::move(text));
  return normalise(r, reasons) ? r.text : reasons.begin()->first;
}

TEST(Normalise, MakesOneSpellingOfWhatReadsTheSame) {
  EXPECT_EQ(normalised("a\r\nb\rc\x0C"
                       "d"),
            "a\nb\nc\nd\n");
  EXPECT_EQ(normalised("\n\n a  b \t\n\n\n\nc\n"), " a  b\n\nc\n");
  EXPECT_EQ(normalised("cafe\u0301 \u00A0x\uFEFF\u200By\u00AD"), "caf\u00E9  xy\n");
  EXPECT_EQ(normalised("N\bNA\bAM\bM E\x1B[1mbold\x1B[0m\x07"), "NAM Ebold\n");
  EXPECT_EQ(normalised("\ttab kept"), "\ttab kept\n");
  EXPECT_EQ(normalised(" \n\t\n"), "dropped: empty");
  EXPECT_EQ(normalised("x\xFF"), "dropped: not UTF-8");
}

TEST(Normalise, TwiceIsOnce) {
  std::mt19937 random(23);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (auto i = random() % 30; i-- > 0;)
      text += std::vector<std::string>{"a",      " ",       "\n",     "\r",    "\t",     "\b",
                                       "\u00A0", "e\u0301", "\u200B", "\x1B[", "\u2028", "Z"}[random() % 12];
    const std::string once = normalised(text);
    if (once == "dropped: empty") continue;
    EXPECT_EQ(normalised(once), once) << "round " << round;
  }
}

std::string masked(std::string text, Reasons& reasons) {
  Record r = record(std::move(text));
  mask_personal_data(r, reasons);
  return r.text;
}
std::string masked(std::string text) {
  Reasons reasons;
  return masked(std::move(text), reasons);
}

TEST(PersonalData, IsFoundAndMasked) {
  EXPECT_EQ(masked("Mail jane.doe+x@mail.example.org, or <bob@b.co>."), "Mail [email], or <[email]>.");
  EXPECT_EQ(masked("card 4111 1111 1111 1111 or 5500-0000-0000-0004"), "card [card] or [card]");
  EXPECT_EQ(masked("IBAN DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432"), "IBAN [iban] and [iban]");
  EXPECT_EQ(masked("host 192.168.1.17 and 2001:db8::ff00:42:8329"), "host [ip] and [ip]");
  EXPECT_EQ(masked("call +49 30 1234567, (212) 555-0142 or 212-555-0142"), "call [phone], [phone] or [phone]");
  Reasons reasons;
  masked("a@b.com c@d.com 10.0.0.1", reasons);
  EXPECT_EQ(reasons, (Reasons{{"masked: IP addresses", 1}, {"masked: e-mail addresses", 2}}));
}

TEST(PersonalData, WhatOnlyLooksAlikeStays) {
  for (const char* text : {"4111 1111 1111 1112", "DE00 3704 0044 0532 0130 00",
                           "127.0.0.1 and 0.0.0.0 and 255.255.255.0", "999.1.2.3", "version 1.2.3", "std::vector<a::b>",
                           "12:34:56", "2026-11-23", "1234567890", "user@localhost", "a @ b.com", "00:11:22:33:44"})
    EXPECT_EQ(masked(text), text);
}

std::string fault(const std::string& text) {
  Reasons reasons;
  const bool kept = keep_quality(record(text), {}, reasons);
  return kept ? "kept" : reasons.begin()->first;
}

std::string sentences(int n) {
  std::string out;
  const auto word = [](int k) {
    return std::string(1, static_cast<char>('a' + k % 26)) + "word" + static_cast<char>('a' + k % 23);
  };
  for (int i = 0; i < n; ++i)
    out += word(i) + " of " + word(i * 7) + " and " + word(i * 11 + 3) + " have " + word(i * 13 + 5) + " to " +
           word(i * 17) + "\n";
  return out;
}

TEST(Quality, NamesTheRuleThatFails) {
  std::string numbers, bullets, symbols;
  for (int i = 0; i < 90; ++i)
    numbers += std::to_string(i * 37) + " ", bullets += "- the point to " + std::to_string(i) + "\n",
        symbols += "# something of ";
  EXPECT_EQ(fault(sentences(20)), "kept");
  EXPECT_EQ(fault("the few of them"), "dropped: too few words");
  EXPECT_EQ(fault(numbers + "the of"), "dropped: words without letters");
  EXPECT_EQ(fault(symbols), "dropped: symbols");
  EXPECT_EQ(fault(bullets), "dropped: bullet lines");
  EXPECT_EQ(fault(sentences(10) + sentences(10)), "dropped: repeated lines");
  std::string phrase, foreign, longest;
  for (int i = 0; i < 60; ++i)
    phrase += "again and again ", foreign += "palabra" + std::to_string(i) + " ",
        longest += "averyverylongword" + std::to_string(i) + " ";
  EXPECT_EQ(fault(phrase), "dropped: repeated phrases");
  EXPECT_EQ(fault(foreign), "dropped: no stop words");
  EXPECT_EQ(fault(longest), "dropped: mean length of words");
}

// Texts of random words, some of them edited copies of others.
std::vector<Record> family(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::vector<std::string>> texts;
  for (int i = 0; i < 60; ++i) {
    std::vector<std::string> words;
    if (!texts.empty() && random() % 2) {
      words = texts[random() % texts.size()];
      for (auto edits = random() % 12; edits-- > 0;)
        words[random() % words.size()] = "edit" + std::to_string(random() % 1000);
    } else {
      for (auto n = 60 + random() % 100; n-- > 0;) words.push_back("w" + std::to_string(random() % 500));
    }
    texts.push_back(words);
  }
  std::vector<Record> records;
  for (const auto& words : texts) {
    std::string text;
    for (const auto& w : words) text += w + " ";
    records.push_back(record(text + std::to_string(records.size())));
  }
  return records;
}

std::set<std::string> shingles(const std::string& text) {
  std::vector<std::string> words{""};
  for (const char c : text)
    if (c == ' ')
      words.emplace_back();
    else
      words.back() += c;
  std::set<std::string> out;
  for (std::size_t i = 0; i + 5 <= words.size(); ++i) {
    std::string shingle;
    for (std::size_t k = i; k < i + 5; ++k) shingle += words[k] + " ";
    out.insert(shingle);
  }
  return out;
}

double jaccard(const std::set<std::string>& a, const std::set<std::string>& b) {
  const auto common =
      static_cast<double>(std::count_if(a.begin(), a.end(), [&](const auto& s) { return b.contains(s); }));
  return common / (static_cast<double>(a.size() + b.size()) - common);
}

// Every pair compared: the components of the graph of pairs at or above the threshold.
std::set<std::set<std::size_t>> groups_by_brute_force(const std::vector<Record>& records, double threshold) {
  std::vector<std::set<std::string>> sets;
  for (const auto& r : records) sets.push_back(shingles(r.text));
  std::vector<std::size_t> label(records.size());
  for (std::size_t i = 0; i < label.size(); ++i) label[i] = i;
  for (std::size_t i = 0; i < records.size(); ++i)
    for (std::size_t j = i + 1; j < records.size(); ++j)
      if (jaccard(sets[i], sets[j]) >= threshold)
        for (auto& l : label)
          if (l == label[j]) l = label[i];
  std::map<std::size_t, std::set<std::size_t>> by_label;
  for (std::size_t i = 0; i < label.size(); ++i) by_label[label[i]].insert(i);
  std::set<std::set<std::size_t>> out;
  for (const auto& [l, group] : by_label)
    if (group.size() > 1) out.insert(group);
  return out;
}

TEST(NearDuplicates, AreThoseThatComparingAllPairsFinds) {
  std::size_t found = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const auto records = family(seed);
    std::set<std::set<std::size_t>> groups;
    for (const auto& group : near_duplicates(records, 0.7, 1)) groups.insert({group.begin(), group.end()});
    EXPECT_EQ(groups, groups_by_brute_force(records, 0.7)) << "seed " << seed;
    found += groups.size();
  }
  EXPECT_GT(found, 40U);
}

TEST(NearDuplicates, TheLongestSurvives) {
  std::string words;
  for (int i = 0; i < 100; ++i) words += "word" + std::to_string(i) + " ";
  const std::vector<Record> records{record(words), record(words + "more"),
                                    record("quite another text of at least five words")};
  EXPECT_EQ(near_duplicates(records, 0.8, 1), (Groups{{1, 0}}));
  EXPECT_TRUE(near_duplicates({record(""), record("..."), record("--")}, 0.8, 1).empty());
}

TEST(ExactDuplicates, AreEqualButForBlanks) {
  const std::vector<Record> records{record("a b\nc"), record("a  b c"), record("ab c"), record("A b c")};
  const Groups groups = exact_duplicates(records, 1);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(std::set<std::size_t>(groups[0].begin(), groups[0].end()), (std::set<std::size_t>{0, 1}));
}

TEST(Decontaminate, FindsSharedNgramsThatAreNoIdiom) {
  const std::string secret = "the answer to this very hard question is known only to those who set the examination";
  std::vector<Record> records{
      record("before " + secret + " after"),
      record("The ANSWER, to this: very hard question is known only to those who"),
      record("the answer to this very hard question is not known to anybody at all in this town"), record("unrelated")};
  EXPECT_EQ(contaminated(records, {secret}, 13, 10, 1), (std::vector<bool>{true, true, false, false}));
  EXPECT_EQ(contaminated(records, {secret}, 13, 0, 1),
            std::vector<bool>(4));  // with everything an idiom, nothing counts
  EXPECT_EQ(contaminated(records, {}, 13, 10, 1), std::vector<bool>(4));
}

TEST(Decontaminate, AShortEvaluationTextCountsWhole) {
  const std::vector<Record> records{record("so the nurse said that she was late today"),
                                    record("the nurse said that he was late"), record("she was late")};
  EXPECT_EQ(contaminated(records, {"The nurse said that she was late.", "she was late"}, 13, 10, 1),
            (std::vector<bool>{true, false, false}));
}

}  // namespace
}  // namespace cairn::data
