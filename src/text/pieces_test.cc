// SentencePiece's tokenizers: characters, bytes where there is none, scores.
#include "text/pieces.h"

#include <gtest/gtest.h>

#include <random>

#include "text/huggingface_tokenizer.h"
#include "text/testing_foreign.h"

namespace cairn::text {
namespace {

using namespace testing_foreign;

Tokenizer read(const Json& file) {
  return tokenizer_from_huggingface(file.dump(), TokenId{2}).value();
}

TEST(Pieces, NamesOfSpacesAndBytes) {
  EXPECT_EQ(piece_of(" a  b"),
            "\xE2\x96\x81"
            "a\xE2\x96\x81\xE2\x96\x81"
            "b");
  EXPECT_EQ(text_of_piece(piece_of(" a  b")), " a  b");
  for (int b = 0; b < 256; ++b) EXPECT_EQ(byte_of_piece(byte_piece(static_cast<char>(b))), static_cast<char>(b));
  for (const char* none : {"<0x0a>", "<0x0A", "<0x100>", "<0xGG>", "", "0x00AB", "<0x A>"})
    EXPECT_FALSE(byte_of_piece(none));
}

TEST(Pieces, TokensAreThoseOfTheDefinition) {
  const Foreign made = llama2();
  const Tokenizer t = read(made.file);
  EXPECT_TRUE(t.words().characters);
  EXPECT_FALSE(t.exact());
  EXPECT_EQ(t.bytes_of(t.begin_of_text()), "<s>");
  EXPECT_EQ(t.encode("Hello the"), (std::vector<TokenId>{made.id(" "), made.id("Hello"), made.id(" the")}));
  // No token: its bytes. A byte's token is found by no merge.
  EXPECT_EQ(t.encode("\n"), (std::vector<TokenId>{made.id(" "), made.id("<0x0A>")}));
  EXPECT_EQ(t.decode(t.encode("\n\xFFz")).value(), " \n\xFFz");
  EXPECT_EQ(t.encode("\xE2\x96\x81x"), t.encode(" x"));
  EXPECT_EQ(t.byte_lengths()[made.id("<0x0A>")], 1);
  std::mt19937 random(29);
  const std::vector<std::string> some = {
      " ", " ", "t", "h", "e", "l", "o", "H", "x", "\xC3\xA9", "\xE4\xB8\x80", "\xF0\x9F\x98\x80", "\n"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::size_t count = random() % 30; count > 0; --count) text += some[random() % some.size()];
    const auto expected = text.empty() ? std::vector<TokenId>{} : made.tokens_of({" " + text}, false, true);
    ASSERT_EQ(t.encode(text), expected) << "round " << round << ": " << text;
  }
}

// Between two characters that are one token elsewhere; never within one.
TEST(Pieces, ALongTextIsCutSomewhere) {
  const Foreign made = llama2();
  const Tokenizer t = read(made.file);
  const std::string e = "\xC3\xA9";
  const auto end_of = [&](std::size_t before) {
    const auto tokens = t.encode(std::string(before, 'x') + e + e + "x");  // a space comes before them
    return std::vector<TokenId>(tokens.end() - 3, tokens.end());
  };
  EXPECT_EQ(end_of(kLongestText - 5).back(), made.id("x"));
  EXPECT_EQ(end_of(kLongestText - 5)[1], made.id(e + e));
  EXPECT_EQ(end_of(kLongestText - 3), (std::vector<TokenId>{made.id(e), made.id(e), made.id("x")}));
  EXPECT_EQ(end_of(kLongestText - 2)[1], made.id(e + e));  // the border lies within the first: it goes over whole
}

// What is added and normalised is sought in the normalised text, by its normalised name.
TEST(Pieces, AddedTokensThatAreNormalised) {
  Foreign made = llama2();
  made.ids.emplace_back("<pad>");
  const TokenId pad = made.id("<pad>"), x = made.id("x"), space = made.id(" "), two = made.id("  ");
  made.file["added_tokens"].push_back(added(pad, "<pad>", false, true));
  const auto tokens = [&](std::string_view text) { return read(made.file).encode(text); };
  EXPECT_EQ(tokens("x <pad> x"), (std::vector<TokenId>{space, x, pad, space, x}));
  EXPECT_EQ(tokens("<pad>x"), (std::vector<TokenId>{pad, x}));
  const auto inside = tokens("x<pad>x");  // no space before it: it is text
  EXPECT_EQ(std::ranges::count(inside, pad), 0);
  made.file["normalizer"] = nullptr;
  const auto metaspace = [&](const char* scheme) {
    made.file["pre_tokenizer"] = {
        {"type", "Metaspace"}, {"replacement", kPieceSpace}, {"prepend_scheme", scheme}, {"split", false}};
  };
  metaspace("first");
  EXPECT_EQ(tokens("<pad>x"), (std::vector<TokenId>{pad, x}));
  EXPECT_EQ(tokens("x<pad>x"), (std::vector<TokenId>{space, x, pad, x}));
  metaspace("always");
  EXPECT_EQ(tokens("x<pad>x"), (std::vector<TokenId>{space, x, pad, space, x}));
  EXPECT_EQ(tokens("x<pad>  x"), (std::vector<TokenId>{space, x, pad, two, x}));
}

TEST(Pieces, MergesOfAddedTokensAreLeftOut) {
  Foreign made = llama2();
  made.file["added_tokens"].push_back(added(made.id("Hel"), "Hel", false));
  const Tokenizer t = read(made.file);
  EXPECT_EQ(t.encode("Hello"), (std::vector<TokenId>{made.id("Hel"), made.id(" "), made.id("lo")}));
  EXPECT_LT(t.merges().size(), made.merges.size());
  // Pairs of words, where a word may have a space.
  Json pairs = llama2().file;
  for (Json& merge : pairs["model"]["merges"]) {
    const std::string text = merge.get<std::string>();
    merge = Json::array({text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)});
  }
  EXPECT_EQ(read(pairs).to_json(), read(llama2().file).to_json());
}

