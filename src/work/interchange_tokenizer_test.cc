#include "work/interchange_tokenizer.h"

#include <gtest/gtest.h>

#include "text/huggingface_tokenizer.h"
#include "text/pieces.h"
#include "text/testing_foreign.h"
#include "text/testing_tokenizer.h"

namespace cairn::work {
namespace {

using namespace text::testing_foreign;
using model::GgufVocabulary;

constexpr std::string_view kText = "Hello world  it's 20245!\n\n xy IT'S <tool_call>";

text::Tokenizer read(const Foreign& made, std::string_view end = "<|endoftext|>") {
  return text::tokenizer_from_huggingface(made.file.dump(), made.id(end)).value();
}

std::string message(const Result<text::Tokenizer>& made) {
  return made ? "accepted" : fmt::format("{}: {}", name_of(made.error().code), made.error().message);
}

TEST(InterchangeTokenizer, FamiliesHaveTheNamesThatReadersKnow) {
  const std::vector<std::pair<std::string, text::Tokenizer>> families = {
      {"gpt-2", read(gpt2())},
      {"gpt-2", read(pythia())},
      {"llama-bpe", read(llama3(), "<|end_of_text|>")},
      {"qwen2", read(qwen2())},
      {"smollm", read(smollm())}};
  for (const auto& [name, tokenizer] : families) {
    const GgufVocabulary out = gguf_vocabulary_of(tokenizer).value();
    EXPECT_EQ(out.words, name);
    EXPECT_EQ(out.own_words.empty(), !tokenizer.words().nfc) << name;  // GGUF's names say nothing of normalising
    EXPECT_EQ(out.begin, static_cast<std::int64_t>(tokenizer.begin_of_text()));
    EXPECT_EQ(out.add_begin, name == "llama-bpe");
    const text::Tokenizer again = tokenizer_of(out).value();
    EXPECT_EQ(again.words(), tokenizer.words()) << name;
    EXPECT_EQ(again.encode(kText), tokenizer.encode(kText)) << name;
    EXPECT_EQ(again.begin_of_text(), tokenizer.begin_of_text());
    EXPECT_EQ(again.end_of_text(), tokenizer.end_of_text());
    EXPECT_EQ(gguf_vocabulary_of(again).value().types, out.types) << name;
  }
}

TEST(InterchangeTokenizer, CairnsOwnComesBackToTheByte) {
  const text::Tokenizer own = text::tokenizer_of_size(400);
  const GgufVocabulary out = gguf_vocabulary_of(own).value();
  EXPECT_EQ(out.words, "gpt-2");
  EXPECT_EQ(out.own_words, "gpt2-3digits");
  EXPECT_EQ(out.begin, out.end);
  EXPECT_EQ(out.add_begin, true);
  EXPECT_EQ(tokenizer_of(out).value().to_json(), own.to_json());
}

TEST(InterchangeTokenizer, WhatTheNameImpliesAndWhatTheFileSays) {
  GgufVocabulary llama = gguf_vocabulary_of(read(llama3(), "<|end_of_text|>")).value();
  const std::int64_t begin = llama.begin;
  EXPECT_EQ(tokenizer_of(llama)->begin_of_text(), begin);
  llama.add_begin = false;
  EXPECT_EQ(tokenizer_of(llama)->begin_of_text(), llama.end);
  // Words that imply a token in front, of a model that has none: readers are told.
  const GgufVocabulary without = gguf_vocabulary_of(tokenizer_of(llama).value()).value();
  EXPECT_EQ(without.words, "llama-bpe");
  EXPECT_EQ(without.add_begin, false);
  EXPECT_EQ(tokenizer_of(without)->begin_of_text(), llama.end);
  EXPECT_TRUE(tokenizer_of(llama)->words().whole_words);
  llama.words = "smaug-bpe";
  EXPECT_FALSE(tokenizer_of(llama)->words().whole_words);
}

TEST(InterchangeTokenizer, RowsWithoutATokenAreNone) {
  GgufVocabulary gpt = gguf_vocabulary_of(read(gpt2())).value();
  const std::size_t size = gpt.tokens.size();
  gpt.tokens.insert(gpt.tokens.end() - 1, "[PAD7]");
  gpt.types.insert(gpt.types.end() - 1, GgufVocabulary::unused);
  gpt.tokens.emplace_back("[PAD8]");
  gpt.types.push_back(GgufVocabulary::unused);
  gpt.end = static_cast<std::int64_t>(size);
  const text::Tokenizer read = tokenizer_of(gpt).value();
  EXPECT_EQ(read.vocabulary(), size + 1);
  EXPECT_EQ(read.bytes_of(static_cast<TokenId>(size - 1)), "");
  const GgufVocabulary again = gguf_vocabulary_of(read).value();
  EXPECT_EQ(again.types[size - 1], GgufVocabulary::unused);
}

TEST(InterchangeTokenizer, SentencePiecesComeBack) {
  Json file = llama2().file;
  const auto tokenizer = [&] { return text::tokenizer_from_huggingface(file.dump(), TokenId{2}).value(); };
  const auto check = [&](bool prefix, bool said) {
    const text::Tokenizer t = tokenizer();
    const GgufVocabulary out = gguf_vocabulary_of(t).value();
    EXPECT_TRUE(out.pieces);
    EXPECT_TRUE(out.merges.empty());
    EXPECT_EQ(out.scores.size(), t.vocabulary());
    EXPECT_EQ(out.space_prefix, prefix);
    EXPECT_EQ(out.own_words.empty(), said);
    EXPECT_EQ(out.types[0], GgufVocabulary::unknown);
    EXPECT_EQ(out.types[3], GgufVocabulary::byte);
    EXPECT_EQ(out.begin, 1);
    EXPECT_EQ(out.add_begin, true);
    // But for the order of one token's merges.
    const text::Tokenizer back = tokenizer_of(out).value();
    EXPECT_EQ(back.words(), t.words());
    EXPECT_EQ(back.merges().size(), t.merges().size());
    EXPECT_EQ(gguf_vocabulary_of(back).value().scores, out.scores);
    for (const char* text : {"Hello  the lll", " x\n\xE4\xB8\x80<s>"})
      EXPECT_EQ(back.encode(text), t.encode(text)) << text;
  };
  check(true, true);
  file["normalizer"] = file["normalizer"]["normalizers"][1];
  check(false, true);
  file["normalizer"] = nullptr;
  file["pre_tokenizer"] = {
      {"type", "Metaspace"}, {"replacement", text::kPieceSpace}, {"prepend_scheme", "first"}, {"split", false}};
  check(true, false);
  GgufVocabulary bad = gguf_vocabulary_of(tokenizer()).value();
  GgufVocabulary short_one = bad;
  short_one.scores.pop_back();
  EXPECT_EQ(message(tokenizer_of(short_one)), "malformed: GGUF: the tokenizer: 281 tokens and 280 scores");
  bad.pieces = false;
  EXPECT_EQ(message(tokenizer_of(bad)),
            "malformed: GGUF: the tokenizer: its kind is not the one that 'cairn.words' says");
}

TEST(InterchangeTokenizer, SaysWhatItCannotRead) {
  const GgufVocabulary good = gguf_vocabulary_of(read(gpt2())).value();
  const auto with = [&](auto change) {
    GgufVocabulary changed = good;
    change(changed);
    return message(tokenizer_of(changed));
  };
  EXPECT_EQ(with([](auto& v) { v.words = "gpt-4o"; }),
            "unsupported: GGUF: the tokenizer: its words are 'gpt-4o', which is none of the names known here");
  EXPECT_EQ(with([](auto& v) { v.own_words = "{"; }).substr(0, 9), "malformed");
  EXPECT_EQ(with([](auto& v) { v.types[0] = 7; }), "unsupported: GGUF: the tokenizer: token 0 is of the type 7");
  EXPECT_EQ(with([](auto& v) { v.types[std::ranges::find(v.tokens, "q") - v.tokens.begin()] = 6; }),
            fmt::format("unsupported: GGUF: the tokenizer: token {}: 'q' is no byte, expected <0x00> to <0xFF>",
                        std::ranges::find(good.tokens, "q") - good.tokens.begin()));
  EXPECT_EQ(with([](auto& v) { v.end = 3; }),
            "unsupported: GGUF: the tokenizer: token 3 begins or ends a text and is no special");
  const Foreign odd = foreign(sequence("pretokenizers", {split("[0-9]{4}"), byte_level(false, true)}));
  const auto refused = gguf_vocabulary_of(read(odd));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_EQ(refused.error().message, "GGUF: the tokenizer: readers have no name for the way it cuts words");
  EXPECT_FALSE(refused.error().hint.empty());
}

TEST(InterchangeTokenizer, AddedTokensThatNormalisedTextCannotHaveAreNotWritten) {
  Foreign made = llama2();
  made.file["added_tokens"].push_back(added(made.ids.size(), "<pad>", false));
  EXPECT_TRUE(gguf_vocabulary_of(read(made, "</s>")));
  made.file["added_tokens"].back()["normalized"] = true;  // a text has a space in front of it then
  EXPECT_EQ(gguf_vocabulary_of(read(made, "</s>")).error().message,
            fmt::format("GGUF: the tokenizer: token {}, '<pad>', is looked for in normalised text, where it is written "
                        "otherwise",
                        made.ids.size()));
}

}  // namespace
}  // namespace cairn::work
