// Requests as OpenAI's clients send them (docs/formats/http-api.md), turned into native values at once.
// Pure translation of hostile text: no model, no permit is looked at here. What this server does not do is refused by
// name, never ignored, but for fields that change nothing about the answer. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"
#include "infer/session.h"
#include "permit/use.h"

namespace cairn::serve {

inline constexpr std::size_t kMostRequestBytes = 1 << 20;
inline constexpr std::size_t kMostMessages = 1000;

enum class Kind { completion, chat };

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

struct GenerationRequest {
  Kind kind = Kind::completion;
  std::string model;
  std::string prompt;                     // of a completion
  std::vector<ChatMessage> messages;      // of a chat; at least one
  infer::SamplingSettings sampling;       // seed and stop tokens are for the server to fill in
  std::optional<std::uint64_t> seed;      // absent: any
  std::optional<std::uint32_t> logprobs;  // alternatives to report with each token; absent: none, nor the token's own
  bool stream = false;
  bool usage_in_stream = false;
  bool echo = false;  // completions: the prompt before the text
  permit::Use use;    // task, purpose and audience as the request declares them; empty: any
};

// malformed: not JSON, a member missing or of the wrong type. invalid: a value out of range, or an option that this
// server does not have. The message begins with the member's name; Error::detail is {"param": NAME}.
// Purpose: {"cairn": {"task", "purpose", "audience"}} in the body, else the headers Cairn-Task, Cairn-Purpose and
// Cairn-Audience; both, saying different things: invalid.
Result<GenerationRequest> parse_generation_request(Kind kind, std::string_view body, const http::Headers& headers);

}  // namespace cairn::serve