TEST(Pieces, WhatEndsATextIsSpecialWhateverItsFileSays) {
  Foreign made = llama2();
  made.file["added_tokens"][2]["special"] = false;
  const Tokenizer t = read(made.file);
  EXPECT_TRUE(t.is_special(2));
  EXPECT_EQ(t.encode("</s>").size(), 5U);  // a space and four characters
}

TEST(Pieces, WhereTheSpaceInFrontIsPut) {
  Foreign made = llama2();
  const Json old = made.file;
  // Of a text and, behind the token that ends one, another.
  const auto tokens = [&](std::string_view before, std::string_view behind) {
    const Tokenizer t = read(made.file);
    Encoder encoder(t);
    std::vector<TokenId> out;
    encoder.encode(before, out);
    out.push_back(t.end_of_text());
    encoder.encode(behind, out, false);
    return out;
  };
  const TokenId x = made.id("x"), space = made.id(" "), two = made.id("  "), end = made.id("</s>");
  EXPECT_EQ(tokens("x", "x"), (std::vector<TokenId>{space, x, end, space, x}));
  EXPECT_EQ(tokens(" x", " x"), (std::vector<TokenId>{two, x, end, two, x}));
  const auto metaspace = [&](const char* scheme) {
    made.file["normalizer"] = nullptr;
    made.file["pre_tokenizer"] = {
        {"type", "Metaspace"}, {"replacement", kPieceSpace}, {"prepend_scheme", scheme}, {"split", false}};
  };
  metaspace("always");
  EXPECT_EQ(tokens("x", " x"), (std::vector<TokenId>{space, x, end, space, x}));
  metaspace("first");
  EXPECT_EQ(tokens("x", "x"), (std::vector<TokenId>{space, x, end, x}));
  metaspace("never");
  EXPECT_EQ(tokens("x", " x"), (std::vector<TokenId>{x, end, space, x}));
  made.file = old;
  made.file["normalizer"] = old["normalizer"]["normalizers"][1];
  EXPECT_EQ(tokens("x", " x"), (std::vector<TokenId>{x, end, space, x}));
}

TEST(Pieces, GoOutAndComeBack) {
  Json file = llama2().file;
  const auto check = [&](const char* what) {
    const Tokenizer t = read(file);
    EXPECT_EQ(Tokenizer::parse(t.to_json()).value().to_json(), t.to_json()) << what;
    const std::string out = to_huggingface(t).value();
    const Tokenizer again = tokenizer_from_huggingface(out, TokenId{2}).value();
    EXPECT_EQ(again.to_json(), t.to_json()) << what;
    EXPECT_EQ(to_huggingface(again).value(), out) << what;
  };
  check("legacy");
  file["normalizer"] = nullptr;
  for (const char* scheme : {"always", "first", "never"}) {
    file["pre_tokenizer"] = {
        {"type", "Metaspace"}, {"replacement", kPieceSpace}, {"prepend_scheme", scheme}, {"split", false}};
    check(scheme);
  }
}

