#include "serve/openai_request.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json.h"

namespace cairn::serve {
namespace {

constexpr std::uint32_t kDefaultCompletionTokens = 16;  // OpenAI's default for completions
constexpr std::uint32_t kDefaultChatTokens = 256;
constexpr std::uint32_t kMostTokens = 65536;
constexpr std::uint32_t kMostAlternatives = 20;
constexpr std::size_t kMostStops = 8;  // the engine adds its own
constexpr std::size_t kLongestStop = 1024;

// Members that change nothing about the answer.
constexpr std::array<std::string_view, 6> kIgnored{"user",         "metadata",          "store",
                                                   "service_tier", "safety_identifier", "prompt_cache_key"};

tl::unexpected<Error> wrong(ErrorCode code, std::string_view member, std::string message) {
  Json detail{{"param", member}};
  return fail(Error{code, fmt::format("\"{}\": {}", member, message), {}, canonical(detail)});
}

Error named(Error error, std::string_view member) {
  error.detail = canonical(Json{{"param", member}});
  return error;
}

// Takes members off an object one by one, so that what is left over at the end is what nobody knows.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {}

  // Null where the member is absent or null: OpenAI treats both alike.
  const Json* take(const char* name) {
    taken_.emplace_back(name);
    const auto it = object_.find(name);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  Result<std::optional<bool>> flag(const char* name) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    auto got = get_bool(object_, name);
    if (!got) return fail(named(std::move(got).error(), name));
    return *got;
  }
  Result<std::optional<double>> number(const char* name, double least, double most) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    auto got = get_number(object_, name);
    if (!got) return fail(named(std::move(got).error(), name));
    if (!(*got >= least && *got <= most))
      return wrong(ErrorCode::invalid, name, fmt::format("expected {} to {}, got {}", least, most, *got));
    return *got;
  }
  Result<std::optional<std::int64_t>> whole(const char* name, std::int64_t least, std::int64_t most) {
    const Json* value = take(name);
    if (value == nullptr) return std::nullopt;
    auto got = get_int(object_, name);
    if (!got) return fail(named(std::move(got).error(), name));
    if (*got < least || *got > most)
      return wrong(ErrorCode::invalid, name, fmt::format("expected {} to {}, got {}", least, most, *got));
    return *got;
  }
  // Options that may be given, but only as what this server does anyway.
  Status only(const char* name, const Json& value, std::string_view why) {
    const Json* given = take(name);
    if (given == nullptr || *given == value) return {};
    return wrong(ErrorCode::invalid, name, fmt::format("only {} is supported: {}", value.dump(), why));
  }
  Status absent(const char* name, std::string_view why) {
    const Json* given = take(name);
    if (given == nullptr || (given->is_structured() && given->empty())) return {};
    return wrong(ErrorCode::invalid, name, fmt::format("not supported: {}", why));
  }
  Status nothing_left() const {
    for (const auto& [name, value] : object_.items()) {
      const bool known = std::find(taken_.begin(), taken_.end(), name) != taken_.end() ||
                         std::find(kIgnored.begin(), kIgnored.end(), name) != kIgnored.end();
      if (!known)
        return wrong(ErrorCode::invalid, name.substr(0, 64),
                     "unknown member; docs/formats/http-api.md lists those that are known");
    }
    return {};
  }

 private:
  const Json& object_;
  std::vector<std::string> taken_;
};

Status read_stops(Members& members, std::vector<std::string>& stops) {
  const Json* value = members.take("stop");
  if (value == nullptr) return {};
  const Json list = value->is_array() ? *value : Json::array({*value});
  if (list.size() > kMostStops)
    return wrong(ErrorCode::invalid, "stop",
                 fmt::format("expected at most {} strings, got {}", kMostStops, list.size()));
  for (const Json& stop : list) {
    if (!stop.is_string())
      return wrong(ErrorCode::malformed, "stop",
                   fmt::format("expected a string or a list of strings, got {}", stop.type_name()));
    if (stop.get_ref<const std::string&>().empty())
      return wrong(ErrorCode::invalid, "stop", "an empty string stops nothing");
    if (stop.get_ref<const std::string&>().size() > kLongestStop)
      return wrong(ErrorCode::invalid, "stop", fmt::format("expected strings of at most {} bytes", kLongestStop));
    stops.push_back(stop.get<std::string>());
  }
  return {};
}

