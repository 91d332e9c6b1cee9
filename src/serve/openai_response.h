// Answers as OpenAI's clients expect them (docs/formats/http-api.md): bodies, events of a stream, errors.
// Pure translation; what a client gets beyond OpenAI's own members is under "cairn". Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"
#include "infer/session.h"
#include "serve/openai_request.h"
#include "serve/standing.h"
#include "text/tokenizer.h"

namespace cairn::serve {

// What all answers to one request share.
struct AnswerHead {
  Kind kind = Kind::completion;
  std::string id;  // "cmpl-..."
  std::string model;
  std::int64_t created = 0;  // seconds since 1970
  std::uint64_t seed = 0;    // that was used; with it the same request gives the same answer
};

// The body of a whole answer. `echo` is put before the text.
std::string answer_body(const AnswerHead& head, const infer::Generation& generation, const GenerationRequest& request,
                        const text::Tokenizer& tokenizer, const Standings& standings);

// Events of a stream, ready to send: "data: {...}\n\n".
std::string first_event(const AnswerHead& head, const Standings& standings, std::string_view echo);
std::string piece_event(const AnswerHead& head, std::string_view piece);
std::string last_events(const AnswerHead& head, const infer::Generation& generation, bool with_usage);  // and [DONE]
std::string error_event(const Error& error);

struct ServedModel {
  std::string id;  // as a request names it
  AssetId asset;
  std::string kind, name, note;
  std::int64_t created = 0;
};
std::string models_body(const std::vector<ServedModel>& models);
std::string model_body(const ServedModel& model);

// {"error": {"message", "type", "param", "code"}} under the status that fits the code: 400, 403, 404, 503 or 500. A
// refusal (denied or unknown) carries the verdict as error.cairn.
http::Response error_response(const Error& error);

}  // namespace cairn::serve
