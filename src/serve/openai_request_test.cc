#include "serve/openai_request.h"

#include <gtest/gtest.h>

#include <random>

#include "base/json.h"
#include "serve/openai_response.h"

namespace cairn::serve {
namespace {

Result<GenerationRequest> completion(std::string_view body, const http::Headers& headers = {}) {
  return parse_generation_request(Kind::completion, body, headers);
}
Result<GenerationRequest> chat(std::string_view body) {
  return parse_generation_request(Kind::chat, body, {});
}

TEST(OpenAiRequest, ReadsACompletionWithEverything) {
  const auto request = completion(
      R"({"model": "base+mailbox", "prompt": "Dear", "max_tokens": 7, "temperature": 0, "top_p": 0.5, "min_p": 0.05, "top_k": 9,
    "seed": -1, "stop": ["\n", "END"], "logprobs": 2, "echo": true, "n": 1, "user": "u", "logit_bias": {}, "presence_penalty": 0.0,
    "cairn": {"task": "text.draft-reply", "purpose": "personal", "audience": "members"}})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->model, "base+mailbox");
  EXPECT_EQ(request->prompt, "Dear");
  EXPECT_EQ(request->sampling.max_tokens, 7u);
  EXPECT_EQ(request->sampling.temperature, 0);
  EXPECT_EQ(request->sampling.top_p, 0.5F);
  EXPECT_EQ(request->sampling.min_p, 0.05F);
  EXPECT_EQ(request->sampling.top_k, 9u);
  EXPECT_EQ(request->seed, ~std::uint64_t{0});
  EXPECT_EQ(request->sampling.stop, (std::vector<std::string>{"\n", "END"}));
  EXPECT_EQ(request->logprobs, 2u);
  EXPECT_TRUE(request->echo);
  EXPECT_FALSE(request->stream);
  EXPECT_EQ(request->use, (permit::Use{.task = "text.draft-reply", .purpose = "personal", .audience = "members"}));
}

TEST(OpenAiRequest, DefaultsAreOpenAis) {
  const auto request = completion(R"({"model": "m", "prompt": ["one"], "stop": null, "stream": null})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->prompt, "one");
  EXPECT_EQ(request->sampling.max_tokens, 16u);
  EXPECT_EQ(request->sampling.temperature, 1);
  EXPECT_EQ(request->sampling.top_p, 1);
  EXPECT_EQ(request->sampling.min_p, 0);
  EXPECT_FALSE(request->seed);
  EXPECT_FALSE(request->logprobs);
  EXPECT_EQ(request->use, permit::Use{});
}

TEST(OpenAiRequest, ReadsAChat) {
  const auto request =
      chat(R"({"model": "base", "stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 5,
    "messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]},
                 {"role": "assistant", "content": "Yes?"}], "response_format": {"type": "text"}, "tools": []})");
  ASSERT_TRUE(request) << request.error().message;
  ASSERT_EQ(request->messages.size(), 3u);
  EXPECT_EQ(request->messages[0].role, "system");
  EXPECT_EQ(request->messages[1].content, "Hello");
  EXPECT_TRUE(request->stream);
  EXPECT_TRUE(request->usage_in_stream);
  EXPECT_EQ(request->sampling.max_tokens, 5u);
}

TEST(OpenAiRequest, PurposeMayComeInHeadersButOnlyOnce) {
  const http::Headers headers{{"cairn-task", "text.translation"}, {"Cairn-Audience", "members"}};
  EXPECT_EQ(completion(R"({"model": "m"})", headers)->use,
            (permit::Use{.task = "text.translation", .audience = "members"}));
  EXPECT_EQ(completion(R"({"model": "m", "cairn": {"purpose": "personal", "task": "text.translation"}})", headers)->use,
            (permit::Use{.task = "text.translation", .purpose = "personal", .audience = "members"}));
  const auto twice = completion(R"({"model": "m", "cairn": {"task": "text.summarisation"}})", headers);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "\"cairn\": \"task\" differs from the header Cairn-Task: say it once");
}

struct Bad {
  std::string_view members, message;
};