Status read_sampling(Members& members, GenerationRequest& out) {
  infer::SamplingSettings& sampling = out.sampling;
  sampling.max_tokens = out.kind == Kind::chat ? kDefaultChatTokens : kDefaultCompletionTokens;
  CAIRN_ASSIGN(const auto most, members.whole("max_tokens", 1, kMostTokens));
  CAIRN_ASSIGN(const auto most_of_chat, members.whole("max_completion_tokens", 1, kMostTokens));
  if (most && most_of_chat && *most != *most_of_chat)
    return wrong(ErrorCode::invalid, "max_tokens", "differs from \"max_completion_tokens\"");
  if (const auto limit = most ? most : most_of_chat) sampling.max_tokens = static_cast<std::uint32_t>(*limit);
  CAIRN_ASSIGN(const auto temperature, members.number("temperature", 0, 2));
  // Below what the sampler can tell from 0.
  if (temperature) sampling.temperature = *temperature < 0.01 ? 0.0F : static_cast<float>(*temperature);
  CAIRN_ASSIGN(const auto top_p, members.number("top_p", 0, 1));
  if (top_p && *top_p <= 0) return wrong(ErrorCode::invalid, "top_p", "expected more than 0");
  if (top_p) sampling.top_p = std::max(static_cast<float>(*top_p), 1e-6F);
  CAIRN_ASSIGN(const auto min_p, members.number("min_p", 0, 1));
  if (min_p) sampling.min_p = static_cast<float>(*min_p);
  CAIRN_ASSIGN(const auto top_k, members.whole("top_k", 0, kMostTokens));
  if (top_k) sampling.top_k = static_cast<std::uint32_t>(*top_k);
  CAIRN_ASSIGN(const auto seed, members.whole("seed", INT64_MIN, INT64_MAX));
  if (seed) out.seed = static_cast<std::uint64_t>(*seed);
  return read_stops(members, sampling.stop);
}

Status read_logprobs(Members& members, GenerationRequest& out) {
  if (out.kind == Kind::completion) {
    CAIRN_ASSIGN(const auto count, members.whole("logprobs", 0, kMostAlternatives));
    if (count) out.logprobs = static_cast<std::uint32_t>(*count);
  } else {
    CAIRN_ASSIGN(const auto wanted, members.flag("logprobs"));
    CAIRN_ASSIGN(const auto count, members.whole("top_logprobs", 0, kMostAlternatives));
    if (count && !wanted.value_or(false)) return wrong(ErrorCode::invalid, "top_logprobs", "needs \"logprobs\": true");
    if (wanted.value_or(false)) out.logprobs = static_cast<std::uint32_t>(count.value_or(0));
  }
  if (out.logprobs && out.stream)
    return wrong(ErrorCode::invalid, "logprobs", "not supported together with \"stream\"");
  out.sampling.logprobs = out.logprobs.value_or(0);
  return {};
}

Status refuse_what_is_not_here(Members& members) {
  CAIRN_TRY(members.only("n", 1, "ask again for another answer, with another seed"));
  CAIRN_TRY(members.only("best_of", 1, "one answer is made"));
  CAIRN_TRY(members.only("presence_penalty", 0, "there are no penalties"));
  CAIRN_TRY(members.only("frequency_penalty", 0, "there are no penalties"));
  CAIRN_TRY(members.only("response_format", Json{{"type", "text"}}, "the output is free text"));
  CAIRN_TRY(members.absent("logit_bias", "there are no biases"));
  CAIRN_TRY(members.absent("tools", "the model calls none"));
  CAIRN_TRY(members.absent("functions", "the model calls none"));
  CAIRN_TRY(members.absent("suffix", "text is only ever continued"));
  return {};
}

Result<std::string> read_prompt(Members& members) {
  const Json* prompt = members.take("prompt");
  if (prompt == nullptr) return std::string();
  if (prompt->is_array() && prompt->size() == 1) prompt = &prompt->front();
  if (!prompt->is_string())
    return wrong(ErrorCode::malformed, "prompt", fmt::format("expected one string, got {}", prompt->type_name()));
  return prompt->get<std::string>();
}

// A message's content: a string, or a list of parts of which all are text.
Result<std::string> read_content(const Json& message) {
  const auto it = message.find("content");
  if (it == message.end()) return wrong(ErrorCode::malformed, "messages", "a message without \"content\"");
  if (it->is_string()) return it->get<std::string>();
  if (!it->is_array())
    return wrong(ErrorCode::malformed, "messages",
                 fmt::format("\"content\": expected a string, got {}", it->type_name()));
  std::string text;
  for (const Json& part : *it) {
    auto type = get_string(part, "type");
    if (!type) return fail(named(std::move(type).error(), "messages"));
    if (*type != "text") return wrong(ErrorCode::invalid, "messages", "only parts of type \"text\" are understood");
    auto piece = get_string(part, "text");
    if (!piece) return fail(named(std::move(piece).error(), "messages"));
    text += *piece;
  }
  return text;
}

