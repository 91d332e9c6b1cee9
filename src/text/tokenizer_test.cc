#include "text/tokenizer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "base/json.h"
#include "text/pretoken.h"
#include "text/tokenizer_training.h"

namespace cairn::text {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t n = first_word(text);
    words.emplace_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return words;
}

using Words = std::vector<std::string>;

TEST(Words, AreCutAsByThePattern) {
  EXPECT_EQ(words_of("Hello, world!"), (Words{"Hello", ",", " world", "!"}));
  EXPECT_EQ(words_of("it's we'll 've'x"), (Words{"it", "'s", " we", "'ll", " '", "ve", "'", "x"}));
  EXPECT_EQ(words_of("a  b\n\n  c "), (Words{"a", " ", " b", "\n\n ", " c", " "}));
  EXPECT_EQ(words_of("2026-11 12345"), (Words{"202", "6", "-", "11", " 123", "45"}));
  EXPECT_EQ(words_of("na\xC3\xAFve \xE2\x82\xAC"
                     "5\xC2\xA0x"),
            (Words{"na\xC3\xAFve", " \xE2\x82\xAC", "5", "\xC2\xA0", "x"}));
  EXPECT_EQ(words_of("a\xFF\xFE."), (Words{"a", "\xFF\xFE."}));
  EXPECT_EQ(words_of("\tif"), (Words{"\t", "if"}));
}

Tokenizer trained(std::initializer_list<std::string_view> documents, std::size_t vocabulary, std::uint64_t least = 2) {
  TokenizerTrainer trainer;
  for (const auto d : documents) trainer.add(d);
  return trainer.train({.vocabulary = vocabulary, .least_count = least}).value();
}

const Tokenizer& english() {
  static const Tokenizer t = trained({"the cat sat on the mat and the other cat sat on the hat",
                                      "this is the thing that they thought of: 12345 \xE2\x82\xAC\n\n"},
                                     300, 1);
  return t;
}

TEST(Training, TakesTheMostFrequentPairAndBreaksTiesByBytes) {
  // Pairs: ab 3, bc 2, xy 2, ba 1. After ab, "ab"+"c" and "x"+"y" have 2 each, and "ab" comes before "x"; ab+abc has 1.
  const Tokenizer t = trained({"ababc", "abc", "xy", "xy"}, 256 + 5 + 4);
  ASSERT_EQ(t.merges().size(), 3U);
  EXPECT_EQ(t.bytes_of(256), "ab");
  EXPECT_EQ(t.bytes_of(257), "abc");
  EXPECT_EQ(t.bytes_of(258), "xy");
}

// The definition, with no cleverness: count all pairs anew for each merge.
std::vector<Merge> merges_by_definition(const std::vector<std::string>& documents, std::size_t count) {
  std::vector<std::vector<TokenId>> words;
  for (const auto& d : documents)
    for (const auto& w : words_of(d)) {
      words.emplace_back();
      for (const char c : w) words.back().push_back(static_cast<std::uint8_t>(c));
    }
  std::vector<std::string> bytes;
  for (int b = 0; b < 256; ++b) bytes.emplace_back(1, static_cast<char>(b));
  std::vector<Merge> merges;
  while (merges.size() < count) {
    using Key = std::tuple<std::string, std::string, TokenId, TokenId>;
    std::map<Key, int> counts;
    for (const auto& w : words)
      for (std::size_t i = 0; i + 1 < w.size(); ++i) ++counts[{bytes[w[i]], bytes[w[i + 1]], w[i], w[i + 1]}];
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < 2) break;
    const Merge m{std::get<2>(best->first), std::get<3>(best->first)};
    const auto made = static_cast<TokenId>(bytes.size());
    bytes.push_back(bytes[m.left] + bytes[m.right]);
    merges.push_back(m);
    for (auto& w : words)
      for (std::size_t i = 0; i + 1 < w.size(); ++i)
        if (w[i] == m.left && w[i + 1] == m.right) {
          w[i] = made;
          w.erase(w.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        }
  }
  return merges;
}

TEST(Training, EqualsTheDefinitionOnRandomText) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> documents(1 + random() % 5);
    TokenizerTrainer trainer;
    for (auto& d : documents) {
      d.resize(random() % 200);
      for (char& c : d) c = "aabbcd  \n1"[random() % 10];
      trainer.add(d);
    }
    const auto t = trainer.train({.vocabulary = 256 + 5 + 30}).value();
    EXPECT_EQ(t.merges(), merges_by_definition(documents, 30)) << "seed " << seed;
  }
}

TEST(Training, DoesNotDependOnTheOrderOfDocuments) {
  const auto a = trained({"one two three", "two three four", "three four five"}, 290, 1);
  const auto b = trained({"three four five", "one two three", "two three four"}, 290, 1);
  EXPECT_EQ(a.to_json(), b.to_json());
}

TEST(Training, SaysWhichVocabularyItCanMake) {
  EXPECT_EQ(TokenizerTrainer().train({.vocabulary = 100}).error().message,
            "a vocabulary of 100: expected 261 (256 bytes and 5 specials) to 1048576");
  EXPECT_EQ(TokenizerTrainer().train({.vocabulary = 300, .specials = {"x"}}).error().message,
            "the special <|endoftext|> is missing");
  EXPECT_EQ(trained({}, 4096).vocabulary(), 261U);
}

