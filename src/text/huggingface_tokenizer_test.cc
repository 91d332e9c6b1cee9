#include "text/huggingface_tokenizer.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "text/printable.h"
#include "text/tokenizer_training.h"

namespace cairn::text {
namespace {

Tokenizer trained() {
  TokenizerTrainer trainer;
  for (int i = 0; i < 30; ++i) {
    trainer.add("The quick brown foxes jumped over the lazy dogs' backs in 2024, über Stock und Stein; it's 12345.\n");
    trainer.add("Quickly, the brown ones overtook the others\t— thrice.\n\n");
  }
  return trainer.train({.vocabulary = 400}).value();
}

TEST(Printable, EveryByteComesBackAndTheKnownOnesAreKnown) {
  EXPECT_EQ(printable("a b"),
            "a\xC4\xA0"
            "b");                                        // a space is U+0120
  EXPECT_EQ(printable("\n"), "\xC4\x8A");                // U+010A
  EXPECT_EQ(printable("\xC3\xBC"), "\xC3\x83\xC2\xBC");  // Latin-1 letters stand for themselves
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\xC4\x80");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(bytes_of_printable(printable(all)).value(), all);
  EXPECT_EQ(bytes_of_printable("ab c").error().message,
            "a token's word has a character, at 2, that stands for no byte");
}

TEST(Printable, ListsAreTheTokenizer) {
  const Tokenizer tokenizer = trained();
  const TokenLists lists = lists_of(tokenizer).value();
  EXPECT_EQ(lists.tokens.size(), tokenizer.vocabulary());
  EXPECT_EQ(lists.tokens[0x20], "\xC4\xA0");
  EXPECT_EQ(lists.tokens[tokenizer.end_of_text()], "<|endoftext|>");
  EXPECT_EQ(lists.kinds[tokenizer.end_of_text()], TokenKind::special);
  EXPECT_EQ(tokenizer_of(lists, {}).value().to_json(), tokenizer.to_json());
}

TEST(Printable, ListsInAnotherOrderAreATokenizerOfOtherPeople) {
  const TokenLists lists = lists_of(trained()).value();
  const auto message = [](const TokenLists& changed) { return tokenizer_of(changed, {}).error().message; };
  TokenLists changed = lists;
  std::swap(changed.tokens[0], changed.tokens[1]);
  EXPECT_FALSE(tokenizer_of(changed, {}).value().own());
  EXPECT_EQ(tokenizer_of(changed, {}).value().encode(std::string_view("\0x", 2)), (std::vector<TokenId>{1, 'x'}));
  changed = lists;
  std::swap(changed.merges[0], changed.merges[1]);
  EXPECT_FALSE(tokenizer_of(changed, {}).value().own());
  changed = lists;
  changed.merges[3] = {"q", "x"};
  EXPECT_EQ(message(changed), "merge 3: makes what is no token");
  changed.merges[3] = {"qqqq", "x"};
  EXPECT_EQ(message(changed), "merge 3: joins what is no token");
  changed = lists;
  changed.tokens[300] = changed.tokens[299];
  EXPECT_EQ(message(changed), "token 300 is there twice");
  EXPECT_EQ(message({}), "nothing says which token ends a text, and none is <|endoftext|>");
  changed = lists;
  changed.kinds.pop_back();
  EXPECT_EQ(message(changed), fmt::format("{} tokens and {} kinds", changed.tokens.size(), changed.kinds.size()));
}

TEST(Printable, AMergeIsTwoWords) {
  EXPECT_EQ(merge_from_text("a bc").value(), std::pair(std::string("a"), std::string("bc")));
  for (const char* bad : {"nothing", "a b c", "a  b", ""})
    EXPECT_EQ(merge_from_text(bad).error().message, "expected two words with a space between them") << bad;
}

TEST(Printable, TokensOfTheSameBytesCannotBeTold) {
  // "ab" then "c", and "a" then "bc": both are "abc".
  const Tokenizer tokenizer = Tokenizer::make({{97, 98}, {98, 99}, {256, 99}, {97, 257}}, {"<|endoftext|>"}).value();
  EXPECT_EQ(lists_of(tokenizer).error().message,
            "tokens 258 and 259 are both 'abc': other programs tell tokens apart by their text");
}

TEST(HuggingFaceTokenizer, ComesBackAsItWas) {
  const Tokenizer tokenizer = trained();
  const std::string json = to_huggingface(tokenizer).value();
  const Tokenizer again = tokenizer_from_huggingface(json).value();
  EXPECT_EQ(again.to_json(), tokenizer.to_json());
  const std::string text = "The dogs' 1234567 foxes\n\n  über!";
  EXPECT_EQ(again.encode(text), tokenizer.encode(text));
  const Json file = parse_json(json).value();
  EXPECT_EQ(file["model"]["vocab"]["a"], 97);
  EXPECT_EQ(file["added_tokens"][0]["content"], "<|endoftext|>");
}

TEST(HuggingFaceTokenizer, SaysWhatItCannotRead) {
  const Json good = parse_json(to_huggingface(trained()).value()).value();
  const auto message = [&](const char* pointer, Json value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = std::move(value);
    const auto read = tokenizer_from_huggingface(changed.dump());
    return read ? std::string("accepted") : fmt::format("{}: {}", name_of(read.error().code), read.error().message);
  };
  EXPECT_EQ(message("/version", "1.0"), "accepted");
  EXPECT_EQ(message("/model/type", "Unigram"),
            "unsupported: tokenizer.json: a tokenizer of type \"Unigram\", expected \"BPE\"");
  EXPECT_EQ(message("/normalizer", Json{{"type", "NFC"}}), "accepted");
  EXPECT_EQ(message("/pre_tokenizer", Json{{"type", "ByteLevel"}}), "accepted");
  EXPECT_EQ(message("/model/vocab/a", 98), "malformed: tokenizer.json: two tokens have the id 98");
  EXPECT_EQ(message("/model/vocab/a", 1048576),
            "unsupported: tokenizer.json: a token's id is 1048576, expected a number below 1048576");
  EXPECT_EQ(message("/model/merges", Json::array({1})), "malformed: tokenizer.json: merge 0: expected two words");
  EXPECT_EQ(message("/added_tokens/0/special", false), "accepted");  // it ends texts
  EXPECT_EQ(tokenizer_from_huggingface("[]").error().message, "tokenizer.json: no object \"model\"");
  EXPECT_EQ(tokenizer_from_huggingface("{").error().code, ErrorCode::malformed);
}

TEST(HuggingFaceTokenizer, NoTruncatedFileIsRead) {
  const std::string json = to_huggingface(trained()).value();
  for (std::size_t size = 0; size + 1 < json.size(); size += 101) {
    EXPECT_FALSE(tokenizer_from_huggingface(std::string_view(json).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace cairn::text
