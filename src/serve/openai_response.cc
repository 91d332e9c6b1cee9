#include "serve/openai_response.h"

#include <algorithm>

#include "base/json.h"
#include "permit/clause.h"
#include "serve/utf8_stream.h"

namespace cairn::serve {
namespace {

std::string_view finish_name(infer::Finish finish) {
  return finish == infer::Finish::stop ? "stop" : "length";
}

Json head_json(const AnswerHead& head, bool chunk) {
  const std::string_view object = head.kind == Kind::completion ? "text_completion"
                                  : chunk                       ? "chat.completion.chunk"
                                                                : "chat.completion";
  return {{"id", head.id}, {"object", object}, {"created", head.created}, {"model", head.model}};
}

Json usage_json(const infer::Generation& generation) {
  const std::size_t made = generation.tokens.size();
  return {{"prompt_tokens", generation.prompt_tokens},
          {"completion_tokens", made},
          {"total_tokens", generation.prompt_tokens + made}};
}

Json standing_json(const Standing& standing) {
  Json json{{"name", standing.name}, {"asset", standing.asset.hex()}, {"on", standing.on}};
  if (!standing.on) {
    json["why"] = standing.why_off;
    json["verdict"] = permit::to_json(standing.verdict);
  }
  return json;
}

Json cairn_json(const AnswerHead& head, const Standings& standings) {
  Json modules = Json::array();
  for (const Standing& module : standings.modules) modules.push_back(standing_json(module));
  Json duties = Json::array();
  for (const permit::Duty& duty : standings.duties())
    duties.push_back({{"kind", permit::name_of(duty.kind)}, {"text", duty.text}, {"ground", duty.ground}});
  return {{"use", permit::to_json(standings.use)}, {"epoch", standings.epoch.value},
          {"base", standing_json(standings.base)}, {"modules", std::move(modules)},
          {"duties", std::move(duties)},           {"seed", head.seed}};
}

std::string token_text(const text::Tokenizer& tokenizer, TokenId token) {
  return to_utf8(tokenizer.bytes_of(token));
}

Json bytes_json(const text::Tokenizer& tokenizer, TokenId token) {
  Json out = Json::array();
  for (const char c : tokenizer.bytes_of(token)) out.push_back(static_cast<unsigned char>(c));
  return out;
}

Json chat_logprobs(const infer::Generation& generation, const text::Tokenizer& tokenizer) {
  const auto one = [&tokenizer](const infer::TokenLogprob& token) {
    return Json{{"token", token_text(tokenizer, token.token)},
                {"logprob", token.logprob},
                {"bytes", bytes_json(tokenizer, token.token)}};
  };
  Json content = Json::array();
  for (const infer::GeneratedToken& token : generation.tokens) {
    Json entry = one(token.chosen);
    entry["top_logprobs"] = Json::array();
    for (const infer::TokenLogprob& other : token.alternatives) entry["top_logprobs"].push_back(one(other));
    content.push_back(std::move(entry));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

Json completion_logprobs(const infer::Generation& generation, const text::Tokenizer& tokenizer, std::size_t offset) {
  Json tokens = Json::array(), values = Json::array(), top = Json::array(), offsets = Json::array();
  for (const infer::GeneratedToken& token : generation.tokens) {
    tokens.push_back(token_text(tokenizer, token.chosen.token));
    values.push_back(token.chosen.logprob);
    offsets.push_back(offset);
    if (!tokenizer.is_special(token.chosen.token)) offset += tokenizer.bytes_of(token.chosen.token).size();
    Json best = Json::object();
    for (const infer::TokenLogprob& other : token.alternatives)
      best[token_text(tokenizer, other.token)] = other.logprob;
    top.push_back(std::move(best));
  }
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(values)},
          {"top_logprobs", std::move(top)},
          {"text_offset", std::move(offsets)}};
}

std::string event(const Json& json) {
  return "data: " + canonical(json) + "\n\n";
}

// A choice of a stream: `piece` is new text, `finish` null until the last.
Json choice_json(const AnswerHead& head, Json piece, Json finish) {
  Json choice{{"index", 0}, {"logprobs", nullptr}, {"finish_reason", std::move(finish)}};
  if (head.kind == Kind::completion) {
    choice["text"] = piece.is_null() ? Json("") : std::move(piece);
  } else {
    choice["delta"] = Json::object();
    if (!piece.is_null()) choice["delta"]["content"] = std::move(piece);
  }
  return choice;
}

struct ErrorShape {
  int status;
  std::string_view type, code;
};
ErrorShape shape_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return {400, "invalid_request_error", "invalid"};
    case ErrorCode::malformed:
      return {400, "invalid_request_error", "malformed"};
    case ErrorCode::unsupported:
      return {400, "invalid_request_error", "unsupported"};
    case ErrorCode::denied:
      return {403, "permission_error", "denied"};
    case ErrorCode::unknown:
      return {403, "permission_error", "unknown"};
    case ErrorCode::not_found:
      return {404, "invalid_request_error", "not_found"};
    case ErrorCode::busy:
      return {503, "server_error", "busy"};
    case ErrorCode::stale:
      return {503, "server_error", "stale"};
    case ErrorCode::interrupted:
      return {503, "server_error", "stopping"};
    default:
      return {500, "server_error", "failed"};
  }
}

