#include "text/pieces.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "base/utf8.h"

namespace cairn::text {
namespace {

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = std::min(text.find(from, at), text.size());
    out += text.substr(at, found - at);
    if (found < text.size()) out += to;
    at = found + from.size();
  }
  return out;
}

using Ids = std::unordered_map<std::string_view, TokenId>;
Ids ordinary_ids(std::span<const std::string> tokens, std::span<const TokenKind> kinds) {
  Ids ids;
  for (std::size_t id = 0; id < tokens.size(); ++id)
    if (kinds[id] == TokenKind::ordinary && !tokens[id].empty()) ids.emplace(tokens[id], static_cast<TokenId>(id));
  return ids;
}

// Appends the pairs that together are this token, the longest left part first. Whether there are any.
bool append_pairs(std::string_view token, const Ids& ids, std::vector<Merge>& out) {
  const std::size_t before = out.size();
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < token.size(); at += first_code_point(token.substr(at)).length) cuts.push_back(at);
  for (std::size_t i = cuts.size(); i-- > 1;) {
    const auto left = ids.find(token.substr(0, cuts[i])), right = ids.find(token.substr(cuts[i]));
    if (left != ids.end() && right != ids.end()) out.push_back({left->second, right->second});
  }
  return out.size() > before;
}

}  // namespace

std::string piece_of(std::string_view bytes) {
  return replaced(bytes, " ", kPieceSpace);
}
std::string text_of_piece(std::string_view piece) {
  return replaced(piece, kPieceSpace, " ");
}

std::string byte_piece(char byte) {
  return fmt::format("<0x{:02X}>", static_cast<std::uint8_t>(byte));
}
std::optional<char> byte_of_piece(std::string_view piece) {
  unsigned byte = 0;
  if (piece.size() != 6) return std::nullopt;
  std::from_chars(piece.data() + 3, piece.data() + 5, byte, 16);
  const std::string written = byte_piece(static_cast<char>(byte));
  return piece == written ? std::optional(static_cast<char>(byte)) : std::nullopt;
}

Result<std::vector<Merge>> merges_of_scores(std::span<const std::string> tokens, std::span<const TokenKind> kinds,
                                            std::span<const float> scores) {
  if (scores.size() != tokens.size())
    return fail(ErrorCode::malformed, "{} tokens and {} scores", tokens.size(), scores.size());
  if (!std::ranges::all_of(scores, [](float score) { return std::isfinite(score); }))
    return fail(ErrorCode::malformed, "a token's score is no number");
  if (tokens.size() > kLargestVocabulary)
    return fail(ErrorCode::unsupported, "{} tokens: at most {} are supported", tokens.size(), kLargestVocabulary);
  for (std::size_t id = 0; id < tokens.size(); ++id)
    if (kinds[id] == TokenKind::ordinary && tokens[id].size() > kLongestPiece)
      return fail(ErrorCode::unsupported, "token {} has {} bytes: at most {}", id, tokens[id].size(), kLongestPiece);
  std::vector<TokenId> order(tokens.size());
  std::iota(order.begin(), order.end(), TokenId{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](TokenId id) { return scores[id]; });
  const Ids ids = ordinary_ids(tokens, kinds);
  std::vector<Merge> merges;
  const TokenId* last = nullptr;  // that merges make
  std::size_t bytes = 0;
  for (const TokenId& id : order) {
    const std::size_t before = merges.size();
    if (kinds[id] != TokenKind::ordinary || !append_pairs(tokens[id], ids, merges)) continue;
    if (last && scores[*last] == scores[id])
      return fail(ErrorCode::unsupported, "tokens {} and {} are made of others and have the same score, {}", *last, id,
                  scores[id]);
    last = &id;
    bytes += (merges.size() - before) * tokens[id].size();
    if (merges.size() > kMostMerges || bytes > kMostBytesOfMerges)
      return fail(ErrorCode::unsupported, "more than {} merges, or {} bytes of them", kMostMerges, kMostBytesOfMerges);
  }
  return merges;
}

Result<std::vector<float>> scores_of(const Tokenizer& tokenizer) {
  std::vector<std::string> tokens;
  std::vector<TokenKind> kinds;
  for (TokenId id = 0; id < tokenizer.vocabulary(); ++id) {
    tokens.emplace_back(tokenizer.bytes_of(id));
    kinds.push_back(tokenizer.kind(id));
  }
  // Tokens by their first merge: the earlier, the higher the score.
  const Ids ids = ordinary_ids(tokens, kinds);
  const auto made = [&](const Merge& merge) { return ids.at(tokens[merge.left] + tokens[merge.right]); };
  std::vector<float> scores(tokens.size(), -static_cast<float>(kMostMerges));
  float next = -1;
  for (const Merge& merge : tokenizer.merges())
    if (float& score = scores[made(merge)]; score == -static_cast<float>(kMostMerges)) score = next--;
  CAIRN_ASSIGN(const std::vector<Merge> implied, merges_of_scores(tokens, kinds, scores));
  // The same pairs of the same tokens in the same order of tokens.
  const auto in_order = [&](const std::vector<Merge>& merges) {
    std::vector<std::tuple<float, TokenId, TokenId>> out;
    for (const Merge& merge : merges) out.emplace_back(-scores[made(merge)], merge.left, merge.right);
    const bool grouped = std::ranges::is_sorted(out, {}, [](const auto& item) { return std::get<0>(item); });
    std::ranges::sort(out);
    return std::pair(grouped, out);
  };
  if (in_order(tokenizer.merges()) != in_order(implied))
    return fail(ErrorCode::unsupported, "the tokenizer's merges are not those that scores imply");
  return scores;
}

}  // namespace cairn::text
