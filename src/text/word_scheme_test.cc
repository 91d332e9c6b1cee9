#include "text/word_scheme.h"

#include <gtest/gtest.h>

#include <random>

#include "text/huggingface_tokenizer.h"
#include "text/pretoken.h"

namespace cairn::text {
namespace {

std::string error_of(std::string_view pattern) {
  const auto made = Pattern::make(pattern);
  return made ? "accepted" : made.error().message;
}

TEST(Pattern, TakesWhatMeansTheSameInBothSyntaxes) {
  for (const char* pattern :
       {R"(a|b+?|c?+d)", R"([^\s\p{L}\-x]{1,3})", R"((?i:it|is)(?=\s)(?!\S)(?<=t)(?<!x)(?>a?b))", R"(\p{^Lu}\P{Nd})",
        R"(\x{4e00}|\u4E00)", R"(\d\D\s\S\r\n\t\.)", R"((a)b{2}c{2,}d{2,}?e{1,2}?)"})
    EXPECT_EQ(error_of(pattern), "accepted") << pattern;
}

TEST(Pattern, RefusesWhatDoesNot) {
  EXPECT_EQ(error_of("^a"), "a pattern with an anchor at byte 0");
  EXPECT_EQ(error_of("a$"), "a pattern with an anchor at byte 1");
  EXPECT_EQ(error_of(R"(\w+)"), "a pattern with an escape at byte 0");
  EXPECT_EQ(error_of(R"(a\b)"), "a pattern with an escape at byte 1");
  EXPECT_EQ(error_of(R"((a)\1)"), "a pattern with an escape at byte 3");
  EXPECT_EQ(error_of(R"(a\Kb)"), "a pattern with an escape at byte 1");
  EXPECT_EQ(error_of(R"(\p{Han}+)"), "a pattern with a property that is no category at byte 0");
  EXPECT_EQ(error_of(R"(\xff)"), "a pattern with a byte by number at byte 0");
  EXPECT_EQ(error_of("[a[b]]"), "a pattern with a class within a class at byte 2");
  EXPECT_EQ(error_of("[a&&b]"), "a pattern with a class within a class at byte 2");
  EXPECT_EQ(error_of("[]a]"), "a pattern with an empty class at byte 1");
  EXPECT_EQ(error_of("[a"), "a pattern whose class does not end");
  EXPECT_EQ(error_of("(?<x>a)"), "a pattern with a group at byte 0");
  EXPECT_EQ(error_of("(?i)a"), "a pattern with a group at byte 0");
  EXPECT_EQ(error_of("(*ACCEPT)a"), "a pattern with a verb at byte 0");
  EXPECT_EQ(error_of("a{,2}"), "a pattern with a brace at byte 1");
  EXPECT_EQ(error_of("a{2}+"), "a pattern with a brace at byte 1");
  EXPECT_EQ(error_of("a{2}?"), "a pattern with a brace at byte 1");  // lazy in one, optional in the other
  EXPECT_EQ(error_of("a*+b"), "a pattern with a possessive repeat at byte 1");
  for (const char* pattern : {"(?=a*)b", "(?!a+)b", "(?>a{2})b", "(?=(?:a*))b", "(?<!x(a+))b"})
    EXPECT_EQ(error_of(pattern).substr(0, 60), "a pattern with a repeat within lookaround or an atomic group")
        << pattern;
  EXPECT_EQ(error_of("(?=a)b*c(?:(?!d)e)+"), "accepted");
  EXPECT_EQ(error_of("a*"), "a pattern that matches the empty text");
  EXPECT_EQ(error_of("(a"), "a pattern that cannot be compiled: missing closing parenthesis");
  EXPECT_EQ(Pattern::make("(?<=a+)b").error().code, ErrorCode::unsupported);  // Oniguruma refuses it too
  EXPECT_EQ(error_of(""), "a pattern of 0 bytes: expected 1 to 4096");
  EXPECT_EQ(error_of("\xff"), "not UTF-8: byte 0xff at offset 0");
}

TEST(Pattern, WhiteSpaceIsUnicodes) {
  const Pattern space = Pattern::make(R"(\s)").value(), other = Pattern::make(R"([^\s])").value();
  Matcher is_space(space), is_other(other);
  for (const char* text : {" ", "\t", "\v", "\xC2\x85", "\xC2\xA0", "\xE2\x80\xA8", "\xE3\x80\x80"}) {
    EXPECT_TRUE(is_space.find(text, 0)->has_value()) << text;
    EXPECT_FALSE(is_other.find(text, 0)->has_value()) << text;
  }
  // No white space since Unicode 6.3, and never was.
  for (const char* text : {"\xE1\xA0\x8E", "\xE2\x80\x8B", "a"}) EXPECT_FALSE(is_space.find(text, 0)->has_value());
}

TEST(Pattern, AHostileOneIsGivenUp) {
  const Pattern pattern = Pattern::make("(a+)+b|(?:a|aa)+c").value();
  Matcher matcher(pattern);
  const auto found = matcher.find(std::string(20000, 'a'), 0);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::failed);
  // The rest of the piece is cut into Cairn's own words: nothing is lost.
  WordScheme scheme{.own = false, .splits = {{pattern}}};
  WordCutter cutter(scheme);
  std::string put_together;
  std::size_t longest = 0;
  const std::string text = std::string(20000, 'a') + " xyz";
  cutter.cut(text, [&](std::string_view word) {
    put_together += word;
    longest = std::max(longest, word.size());
  });
  EXPECT_EQ(put_together, text);
  EXPECT_EQ(longest, 512U);
}

// Each place of a text would cost the square of what a match sees, were only going back counted and not reading on.
TEST(Pattern, ReadingOnIsCountedToo) {
  const std::string text(200000, 'a');
  for (const char* hostile : {"(?=[ab])[ab]*[ab]*[cd]", "(?=[ab])(?:[ab]*[ab]*[cd]|[ab]*[ab]*[ce])"}) {
    const Pattern pattern = Pattern::make(hostile).value();
    Matcher matcher(pattern);
    const auto found = matcher.find(text, 0);
    ASSERT_FALSE(found) << hostile;
    EXPECT_EQ(found.error().code, ErrorCode::failed);
  }
}

TEST(Pattern, AMatchLooksNoFurtherThanItMay) {
  const Pattern pattern = Pattern::make(R"(\p{L}+)").value();
  Matcher matcher(pattern);
  std::string text;
  for (int i = 0; i < 40000; ++i) text += "\xC3\xA9";
  EXPECT_EQ(matcher.find(text, 0).value()->end, 2 * kMostLook);
  EXPECT_EQ(matcher.find("x" + text, 0).value()->end, 2 * kMostLook - 1);  // a letter of two bytes is not cut through
  EXPECT_EQ(matcher.find(std::string(100000, ' ') + "x", 0).value()->begin, 100000U);
}

// Wherever a match begins, what is up to kMostLook bytes long is found whole, and lookahead sees as much.
TEST(Pattern, NothingIsLostBetweenTwoLooks) {
  const Pattern pattern = Pattern::make("ab{1,60000}c|x(?!y)").value();
  Matcher matcher(pattern);
  for (const std::size_t begin : {kMostLook - 2, kMostLook - 1, kMostLook, kMostLook + 1, 3 * kMostLook - 1}) {
    const std::string match = "a" + std::string(kMostLook - 2, 'b') + "c";
    const auto found = matcher.find(std::string(begin, ' ') + match + " abc", 0).value();
    ASSERT_TRUE(found) << begin;
    EXPECT_EQ(found->begin, begin);
    EXPECT_EQ(found->end, begin + kMostLook);
    EXPECT_FALSE(matcher.find(std::string(begin, ' ') + "xy", 0).value()) << begin;
  }
}

std::vector<std::string> words_of(const WordScheme& scheme, std::string_view text) {
  WordCutter cutter(scheme);
  std::vector<std::string> out;
  cutter.cut(text, [&](std::string_view word) { out.emplace_back(word); });
  return out;
}

// Two ways to the same words that share no code: the pattern, and the scanner that was written from it.
TEST(WordScheme, ThePatternOfCairnsWordsIsTheScanner) {
  const WordScheme own, by_pattern{.own = false, .splits = {{Pattern::make(kWordPattern).value()}}};
  std::mt19937 random(23);
  const std::vector<std::string> pieces = {" ",        "  ",
                                           "\n",       "\t",
                                           "a",        "it",
                                           "'s",       "'ll",
                                           "'",        "1",
                                           "22",       "333",
                                           "!",        "\xC3\xA9",
                                           "\xD0\x96", "\xE4\xB8\x80",
                                           ".",        "\xC2\xA0",
                                           "\xCC\x81", "\xD9\xA3",
                                           "\xC2\xBD", "\xF0\x9F\x98\x80",
                                           "\r\n",     "_",
                                           "S"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::size_t count = 1 + random() % 14; count > 0; --count) {
      if (random() % 8 != 0) {
        text += pieces[random() % pieces.size()];
        continue;
      }
      const auto c = static_cast<char32_t>(0x80 + random() % 0xD000);  // below the surrogates
      if (c < 0x800) {
        text += static_cast<char>(0xC0 | c >> 6);
      } else {
        text += static_cast<char>(0xE0 | c >> 12);
        text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      }
      text += static_cast<char>(0x80 | (c & 0x3F));
    }
    ASSERT_EQ(words_of(by_pattern, text), words_of(own, text)) << "round " << round << ": " << text;
  }
}

