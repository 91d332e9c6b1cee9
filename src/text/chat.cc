#include "text/chat.h"

namespace cairn::text {
namespace {

std::string_view special_of(Role role) {
  switch (role) {
    case Role::system:
      return kSystem;
    case Role::user:
      return kUser;
    case Role::assistant:
      return kAssistant;
  }
  return kUser;
}

Status append_special(const Tokenizer& tokenizer, std::string_view name, std::vector<TokenId>& out) {
  const auto id = tokenizer.special(name);
  if (!id) return fail(ErrorCode::unsupported, "the tokenizer has no {}: it was not made for conversations", name);
  out.push_back(*id);
  return {};
}

}  // namespace

Result<std::vector<TokenId>> chat_tokens(const Tokenizer& tokenizer, std::span<const Turn> turns, bool answer) {
  std::vector<TokenId> out;
  Encoder encoder(tokenizer);
  for (const Turn& turn : turns) {
    CAIRN_TRY(append_special(tokenizer, special_of(turn.role), out));
    encoder.encode(turn.text, out, false);
    CAIRN_TRY(append_special(tokenizer, kEndOfTurn, out));
  }
  if (answer) CAIRN_TRY(append_special(tokenizer, kAssistant, out));
  return out;
}

}  // namespace cairn::text