TEST(OpenAiRequest, WhatIsNotDoneHereIsRefusedByName) {
  const Bad cases[] = {
      {R"("n": 2)", "\"n\": only 1 is supported: ask again for another answer, with another seed"},
      {R"("temperature": 3)", "\"temperature\": expected 0 to 2, got 3"},
      {R"("temperature": "hot")", "\"temperature\": expected a number, got string"},
      {R"("top_p": 0)", "\"top_p\": expected more than 0"},
      {R"("min_p": 1.5)", "\"min_p\": expected 0 to 1, got 1.5"},
      {R"("max_tokens": 0)", "\"max_tokens\": expected 1 to 65536, got 0"},
      {R"("max_tokens": 1.5)", "\"max_tokens\": expected a whole number, got number"},
      {R"("max_tokens": 1, "max_completion_tokens": 2)", "\"max_tokens\": differs from \"max_completion_tokens\""},
      {R"("stop": ["a", ""])", "\"stop\": an empty string stops nothing"},
      {R"("stop": [1])", "\"stop\": expected a string or a list of strings, got number"},
      {R"("stop": ["a","b","c","d","e","f","g","h","i"])", "\"stop\": expected at most 8 strings, got 9"},
      {R"("logprobs": 3, "stream": true)", "\"logprobs\": not supported together with \"stream\""},
      {R"("stream_options": {})", "\"stream_options\": expected an object, together with \"stream\": true"},
      {R"("logit_bias": {"1": 5})", "\"logit_bias\": not supported: there are no biases"},
      {R"("prompt": ["a", "b"])", "\"prompt\": expected one string, got array"},
      {R"("prompt": [1, 2])", "\"prompt\": expected one string, got array"},
      {R"("best": 1)", "\"best\": unknown member; docs/formats/http-api.md lists those that are known"},
      {R"("cairn": "x")", "\"cairn\": expected an object, got string"},
      {R"("cairn": {"task": 1})", "\"cairn\": \"task\": expected a string, got number"},
      {R"("cairn": {"place": "x"})",
       "\"cairn\": \"place\": unknown member; docs/formats/http-api.md lists those that are known"},
  };
  for (const Bad& bad : cases) {
    const auto request = completion(fmt::format(R"({{"model": "m", {}}})", bad.members));
    ASSERT_FALSE(request) << bad.members;
    EXPECT_EQ(request.error().message, bad.message);
    EXPECT_TRUE(parse_json(request.error().detail)->contains("param"));
  }
  EXPECT_EQ(completion("[]").error().message, "expected a JSON object, got array");
  EXPECT_EQ(completion("{").error().code, ErrorCode::malformed);
  EXPECT_EQ(completion(R"({"prompt": "x"})").error().message, "\"model\" is missing (expected a string)");
  EXPECT_EQ(chat(R"({"model": "m"})").error().message, "\"messages\": expected a list of messages");
  EXPECT_EQ(chat(R"({"model": "m", "messages": []})").error().message,
            "\"messages\": expected 1 to 1000 messages, got 0");
  EXPECT_EQ(chat(R"({"model": "m", "messages": [{"role": "tool", "content": ""}]})").error().message,
            "\"messages\": \"role\": expected \"system\", \"user\" or \"assistant\"");
  EXPECT_EQ(chat(R"({"model": "m", "messages": [{"role": "user"}]})").error().message,
            "\"messages\": a message without \"content\"");
  EXPECT_EQ(
      chat(R"({"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]})").error().message,
      "\"messages\": only parts of type \"text\" are understood");
  EXPECT_EQ(completion(std::string(kMostRequestBytes + 1, ' ')).error().code, ErrorCode::invalid);
}

TEST(OpenAiRequest, HostileBytesNeverThrow) {
  const std::string good =
      R"({"model": "base", "prompt": "x", "stop": ["a"], "cairn": {"task": "t"}, "seed": 1, "temperature": 0.5})";
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(completion(std::string_view(good).substr(0, n))) << n;
  constexpr unsigned kSeed = 5;
  std::mt19937 random(kSeed);
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string bad = good;
    for (auto n = 1 + random() % 3; n > 0; --n) bad[random() % bad.size()] = static_cast<char>(random());
    accepted += completion(bad).has_value() ? 1 : 0;
    (void)chat(bad);
  }
  EXPECT_LT(accepted, 5000) << "seed " << kSeed;
  EXPECT_FALSE(completion(std::string(100'000, '[')));
}

// A model without tokens for turns, asked to chat: the request is at fault, not the server.
TEST(OpenAiResponse, WhatAModelCannotDoIsNotTheServersFault) {
  const http::Response response = error_response({ErrorCode::unsupported, "no turns", {}, {}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(parse_json(response.body).value()["error"]["code"], "unsupported");
}

}  // namespace
}  // namespace cairn::serve
