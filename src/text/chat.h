// A conversation as tokens: <|user|>text<|endofturn|><|assistant|>text<|endofturn|>, with the tokenizer's specials.
// The text of a turn is plain text: it cannot forge a turn. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace cairn::text {

enum class Role { system, user, assistant };

struct Turn {
  Role role = Role::user;
  std::string text;
};

// All turns closed; with `answer`, an assistant's turn opened at the end for the model to fill.
// unsupported: the tokenizer lacks a special that a conversation needs, by name.
Result<std::vector<TokenId>> chat_tokens(const Tokenizer& tokenizer, std::span<const Turn> turns, bool answer);

}  // namespace cairn::text