TEST(Pieces, ScoresAndMergesImplyEachOther) {
  const Tokenizer t = read(llama2().file);
  const std::vector<float> scores = scores_of(t).value();
  std::vector<std::string> tokens;
  std::vector<TokenKind> kinds;
  for (TokenId id = 0; id < t.vocabulary(); ++id) {
    tokens.emplace_back(t.bytes_of(id));
    kinds.push_back(t.kind(id));
  }
  const auto by_token = [&](std::vector<Merge> merges) {
    std::ranges::stable_sort(merges, {},
                             [&](const Merge& m) { return std::pair(tokens[m.left] + tokens[m.right], m.left); });
    return merges;
  };
  const std::vector<Merge> implied = merges_of_scores(tokens, kinds, scores).value();
  EXPECT_EQ(by_token(implied), by_token(t.merges()));
  EXPECT_NE(implied, t.merges());  // of one token they come in another order
  const std::vector<std::string> one_long(tokens.size(), std::string(kLongestPiece + 1, 'x'));
  EXPECT_EQ(merges_of_scores(one_long, kinds, scores).error().code, ErrorCode::unsupported);
  std::vector<float> bad = scores;
  bad[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(merges_of_scores(tokens, kinds, bad).error().code, ErrorCode::malformed);
  // A merge that is missing, and one of another token in between: no scores say that.
  Json file = llama2().file;
  file["model"]["merges"].erase(1);
  EXPECT_EQ(scores_of(read(file)).error().code, ErrorCode::unsupported);
  file = llama2().file;
  Json& merges = file["model"]["merges"];
  const Json first = merges[0];
  merges.erase(0);
  merges.push_back(first);
  EXPECT_TRUE(scores_of(read(file)));  // another order of whole tokens is one of scores
}

// In "abc" programs that go by scores would merge what stands first, by ids what has the lower one.
TEST(Pieces, EqualScoresOfWhatMergesMakeAreRefused) {
  const std::vector<std::string> tokens = {"a", "b", "c", "bc", "ab"};
  const std::vector<TokenKind> kinds(5, TokenKind::ordinary);
  const auto merges = [&](std::vector<float> scores) { return merges_of_scores(tokens, kinds, scores); };
  EXPECT_EQ(merges({0, 0, 0, -1, -2}).value(), (std::vector<Merge>{{1, 2}, {0, 1}}));
  EXPECT_EQ(merges({0, 0, 0, 0, 0}).error().message, "tokens 3 and 4 are made of others and have the same score, 0");
}

// A few MB of tokens could otherwise imply gigabytes of merges.
TEST(Pieces, MergesOfManyBytesAreRefused) {
  std::vector<std::string> tokens;
  std::vector<float> scores;
  for (const char letter : std::string_view("abc"))
    for (std::size_t length = 1; length <= kLongestPiece; ++length) {
      tokens.emplace_back(length, letter);
      scores.push_back(-static_cast<float>(tokens.size()));
    }
  const std::vector<TokenKind> kinds(tokens.size(), TokenKind::ordinary);
  EXPECT_EQ(merges_of_scores(tokens, kinds, scores).error().code, ErrorCode::unsupported);
  EXPECT_TRUE(
      merges_of_scores(std::span(tokens).first(100), std::span(kinds).first(100), std::span(scores).first(100)));
}

TEST(Pieces, SayWhatIsMissingOrStrange) {
  const auto message = [](const char* pointer, Json value) {
    Json file = llama2().file;
    file[Json::json_pointer(pointer)] = std::move(value);
    const auto made = tokenizer_from_huggingface(file.dump(), TokenId{2});
    return made ? "accepted" : fmt::format("{}: {}", name_of(made.error().code), made.error().message);
  };
  EXPECT_EQ(message("/version", "1.0"), "accepted");
  EXPECT_EQ(message("/normalizer", nullptr), "unsupported: tokenizer.json: \"normalizer\" null");
  EXPECT_EQ(message("/normalizer", Json{{"type", "NFKC"}}),
            "unsupported: tokenizer.json: \"normalizer\" {\"type\":\"NFKC\"}");
  EXPECT_EQ(message("/pre_tokenizer", Json{{"type", "Metaspace"}}),
            "unsupported: tokenizer.json: \"pre_tokenizer\" {\"type\":\"Metaspace\"}");
  EXPECT_EQ(message("/decoder", Json{{"type", "ByteLevel"}}),
            "unsupported: tokenizer.json: \"decoder\" {\"type\":\"ByteLevel\"}");
  Json file = llama2().file;
  file["model"]["vocab"].erase("<0x41>");
  EXPECT_EQ(tokenizer_from_huggingface(file.dump(), TokenId{2}).error().message,
            "tokenizer.json: the byte 0x41 is no token");
}

}  // namespace
}  // namespace cairn::text