Result<std::vector<ChatMessage>> read_messages(Members& members) {
  const Json* list = members.take("messages");
  if (list == nullptr || !list->is_array())
    return wrong(ErrorCode::malformed, "messages", "expected a list of messages");
  if (list->empty() || list->size() > kMostMessages)
    return wrong(ErrorCode::invalid, "messages",
                 fmt::format("expected 1 to {} messages, got {}", kMostMessages, list->size()));
  std::vector<ChatMessage> out;
  for (const Json& message : *list) {
    auto role = get_string(message, "role");
    if (!role) return fail(named(std::move(role).error(), "messages"));
    if (*role == "developer") *role = "system";
    if (*role != "system" && *role != "user" && *role != "assistant")
      return wrong(ErrorCode::invalid, "messages", "\"role\": expected \"system\", \"user\" or \"assistant\"");
    CAIRN_ASSIGN(std::string content, read_content(message));
    out.push_back({std::move(*role), std::move(content)});
  }
  return out;
}

struct DeclaredTerm {
  const char* member;
  const char* header;
  std::string permit::Use::*field;
};
constexpr std::array kDeclaredTerms{DeclaredTerm{"task", "Cairn-Task", &permit::Use::task},
                                    DeclaredTerm{"purpose", "Cairn-Purpose", &permit::Use::purpose},
                                    DeclaredTerm{"audience", "Cairn-Audience", &permit::Use::audience}};

Result<permit::Use> read_use(Members& members, const http::Headers& headers) {
  const Json none = Json::object();
  const Json* declared = members.take("cairn");
  if (declared == nullptr) declared = &none;
  if (!declared->is_object())
    return wrong(ErrorCode::malformed, "cairn", fmt::format("expected an object, got {}", declared->type_name()));
  permit::Use use;
  Members inner(*declared);
  for (const DeclaredTerm& term : kDeclaredTerms) {
    const Json* in_body = inner.take(term.member);
    const std::string* in_header = http::find_header(headers, term.header);
    if (in_body != nullptr && !in_body->is_string())
      return wrong(ErrorCode::malformed, "cairn",
                   fmt::format("\"{}\": expected a string, got {}", term.member, in_body->type_name()));
    if (in_body != nullptr && in_header != nullptr && in_body->get_ref<const std::string&>() != *in_header)
      return wrong(ErrorCode::invalid, "cairn",
                   fmt::format("\"{}\" differs from the header {}: say it once", term.member, term.header));
    if (in_body != nullptr) {
      use.*term.field = in_body->get<std::string>();
    } else if (in_header != nullptr) {
      use.*term.field = *in_header;
    }
  }
  if (auto left = inner.nothing_left(); !left) return wrong(ErrorCode::invalid, "cairn", left.error().message);
  return use;
}

Status read_stream(Members& members, GenerationRequest& out) {
  CAIRN_ASSIGN(const auto stream, members.flag("stream"));
  out.stream = stream.value_or(false);
  const Json* options = members.take("stream_options");
  if (options == nullptr) return {};
  if (!options->is_object() || !out.stream)
    return wrong(ErrorCode::invalid, "stream_options", "expected an object, together with \"stream\": true");
  Members inner(*options);
  CAIRN_ASSIGN(const auto usage, inner.flag("include_usage"));
  CAIRN_ASSIGN(const auto obfuscation, inner.flag("include_obfuscation"));
  if (obfuscation.value_or(false)) return wrong(ErrorCode::invalid, "stream_options", "there is no obfuscation");
  out.usage_in_stream = usage.value_or(false);
  return inner.nothing_left();
}

}  // namespace

Result<GenerationRequest> parse_generation_request(Kind kind, std::string_view body, const http::Headers& headers) {
  if (body.size() > kMostRequestBytes)
    return fail(ErrorCode::invalid, "the request has {} bytes; at most {} are taken", body.size(), kMostRequestBytes);
  CAIRN_ASSIGN(const Json json, parse_json(body));
  if (!json.is_object()) return fail(ErrorCode::malformed, "expected a JSON object, got {}", json.type_name());
  Members members(json);
  GenerationRequest out;
  out.kind = kind;
  members.take("model");
  auto model = get_string(json, "model");
  if (!model) return fail(named(std::move(model).error(), "model"));
  out.model = std::move(*model);
  CAIRN_TRY(read_stream(members, out));
  CAIRN_TRY(read_sampling(members, out));
  CAIRN_TRY(read_logprobs(members, out));
  if (kind == Kind::chat) {
    CAIRN_ASSIGN(out.messages, read_messages(members));
  } else {
    CAIRN_ASSIGN(out.prompt, read_prompt(members));
    CAIRN_ASSIGN(const auto echo, members.flag("echo"));
    out.echo = echo.value_or(false);
  }
  CAIRN_TRY(refuse_what_is_not_here(members));
  CAIRN_ASSIGN(out.use, read_use(members, headers));
  CAIRN_TRY(members.nothing_left());
  return out;
}

}  // namespace cairn::serve