Json error_json(const Error& error, const ErrorShape& shape) {
  std::string message = error.message;
  if (!error.hint.empty()) message += " (" + error.hint + ")";
  Json out{{"message", std::move(message)}, {"type", shape.type}, {"code", shape.code}, {"param", nullptr}};
  const auto detail = error.detail.empty() ? Result<Json>(Json()) : parse_json(error.detail);
  if (detail && detail->is_object()) {
    if (detail->contains("param")) {
      out["param"] = (*detail)["param"];
    } else {
      out["cairn"] = *detail;
    }
  }
  return {{"error", std::move(out)}};
}

Json served_json(const ServedModel& model) {
  return {{"id", model.id},
          {"object", "model"},
          {"created", model.created},
          {"owned_by", "cairn"},
          {"cairn", {{"asset", model.asset.hex()}, {"kind", model.kind}, {"name", model.name}, {"note", model.note}}}};
}

}  // namespace

std::vector<permit::Duty> Standings::duties() const {
  std::vector<permit::Duty> all;
  const auto add = [&all](const Standing& standing) {
    if (standing.on) all.insert(all.end(), standing.verdict.duties.begin(), standing.verdict.duties.end());
  };
  add(base);
  for (const Standing& module : modules) add(module);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::string answer_body(const AnswerHead& head, const infer::Generation& generation, const GenerationRequest& request,
                        const text::Tokenizer& tokenizer, const Standings& standings) {
  Json json = head_json(head, false);
  Json choice{{"index", 0}, {"finish_reason", finish_name(generation.finish)}, {"logprobs", nullptr}};
  const std::string text = to_utf8(generation.text);
  if (head.kind == Kind::completion) {
    const std::string echo = request.echo ? request.prompt : std::string();
    choice["text"] = echo + text;
    if (request.logprobs) choice["logprobs"] = completion_logprobs(generation, tokenizer, echo.size());
  } else {
    choice["message"] = {{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
    if (request.logprobs) choice["logprobs"] = chat_logprobs(generation, tokenizer);
  }
  json["choices"] = Json::array({std::move(choice)});
  json["usage"] = usage_json(generation);
  json["cairn"] = cairn_json(head, standings);
  return canonical(json);
}

std::string first_event(const AnswerHead& head, const Standings& standings, std::string_view echo) {
  Json json = head_json(head, true);
  Json choice = choice_json(head, std::string(echo), nullptr);
  if (head.kind == Kind::chat) choice["delta"]["role"] = "assistant";
  json["choices"] = Json::array({std::move(choice)});
  json["cairn"] = cairn_json(head, standings);
  return event(json);
}

std::string piece_event(const AnswerHead& head, std::string_view piece) {
  Json json = head_json(head, true);
  json["choices"] = Json::array({choice_json(head, std::string(piece), nullptr)});
  return event(json);
}

std::string last_events(const AnswerHead& head, const infer::Generation& generation, bool with_usage) {
  Json json = head_json(head, true);
  json["choices"] = Json::array({choice_json(head, nullptr, finish_name(generation.finish))});
  std::string out = event(json);
  if (with_usage) {
    json["choices"] = Json::array();
    json["usage"] = usage_json(generation);
    out += event(json);
  }
  return out + "data: [DONE]\n\n";
}

std::string error_event(const Error& error) {
  return event(error_json(error, shape_of(error.code)));
}

std::string models_body(const std::vector<ServedModel>& models) {
  Json data = Json::array();
  for (const ServedModel& model : models) data.push_back(served_json(model));
  return canonical({{"object", "list"}, {"data", std::move(data)}});
}

std::string model_body(const ServedModel& model) {
  return canonical(served_json(model));
}

http::Response error_response(const Error& error) {
  const ErrorShape shape = shape_of(error.code);
  http::Response response = http::json(shape.status, canonical(error_json(error, shape)));
  if (shape.status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace cairn::serve