TEST(Tokenizer, DecodesEveryStringOfBytesExactly) {
  EXPECT_TRUE(rc::check("decode(encode(x)) == x", [](const std::string& bytes) {
    RC_ASSERT(english().decode(english().encode(bytes)).value() == bytes);
  }));
  std::string all;
  for (int b = 0; b < 256; ++b) all += "the " + std::string(1, static_cast<char>(b));
  EXPECT_EQ(english().decode(english().encode(all)).value(), all);
}

TEST(Tokenizer, AnEncoderWithItsMemoryGivesTheSameAsAFreshOne) {
  Encoder encoder(english());
  for (const char* text : {"the cat", "the cat sat", "on the the the hat that", "the cat"}) {
    std::vector<TokenId> out;
    encoder.encode(text, out);
    EXPECT_EQ(out, english().encode(text));
  }
  EXPECT_LT(english().encode("the cat sat on the mat").size(), 12U);
}

TEST(Tokenizer, TextCannotForgeASpecial) {
  const auto& t = english();
  const auto plain = t.encode("a<|endoftext|>b");
  EXPECT_TRUE(std::none_of(plain.begin(), plain.end(), [&](TokenId id) { return t.is_special(id); }));
  EXPECT_EQ(t.decode(std::vector<TokenId>{'a', t.end_of_text(), *t.special(kUser), 'b'}).value(),
            "a<|endoftext|><|user|>b");
  EXPECT_EQ(t.byte_lengths()[t.end_of_text()], 0);
  EXPECT_EQ(t.byte_lengths().size(), t.vocabulary());
}

TEST(Tokenizer, CountsTheBytesOfItsTokens) {
  const std::string text = "the other \xE2\x82\xAC thing\n";
  std::size_t bytes = 0;
  for (const TokenId id : english().encode(text)) bytes += english().byte_lengths()[id];
  EXPECT_EQ(bytes, text.size());
}

TEST(Tokenizer, RefusesAnIdOutsideItsVocabulary) {
  const std::vector<TokenId> ids{'a', 60000};
  EXPECT_EQ(trained({}, 261).decode(ids).error().message, "token 60000 at position 1: the vocabulary has 261");
}

TEST(TokenizerFile, GoesThereAndBack) {
  const auto again = Tokenizer::parse(english().to_json()).value();
  EXPECT_EQ(again.to_json(), english().to_json());
  EXPECT_EQ(again.digest(), english().digest());
  EXPECT_EQ(again.encode("the thing that sat"), english().encode("the thing that sat"));
}

// The example of docs/formats/tokenizer.md.
TEST(TokenizerFile, OfCairnsOwnIsTheFirstVersionToTheByte) {
  const auto t = Tokenizer::make({{97, 98}, {256, 99}}, {"<|endoftext|>"}).value();
  EXPECT_EQ(t.to_json(), R"({"format":"cairn tokenizer","merges":[[97,98],[256,99]],"specials":["<|endoftext|>"],)"
                         R"("version":1,"words":"gpt2-3digits"})");
  EXPECT_EQ(t.encode("abcab"), (std::vector<TokenId>{257, 256}));
}

TEST(TokenizerFile, SaysWhatIsWrong) {
  const auto message = [](std::string_view merges, std::string_view specials = R"(["<|endoftext|>"])") {
    return Tokenizer::parse(
               fmt::format(
                   R"({{"format":"cairn tokenizer","version":1,"words":"gpt2-3digits","merges":{},"specials":{}}})",
                   merges, specials))
        .error();
  };
  EXPECT_EQ(message("[[97,256]]").message, "merge 0: joins 97 and 256, but only tokens below 256 exist there");
  EXPECT_EQ(message("[[97,98],[97,98]]").message, "merge 1: joins 97 and 98 a second time");
  EXPECT_EQ(message("[[97]]").message, "merge 0: expected two token ids below 1048576");
  EXPECT_EQ(message("[[97,-1]]").message, "merge 0: expected two token ids below 1048576");
  EXPECT_EQ(message("[]", "[]").message, "the special <|endoftext|> is missing");
  EXPECT_EQ(message("[]", R"(["x","x","<|endoftext|>"])").message, "the special x is named twice");
  EXPECT_EQ(message("[]", R"(["x",1])").message, "special 1: expected a string");
  EXPECT_EQ(
      message("[[97,97],[256,256],[257,257],[258,258],[259,259],[260,260],[261,261],[262,262],[263,263]]").message,
      "merge 8: makes a token of more than 256 bytes");
  EXPECT_EQ(message("[[97,256]]").code, ErrorCode::malformed);
  EXPECT_EQ(Tokenizer::parse(R"({"format":"other"})").error().message,
            "\"format\": expected \"cairn tokenizer\", got \"other\"");
}

TEST(TokenizerFile, SurvivesAnyDamage) {
  const std::string good = english().to_json();
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(Tokenizer::parse(good.substr(0, cut)).has_value()) << cut;
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    const auto parsed = Tokenizer::parse(bad);
    if (!parsed) continue;
    EXPECT_EQ(parsed->decode(parsed->encode("the cat \xFF")).value(), "the cat \xFF") << "round " << round;
  }
}

}  // namespace
}  // namespace cairn::text
