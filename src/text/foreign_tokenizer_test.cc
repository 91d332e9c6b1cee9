// Other people's tokenizers: what families' files say, against their words written out by hand and merges by
// definition.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>

#include "text/huggingface_tokenizer.h"
#include "text/testing_foreign.h"

namespace cairn::text {
namespace {

using namespace testing_foreign;
using Words = std::vector<std::string>;

struct Family {
  std::string name;
  Foreign made;
  Words words;  // of kText
  std::string end = "<|endoftext|>";
  Tokenizer tokenizer() const { return tokenizer_from_huggingface(made.file.dump(), made.id(end)).value(); }
};

constexpr std::string_view kText = "Hello world  it's 20245!\n\n xy IT'S";

std::vector<Family> families() {
  return {
      {"gpt2", gpt2(), {"Hello", " world", " ", " it", "'s", " 20245", "!", "\n\n", " xy", " IT", "'", "S"}},
      {"pythia", pythia(), {"Hello", " world", "  ", "it", "'s", " 20245", "!", "\n\n", " xy", " IT", "'", "S"}},
      {"llama3",
       llama3(),
       {"Hello", " world", " ", " it", "'s", " ", "202", "45", "!\n\n", " xy", " IT", "'S"},
       "<|end_of_text|>"},
      {"qwen2",
       qwen2(),
       {"Hello", " world", " ", " it", "'s", " ", "2", "0", "2", "4", "5", "!\n\n", " xy", " IT", "'S"}},
      {"smollm",
       smollm(),
       {"Hello", " world", " ", " it", "'s", " ", "2", "0", "2", "4", "5", "!", "\n\n", " xy", " IT", "'", "S"}},
  };
}

TEST(Foreign, EachFamilysTokensAreThoseOfTheDefinition) {
  for (const Family& family : families()) {
    const Tokenizer t = family.tokenizer();
    std::vector<TokenId> expected = family.made.tokens_of(family.words, family.name == "llama3");
    if (family.name == "pythia") {  // two spaces are an added token there, whatever the merges make of them
      const auto at = std::find(expected.begin(), expected.end(), family.made.tokens_of({"  "}).front());
      ASSERT_NE(at, expected.end());
      *at = static_cast<TokenId>(family.made.ids.size() - 1);
    }
    EXPECT_EQ(t.encode(kText), expected) << family.name;
    EXPECT_EQ(t.decode(expected).value(), kText) << family.name;
    EXPECT_FALSE(t.own());
    EXPECT_EQ(t.vocabulary(), family.made.ids.size()) << family.name;
    EXPECT_EQ(t.bytes_of(t.end_of_text()), family.end);
  }
}

TEST(Foreign, TheTokenThatBeginsATextIsTheTemplates) {
  const Foreign made = llama3();
  const Tokenizer t = tokenizer_from_huggingface(made.file.dump(), made.id("<|end_of_text|>")).value();
  EXPECT_EQ(t.bytes_of(t.begin_of_text()), "<|begin_of_text|>");
  EXPECT_EQ(t.bytes_of(t.end_of_text()), "<|end_of_text|>");
  EXPECT_EQ(tokenizer_from_huggingface(made.file.dump()).error().message,
            "tokenizer.json: nothing says which token ends a text, and none is <|endoftext|>");
  EXPECT_EQ(tokenizer_from_huggingface(made.file.dump(), TokenId{3}).error().code, ErrorCode::unsupported);
  const Tokenizer other = tokenizer_from_huggingface(gpt2().file.dump()).value();
  EXPECT_EQ(other.begin_of_text(), other.end_of_text());
}

TEST(Foreign, WholeWordsComeBeforeMerges) {
  const Foreign made = llama3();
  Json plain = made.file;
  plain["model"]["ignore_merges"] = false;
  const auto end = made.id("<|end_of_text|>");
  const Tokenizer whole = tokenizer_from_huggingface(made.file.dump(), end).value();
  const Tokenizer merged = tokenizer_from_huggingface(plain.dump(), end).value();
  EXPECT_EQ(whole.encode(" the"), std::vector<TokenId>{made.id(" the")});  // no merge makes it
  EXPECT_EQ(merged.encode(" the"), made.tokens_of({" the"}));
  EXPECT_EQ(merged.encode(" the").size(), 4U);
}

TEST(Foreign, AddedTokensAreFoundInTextAndSpecialsAreNot) {
  const Family family = families()[3];
  const Tokenizer t = family.tokenizer();
  const Foreign& made = family.made;
  const auto got = t.encode("xy<tool_call>xy<|im_start|>");
  std::vector<TokenId> expected = {made.id("xy"), made.id("<tool_call>"), made.id("xy")};
  for (const TokenId id : made.tokens_of({"<|", "im", "_", "start", "|>"})) expected.push_back(id);
  EXPECT_EQ(got, expected);
  EXPECT_EQ(t.decode(got).value(), "xy<tool_call>xy<|im_start|>");
  EXPECT_TRUE(t.is_special(made.id("<|im_start|>")));
  EXPECT_FALSE(t.is_special(made.id("<tool_call>")));
  EXPECT_EQ(t.byte_lengths()[made.id("<tool_call>")], 11);
  EXPECT_EQ(t.byte_lengths()[made.id("<|im_start|>")], 0);
  // Of two that begin at the same place, the longer one.
  const Family spaces = families()[1];
  const auto six = spaces.tokenizer().encode("      xy");
  EXPECT_EQ(six, (std::vector<TokenId>{spaces.made.id("    "), static_cast<TokenId>(spaces.made.ids.size() - 1),
                                       spaces.made.id("xy")}));
}

TEST(Foreign, NfcIsWhatIsEncodedWhereTheFileAsksForIt) {
  const Family qwen = families()[3], gpt = families()[0];
  EXPECT_EQ(qwen.tokenizer().encode("e\xCC\x81"), std::vector<TokenId>{qwen.made.id("\xC3\xA9")});
  EXPECT_EQ(gpt.tokenizer().encode("e\xCC\x81").size(), 3U);
  EXPECT_FALSE(qwen.tokenizer().exact());
  EXPECT_TRUE(gpt.tokenizer().exact());
  // What is no text is left as it is, between texts that are normalised.
  const std::string broken =
      "e\xCC\x81\xFF\xE2\x82"
      "e\xCC\x81";
  EXPECT_EQ(qwen.tokenizer().decode(qwen.tokenizer().encode(broken)).value(), "\xC3\xA9\xFF\xE2\x82\xC3\xA9");
}

TEST(Foreign, EveryStringOfBytesComesBack) {
  for (const Family& family : families()) {
    const Tokenizer t = family.tokenizer();
    if (!t.exact()) continue;
    EXPECT_TRUE(rc::check(family.name,
                          [&](const std::string& bytes) { RC_ASSERT(t.decode(t.encode(bytes)).value() == bytes); }));
    std::string all = "a ";
    for (int b = 0; b < 256; ++b) all += static_cast<char>(b);
    EXPECT_EQ(t.decode(t.encode(all + all)).value(), all + all);
  }
}

TEST(Foreign, AByteThatIsNoTokenIsLeftOut) {
  const Foreign made = foreign(byte_level(false, true), {{"<|endoftext|>", true}}, never_in_utf8);
  const Tokenizer t = tokenizer_from_huggingface(made.file.dump()).value();
  EXPECT_TRUE(t.words().exact());
  EXPECT_FALSE(t.exact());
  EXPECT_EQ(t.decode(t.encode("Hello\xFF world\xC0\xC1 \xF4\x8F\xBF\xBF\xF5")).value(), "Hello world \xF4\x8F\xBF\xBF");
  EXPECT_TRUE(t.encode("\xFF").empty());
  EXPECT_EQ(Tokenizer::parse(t.to_json())->to_json(), t.to_json());
  EXPECT_EQ(to_huggingface(tokenizer_from_huggingface(to_huggingface(t).value()).value()).value(),
            to_huggingface(t).value());
}

// Hundreds of added tokens that begin alike, of every length: the longest that fits is found, in no time.
TEST(Foreign, ManyAddedTokensThatBeginAlike) {
  std::vector<std::pair<std::string, bool>> more = {{"<|endoftext|>", true}};
  for (std::size_t length = 2; length <= 1000; ++length) more.emplace_back(std::string(length, '-'), false);
  more.emplace_back("--x", false);
  const Foreign made = foreign(byte_level(false, true), more);
  const Tokenizer t = tokenizer_from_huggingface(made.file.dump()).value();
  EXPECT_EQ(t.encode(std::string(2500, '-')),
            (std::vector<TokenId>{made.id(std::string(1000, '-')), made.id(std::string(1000, '-')),
                                  made.id(std::string(500, '-'))}));
  EXPECT_EQ(t.encode("-----x"), (std::vector<TokenId>{made.id("-----"), made.id("x")}));
  EXPECT_EQ(t.encode("--xy"), (std::vector<TokenId>{made.id("--x"), made.id("y")}));
}

TEST(Foreign, NamesAreText) {
  TokenizerParts parts{.words = words_from_huggingface({}, byte_level(false, true), false).value()};
  for (int b = 0; b < 256; ++b) parts.tokens.emplace_back(1, static_cast<char>(b));
  parts.tokens.emplace_back("<|end\xFF|>");
  parts.kinds.assign(parts.tokens.size(), TokenKind::ordinary);
  parts.kinds.back() = TokenKind::special;
  parts.begin = parts.end = 256;
  EXPECT_EQ(Tokenizer::make(parts).error().message, "the name of a special token is not UTF-8 at byte 5");
  parts.kinds.back() = TokenKind::added;
  EXPECT_EQ(Tokenizer::make(parts).error().message, "the name of an added token is not UTF-8 at byte 5");
  EXPECT_EQ(Tokenizer::make({}, {"<|endoftext|>", "\xC3"}).error().message,
            "the name of a special token is not UTF-8 at byte 0");
}

TEST(Foreign, ASpaceInFrontIsPutThere) {
  const Foreign made = foreign(byte_level(true, true));
  const Tokenizer t = tokenizer_from_huggingface(made.file.dump()).value();
  EXPECT_EQ(t.encode("world xy"), made.tokens_of({" world", " xy"}));
  EXPECT_EQ(t.encode(" world"), made.tokens_of({" world"}));
  const Foreign pieces = foreign(sequence("pretokenizers", {split(R"(\s)", "Removed"), byte_level(true, false)}));
  const Tokenizer each = tokenizer_from_huggingface(pieces.file.dump()).value();
  EXPECT_EQ(each.encode("world it"), pieces.tokens_of({" world", " it"}));
  EXPECT_FALSE(each.exact());
}

TEST(Foreign, WhatASplitKeeps) {
  const auto encoded = [](const Json& by, std::string_view text, const Words& words) {
    const Foreign made = foreign(sequence("pretokenizers", {by, byte_level(false, false)}));
    const Tokenizer t = tokenizer_from_huggingface(made.file.dump()).value();
    EXPECT_EQ(t.encode(text), made.tokens_of(words)) << by.dump();
  };
  encoded(split("l+", "Isolated"), "Hello", {"He", "ll", "o"});
  encoded(split("l+", "Isolated", true), "Hello", {"He", "ll", "o"});
  encoded(split("l+", "Removed"), "Hello", {"He", "o"});
  encoded(split("l+", "Removed", true), "Hello", {"ll"});
  Json literal = split("", "Isolated");
  literal["pattern"] = {{"String", "(l"}};
  encoded(literal, "xy(lo", {"xy", "(l", "o"});
  encoded({{"type", "Digits"}, {"individual_digits", false}}, "xy202xy", {"xy", "202", "xy"});
}

// Random tokens and merges, in any order, also such that a merge of a token comes before the one that makes it.
TEST(Foreign, MergesInAnyOrderAreAppliedAsDefined) {
  std::mt19937 random(17);
  for (int round = 0; round < 150; ++round) {
    Foreign made = foreign(byte_level(false, true));
    std::vector<std::string> tokens;
    for (const char c : std::string_view("abcd")) tokens.emplace_back(1, c);
    made.merges.clear();
    for (int i = 0; i < 14; ++i) {
      const std::string left = tokens[random() % tokens.size()], right = tokens[random() % tokens.size()];
      if (std::find(made.merges.begin(), made.merges.end(), std::pair(left, right)) != made.merges.end()) continue;
      made.merges.emplace_back(left, right);
      if (std::find(tokens.begin(), tokens.end(), left + right) == tokens.end()) tokens.push_back(left + right);
    }
    std::shuffle(made.merges.begin(), made.merges.end(), random);
    TokenizerParts parts{.words = words_from_huggingface({}, byte_level(false, true), false).value()};
    for (int b = 0; b < 256; ++b) parts.tokens.emplace_back(1, static_cast<char>(b));
    for (const std::string& token : tokens)
      if (token.size() > 1) parts.tokens.push_back(token);
    std::shuffle(parts.tokens.begin(), parts.tokens.end(), random);
    parts.tokens.emplace_back("<|endoftext|>");
    made.ids = parts.tokens;
    parts.kinds.assign(parts.tokens.size(), TokenKind::ordinary);
    parts.kinds.back() = TokenKind::special;
    parts.begin = parts.end = static_cast<TokenId>(parts.tokens.size() - 1);
    for (const auto& [left, right] : made.merges) parts.merges.push_back({made.id(left), made.id(right)});
    const Tokenizer t = Tokenizer::make(parts).value();
    for (int text = 0; text < 10; ++text) {
      std::string word(1 + random() % 60, ' ');
      for (char& c : word) c = "abcd"[random() % 4];
      EXPECT_EQ(t.encode(word), made.tokens_of({word})) << "round " << round << ": " << word;
    }
  }
}

TEST(Foreign, GoesOutAndComesBack) {
  for (const Family& family : families()) {
    const Tokenizer t = family.tokenizer();
    const Tokenizer parsed = Tokenizer::parse(t.to_json()).value();
    EXPECT_EQ(parsed.to_json(), t.to_json()) << family.name;
    EXPECT_EQ(parsed.encode(kText), t.encode(kText)) << family.name;
    const std::string out = to_huggingface(t).value();
    const Tokenizer again = tokenizer_from_huggingface(out, t.end_of_text()).value();
    EXPECT_EQ(again.to_json(), t.to_json()) << family.name;
    EXPECT_EQ(to_huggingface(again).value(), out) << family.name;
  }
  const Json file = parse_json(families()[0].tokenizer().to_json()).value();
  EXPECT_EQ(file["version"], 2);
}

TEST(Foreign, AnIdWithoutATokenIsNone) {
  Foreign made = gpt2();
  made.file["added_tokens"][0]["id"] = made.ids.size() + 3;
  const Tokenizer t = tokenizer_from_huggingface(made.file.dump()).value();
  EXPECT_EQ(t.vocabulary(), made.ids.size() + 4);
  EXPECT_EQ(t.bytes_of(static_cast<TokenId>(made.ids.size())), "");
  EXPECT_EQ(t.holes().size(), 4U);
  EXPECT_EQ(t.holes().front(), made.ids.size() - 1);
  EXPECT_EQ(tokenizer_from_huggingface(to_huggingface(t).value()).value().to_json(), t.to_json());
  EXPECT_EQ(Tokenizer::parse(t.to_json()).value().to_json(), t.to_json());
}

TEST(Foreign, SaysWhatItCannotRead) {
  const auto message = [](const char* pointer, Json value) {
    Json changed = gpt2().file;
    changed["pre_tokenizer"] = sequence("pretokenizers", {split(R"(\p{N})"), byte_level(false, true)});
    changed["model"]["type"] = "BPE";
    changed[Json::json_pointer(pointer)] = std::move(value);
    const auto read = tokenizer_from_huggingface(changed.dump());
    return read ? std::string("accepted") : fmt::format("{}: {}", name_of(read.error().code), read.error().message);
  };
  EXPECT_EQ(message("/version", "1.0"), "accepted");
  EXPECT_EQ(message("/normalizer", Json{{"type", "Lowercase"}}),
            "unsupported: tokenizer.json: \"normalizer\" {\"type\":\"Lowercase\"}");
  EXPECT_EQ(message("/pre_tokenizer", Json{{"type", "Metaspace"}}),
            "unsupported: tokenizer.json: \"pre_tokenizer\" {\"type\":\"Metaspace\"}");
  EXPECT_EQ(message("/pre_tokenizer", nullptr),
            "unsupported: tokenizer.json: \"pre_tokenizer\" has no ByteLevel: not a byte-level tokenizer");
  EXPECT_TRUE(message("/pre_tokenizer/pretokenizers/2", split("a"))
                  .starts_with("unsupported: tokenizer.json: \"pre_tokenizer after ByteLevel\" {"));
  EXPECT_EQ(message("/pre_tokenizer/pretokenizers/0/behavior", "MergedWithNext"),
            "unsupported: tokenizer.json: \"behavior\" \"MergedWithNext\"");
  EXPECT_EQ(message("/pre_tokenizer/pretokenizers/0/pattern/Regex", "a|"),
            "unsupported: tokenizer.json: a pattern that matches the empty text");
  EXPECT_EQ(message("/model/dropout", 0.1), "unsupported: tokenizer.json: \"dropout\" is 0.1");
  EXPECT_EQ(message("/decoder", Json{{"type", "Metaspace"}}),
            "unsupported: tokenizer.json: \"decoder\" is {\"type\":\"Metaspace\"}, expected ByteLevel");
  EXPECT_EQ(message("/model/vocab/xyz", 3), "malformed: tokenizer.json: two tokens have the id 3");
  EXPECT_EQ(message("/model/merges/0", "a a a"),
            "malformed: tokenizer.json: merge 0: expected two words with a space between them");
  EXPECT_EQ(message("/model/merges/0", "a b"), "unsupported: tokenizer.json: merge 0: makes what is no token");
  EXPECT_EQ(message("/model/merges/1", "l o"), "unsupported: tokenizer.json: merge 1: joins 75 and 78 a second time");
  EXPECT_EQ(message("/added_tokens/1", added(300, "x y", false)), "accepted");
  Json stripped = added(300, "x y", false);
  stripped["lstrip"] = true;
  EXPECT_EQ(message("/added_tokens/1", stripped), "unsupported: tokenizer.json: the added token 'x y' with \"lstrip\"");
  Json no_byte = gpt2().file;
  no_byte["model"]["vocab"].erase("a");
  EXPECT_EQ(tokenizer_from_huggingface(no_byte.dump()).error().message, "tokenizer.json: the byte 0x61 is no token");
}

// vocab.json and merges.txt are the same tokenizer as the one file that holds both.
TEST(Foreign, Gpt2sTwoFiles) {
  const Foreign made = gpt2();
  Json vocabulary = made.file["model"]["vocab"];
  vocabulary["<|endoftext|>"] = made.id("<|endoftext|>");
  std::string merges = "#version: 0.2\n";
  for (const Json& merge : made.file["model"]["merges"]) merges += merge.get<std::string>() + "\r\n";
  const Tokenizer one = tokenizer_from_huggingface(made.file.dump()).value();
  const Tokenizer two = tokenizer_from_gpt2(vocabulary.dump(), merges).value();
  EXPECT_EQ(two.to_json(), one.to_json());
  EXPECT_EQ(tokenizer_from_gpt2(vocabulary.dump(), merges, one.end_of_text()).value().to_json(), one.to_json());
  const auto message = [&](std::string_view words, std::string_view more) {
    return tokenizer_from_gpt2(words, more).error().message;
  };
  EXPECT_TRUE(message("{", merges).starts_with("vocab.json: ")) << message("{", merges);
  EXPECT_EQ(message("[]", merges), "vocab.json and merges.txt: no object \"vocab\" in the model");
  EXPECT_EQ(message(vocabulary.dump(), "l o\n\nlo\n"),
            "vocab.json and merges.txt: merge 1: expected two words with a space between them");
  vocabulary.erase("<|endoftext|>");
  EXPECT_EQ(message(vocabulary.dump(), merges),
            "vocab.json and merges.txt: nothing says which token ends a text, and none is <|endoftext|>");
}

// Damaged files are refused, or are tokenizers that lose nothing.
TEST(Foreign, SurvivesAnyDamage) {
  std::mt19937 random(5);
  const auto check = [](const Result<Tokenizer>& read) {
    if (!read || !read->exact()) return;
    EXPECT_EQ(read->decode(read->encode("Hello world \xFF it's")).value(), "Hello world \xFF it's");
  };
  for (const Family& family : families()) {
    const std::string json = family.made.file.dump(), own = family.tokenizer().to_json();
    for (std::size_t cut = 0; cut < json.size(); cut += 37)
      EXPECT_FALSE(tokenizer_from_huggingface(json.substr(0, cut))) << cut;
    for (std::size_t cut = 0; cut < own.size(); cut += 37) EXPECT_FALSE(Tokenizer::parse(own.substr(0, cut))) << cut;
    for (int round = 0; round < 400; ++round) {
      std::string bad = json, bad_own = own;
      for (std::string* file : {&bad, &bad_own})
        for (std::size_t flips = 1 + random() % 2; flips > 0; --flips)
          (*file)[random() % file->size()] ^= static_cast<char>(1 << random() % 8);
      check(tokenizer_from_huggingface(bad, family.tokenizer().end_of_text()));
      check(Tokenizer::parse(bad_own));
    }
  }
}

}  // namespace
}  // namespace cairn::text