TEST(WordScheme, BytesThatAreNoTextAreAWord) {
  const WordScheme scheme{.own = false, .splits = {{Pattern::make(kGpt2Pattern).value()}}};
  EXPECT_EQ(words_of(scheme, "it\xFF\xFE is\xC3"), (std::vector<std::string>{"it", "\xFF\xFE", " is", "\xC3"}));
}

TEST(WordScheme, ComesBackFromJson) {
  const WordScheme scheme{
      .own = false,
      .nfc = true,
      .splits = {{Pattern::make("a+").value(), Cut::Keep::rest}, {Pattern::make("b").value(), Cut::Keep::matches}},
      .prefix = WordScheme::Prefix::gpt2_words,
      .whole_words = true};
  EXPECT_EQ(word_scheme_from_json(to_json(scheme)).value(), scheme);
  EXPECT_EQ(word_scheme_from_json(to_json(WordScheme{})).value(), WordScheme{});
  WordScheme pieces{.own = false, .prefix = WordScheme::Prefix::first_text, .characters = true};
  EXPECT_EQ(word_scheme_from_json(to_json(pieces)).value(), pieces);
  Json odd = to_json(pieces);
  odd["characters"] = false;
  EXPECT_EQ(word_scheme_from_json(odd).error().message, "\"characters\": expected true, or none");
  odd = to_json(pieces);
  odd["nfc"] = true;
  EXPECT_EQ(word_scheme_from_json(odd).error().message,
            "\"words\": characters and nfc, splits or such a space do not go together");
  odd = to_json(scheme);
  odd["prefix_space"] = "text";
  EXPECT_EQ(word_scheme_from_json(odd).error().message, "\"words\": bytes and such a space do not go together");
  const auto message = [&](const char* key, Json value) {
    Json changed = to_json(scheme);
    changed[key] = std::move(value);
    return word_scheme_from_json(changed).error().message;
  };
  EXPECT_EQ(message("prefix_space", "some"),
            "\"prefix_space\": 'some' is none of none, piece, gpt2_words, text, text_unless_space, first_text");
  EXPECT_EQ(message("more", 1),
            "\"words\": expected nfc, splits, prefix_space and whole_words, perhaps "
            "characters");
  EXPECT_EQ(message("splits", Json::array({1})), "split 0: expected pattern and keep");
  EXPECT_EQ(message("splits", Json(17, to_json(scheme)["splits"][0])), "17 splits: at most 16");
  EXPECT_EQ(word_scheme_from_json("gpt-9").error().message,
            "\"words\": expected \"gpt2-3digits\" or an object, got \"gpt-9\"");
}

}  // namespace
}  // namespace cairn::text
