#include "base/tokens.h"

namespace cairn {

ByteView Tokens::bytes() const {
  if (wide_) return {reinterpret_cast<const std::uint8_t*>(wide_), size_ * sizeof(TokenId)};
  return {reinterpret_cast<const std::uint8_t*>(narrow_), size_ * sizeof(std::uint16_t)};
}

TokenBuffer::TokenBuffer(std::uint64_t vocabulary) {
  if (token_bytes(vocabulary) == sizeof(TokenId)) ids_.emplace<std::vector<TokenId>>();
}

Result<TokenBuffer> TokenBuffer::from_bytes(ByteView stored, std::uint64_t vocabulary) {
  const std::size_t width = token_bytes(vocabulary);
  if (stored.size() % width != 0)
    return fail(ErrorCode::malformed, "expected token ids of {} bits, got {} bytes", 8 * width, stored.size());
  TokenBuffer out(vocabulary);
  std::visit(
      [stored, width](auto& ids) {
        ids.resize(stored.size() / width);
        if (!ids.empty()) std::memcpy(ids.data(), stored.data(), stored.size());
      },
      out.ids_);
  return out;
}

void TokenBuffer::reserve(std::size_t tokens) {
  std::visit([tokens](auto& ids) { ids.reserve(tokens); }, ids_);
}

void TokenBuffer::push_back(TokenId id) {
  std::visit(
      [id](auto& ids) { ids.push_back(static_cast<typename std::remove_reference_t<decltype(ids)>::value_type>(id)); },
      ids_);
}

void TokenBuffer::append(Tokens tokens) {
  std::visit(
      [tokens](auto& ids) {
        using Stored = typename std::remove_reference_t<decltype(ids)>::value_type;
        for (const TokenId id : tokens) ids.push_back(static_cast<Stored>(id));
      },
      ids_);
}

Tokens TokenBuffer::view() const {
  return std::visit([](const auto& ids) { return Tokens(ids); }, ids_);
}

}  // namespace cairn
