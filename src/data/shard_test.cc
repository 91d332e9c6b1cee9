#include "data/shard.h"

#include <gtest/gtest.h>

#include "text/testing_tokenizer.h"
#include "text/tokenizer_training.h"

namespace cairn::data {
namespace {

const text::Tokenizer& tokenizer() {
  static const text::Tokenizer t = [] {
    text::TokenizerTrainer trainer;
    trainer.add("the first document, the second document and the third");
    return trainer.train({.vocabulary = 280}).value();
  }();
  return t;
}

Bytes file() {
  ShardWriter writer(tokenizer());
  writer.add("the first document");
  writer.add("");
  writer.add("the third");
  return writer.finish();
}

TEST(Shard, HoldsItsDocumentsEachClosed) {
  const Shard shard = Shard::parse(file()).value();
  EXPECT_EQ(shard.documents(), 3U);
  EXPECT_EQ(shard.vocabulary(), tokenizer().vocabulary());
  EXPECT_EQ(shard.tokenizer(), tokenizer().digest());
  EXPECT_EQ(tokenizer().decode(shard.tokens()).value(),
            "the first document<|endoftext|><|endoftext|>the third<|endoftext|>");
}

TEST(Shard, IsReadFromAMappedFile) {
  const auto folder = TemporaryFolder::make("cairn-shard").value();
  ASSERT_TRUE(write_file(folder.path() / "s", file()).has_value());
  Shard shard = Shard::open(folder.path() / "s").value();
  const Shard moved = std::move(shard);
  EXPECT_EQ(tokenizer().decode(moved.tokens()).value(),
            "the first document<|endoftext|><|endoftext|>the third<|endoftext|>");
  EXPECT_EQ(Shard::open(folder.path() / "none").error().code, ErrorCode::not_found);
}

TEST(Shard, AnyTruncationOrFlippedBitIsAnError) {
  Bytes bytes = file();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(Shard::parse(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n))).has_value()) << n;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(Shard::parse(bytes).has_value()) << "bit " << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  EXPECT_EQ(Shard::parse({}).error().message, "not a token shard: expected \"CAIRNTOK\" in front");
  bytes.pop_back();
  EXPECT_EQ(Shard::parse(bytes).error().message,
            fmt::format("a token shard of {} tokens: expected {} bytes of them, got {}", (bytes.size() - 127) / 2,
                        bytes.size() - 127, bytes.size() - 128));
}

// The last vocabulary of 16-bit tokens and the first of 32-bit ones.
TEST(Shard, TokensAreAsWideAsTheVocabularyNeeds) {
  for (const std::size_t vocabulary : {65536UL, 65537UL, 70001UL}) {
    const text::Tokenizer t = text::tokenizer_of_size(vocabulary);
    ASSERT_EQ(t.vocabulary(), vocabulary);
    ShardWriter writer(t);
    writer.add("\xff\xff caa");
    const Bytes bytes = writer.finish();
    const std::size_t width = vocabulary > 65536 ? 4 : 2;
    EXPECT_EQ(bytes[8], width / 2) << "the version";
    EXPECT_EQ(bytes.size(), 128 + width * writer.tokens().size());
    const Shard shard = Shard::parse(bytes).value();
    EXPECT_EQ(shard.tokens().width(), width);
    EXPECT_EQ(shard.end_of_text(), vocabulary - 5);
    EXPECT_EQ(shard.tokens().back(), shard.end_of_text());
    EXPECT_EQ(t.decode(shard.tokens()).value(), "\xff\xff caa<|endoftext|>");
  }
}

// Byte by byte, as docs/formats/shard.md has it: files of 16-bit tokens stay what they were.
TEST(Shard, OfANarrowVocabularyIsTheFirstVersionToTheByte) {
  const text::Tokenizer t = text::Tokenizer::make({{97, 98}}, text::default_specials()).value();
  ShardWriter writer(t);
  writer.add("abc");
  Bytes head = to_bytes("CAIRNTOK");
  append(head, std::uint32_t{1});
  append(head, std::uint32_t{262});
  append(head, std::uint64_t{3});
  append(head, std::uint64_t{1});
  append(head, std::uint16_t{257});
  head.resize(64);
  const Digest tokenizer = t.digest();
  head.insert(head.end(), tokenizer.bytes.begin(), tokenizer.bytes.end());
  head.resize(128);
  Bytes tokens;
  for (const int token : {256, 99, 257}) append(tokens, static_cast<std::uint16_t>(token));
  Bytes hashed = head;
  hashed.insert(hashed.end(), tokens.begin(), tokens.end());
  const Digest check = sha256(hashed);
  std::copy(check.bytes.begin(), check.bytes.end(), hashed.begin() + 96);
  EXPECT_EQ(writer.finish(), hashed);
}

TEST(Shard, OfTheOtherWidthIsRefused) {
  const auto message = [](std::size_t vocabulary, std::uint8_t version) {
    const text::Tokenizer t = text::tokenizer_of_size(vocabulary);
    ShardWriter writer(t);
    writer.add("a");
    Bytes bytes = writer.finish();
    bytes[8] = version;
    return Shard::parse(bytes).error().message;
  };
  EXPECT_EQ(message(65537, 1), "a token shard of version 1 and 65537 tokens in the vocabulary: expected version 2");
  EXPECT_EQ(message(65536, 2), "a token shard of version 2 and 65536 tokens in the vocabulary: expected version 1");
  EXPECT_EQ(message(300, 3), "a token shard of version 3: expected 1 or 2");
}

TEST(Sequences, EveryTokenButTheFirstIsPredictedOnce) {
  std::vector<TokenId> tokens(23);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<TokenId>(i);
  const Sequences sequences(tokens, 5);
  ASSERT_EQ(sequences.count(), 4U);
  std::size_t next = 1;
  for (std::size_t s = 0; s < sequences.count(); ++s) {
    ASSERT_EQ(sequences[s].size(), 6U);
    for (std::size_t t = 1; t < 6; ++t) EXPECT_EQ(sequences[s][t], next++);
  }
  EXPECT_EQ(Sequences({}, 5).count(), 0U);
  EXPECT_EQ(Sequences(tokens, 23).count(), 0U);
  EXPECT_EQ(Sequences(tokens, 22).count(), 1U);
}

TEST(Split, DependsOnTheRecordAloneAndHitsItsShare) {
  int heldout = 0;
  for (int i = 0; i < 5000; ++i) {
    const RecordId id{sha256(std::to_string(i))};
    EXPECT_EQ(split_of(id, 0), Split::train);
    EXPECT_EQ(split_of(id, 1000), Split::heldout);
    heldout += split_of(id, 50) == Split::heldout;
  }
  EXPECT_GT(heldout, 190);
  EXPECT_LT(heldout, 310);
}

TEST(ShardOrder, IsAShuffleThatTheInputsOrderCannotChange) {
  std::vector<Record> records(50);
  for (std::size_t i = 0; i < records.size(); ++i) records[i].id.digest = sha256(std::to_string(i));
  std::vector<RecordId> forward, backward, other;
  for (const auto i : shard_order(records, 7)) forward.push_back(records[i].id);
  for (const auto i : shard_order(records, 8)) other.push_back(records[i].id);
  std::reverse(records.begin(), records.end());
  for (const auto i : shard_order(records, 7)) backward.push_back(records[i].id);
  EXPECT_EQ(forward, backward);
  EXPECT_NE(forward, other);
}

}  // namespace
}  // namespace cairn::data
