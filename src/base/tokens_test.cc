#include "base/tokens.h"

#include <gtest/gtest.h>

#include <array>

namespace cairn {
namespace {

TEST(Tokens, AreTheSameIdsHoweverTheyLie) {
  const std::vector<std::uint16_t> narrow = {0, 7, 65535};
  const std::array<TokenId, 3> wide = {0, 7, 65535};
  for (const Tokens tokens : {Tokens(narrow), Tokens(wide), Tokens(std::span(wide))}) {
    EXPECT_EQ(tokens.size(), 3U);
    EXPECT_EQ(std::vector<TokenId>(tokens.begin(), tokens.end()), (std::vector<TokenId>{0, 7, 65535}));
    EXPECT_EQ(tokens[1], 7U);
    EXPECT_EQ(tokens.back(), 65535U);
    const Tokens part = tokens.subspan(1, 2);
    EXPECT_EQ(std::vector<TokenId>(part.begin(), part.end()), (std::vector<TokenId>{7, 65535}));
  }
  EXPECT_TRUE(Tokens().empty());
  EXPECT_TRUE(Tokens().bytes().empty());
}

TEST(Tokens, LieInAsFewBytesAsTheVocabularyAllows) {
  const std::vector<TokenId> ids = {1, 65535};
  TokenBuffer narrow(65536), wide(65537);
  narrow.append(ids);
  wide.append(ids);
  wide.push_back(65536);
  EXPECT_EQ(to_hex(narrow.view().bytes()), "0100ffff");
  EXPECT_EQ(to_hex(wide.view().bytes()), "01000000ffff000000000100");
  EXPECT_EQ(wide.view().back(), 65536U);
}

TEST(Tokens, ComeBackFromBytes) {
  const std::vector<TokenId> ids = {3, 70000, 65536};
  TokenBuffer wide(70001);
  wide.append(ids);
  const TokenBuffer read = TokenBuffer::from_bytes(wide.view().bytes(), 70001).value();
  EXPECT_EQ(std::vector<TokenId>(read.view().begin(), read.view().end()), ids);
  const Bytes six = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(TokenBuffer::from_bytes(six, 65536)->size(), 3U);
  EXPECT_EQ(TokenBuffer::from_bytes(six, 65537).error().message, "expected token ids of 32 bits, got 6 bytes");
  EXPECT_EQ(TokenBuffer::from_bytes({}, 65537)->size(), 0U);
}

}  // namespace
}  // namespace cairn
