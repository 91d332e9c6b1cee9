#include "serve/service.h"

#include <gtest/gtest.h>

#include <future>
#include <random>

#include "infer/session.h"
#include "serve/test_deployment.h"

namespace cairn::serve {
namespace {

const Json& choice(const Json& answer) {
  return answer["choices"][0];
}

TEST(Service, TheDeclaredPurposeSwitchesTheModule) {
  TestService site;
  const Json drafting = site.complete("base", kDraftReply);
  EXPECT_EQ(drafting["cairn"]["modules"][0]["on"], true);
  EXPECT_EQ(drafting["cairn"]["modules"][0]["asset"], site.site.module.hex());
  ASSERT_EQ(drafting["cairn"]["duties"].size(), 1u);
  EXPECT_EQ(drafting["cairn"]["duties"][0]["text"], "Say that the draft was made with Ada's mailbox.");
  EXPECT_EQ(choice(site.complete("base+mailbox", kDraftReply)), choice(drafting));

  const Json translating = site.complete("base", kTranslate);
  const Json& module = translating["cairn"]["modules"][0];
  EXPECT_EQ(module["on"], false);
  EXPECT_EQ(module["verdict"]["answer"], "denied");
  EXPECT_NE(module["why"].get<std::string>().find("Mailbox of Ada Example"), std::string::npos) << module["why"];
  EXPECT_TRUE(translating["cairn"]["duties"].empty());
  EXPECT_NE(choice(translating), choice(drafting));
  EXPECT_EQ(site.complete("base", nullptr)["cairn"]["modules"][0]["on"], false) << "no purpose is any purpose";
}

TEST(Service, WithTheModuleOffTheAnswerIsTheBasesToTheBit) {
  TestService site;
  const Json off = choice(site.complete("base", kTranslate));
  EXPECT_EQ(choice(site.complete("base+none", kDraftReply)), off);
  site.complete("base", kDraftReply);
  EXPECT_EQ(choice(site.complete("base", kTranslate)), off) << "after the module was on";

  // The same, without any of this: the model's file and the prompt.
  auto context = tensor::Context::make({.threads = 1}).value();
  auto session = infer::Session::open(context, model::decode(site.site.weights).value()).value();
  const text::Tokenizer tokenizer = tiny_tokenizer();
  std::vector<TokenId> prompt{tokenizer.end_of_text()};
  for (const TokenId token : tokenizer.encode("Dear Ada, ")) prompt.push_back(token);
  const auto alone =
      infer::generate(
          session, tokenizer, prompt,
          {.temperature = 0, .seed = 1, .max_tokens = 20, .stop_tokens = tokenizer.specials(), .logprobs = 3})
          .value();
  ASSERT_EQ(off["logprobs"]["token_logprobs"].size(), alone.tokens.size());
  for (std::size_t i = 0; i < alone.tokens.size(); ++i)
    EXPECT_EQ(off["logprobs"]["token_logprobs"][i].get<float>(), alone.tokens[i].chosen.logprob) << i;
}

TEST(Service, ARefusedModuleNamesClauseSourceAndPath) {
  TestService site;
  const http::Reply reply =
      site.post("/v1/completions", {{"model", "base+mailbox"}, {"prompt", "x"}, {"cairn", kTranslate}});
  EXPECT_EQ(reply.status, 403);
  const Json error = parse_json(reply.body).value()["error"];
  EXPECT_EQ(error["code"], "denied");
  EXPECT_EQ(error["type"], "permission_error");
  const Json& reason = error["cairn"]["reasons"][0];
  EXPECT_EQ(reason["declaration"], "Mailbox of Ada Example");
  EXPECT_NE(reason["clause"].get<std::string>().find("text.translation.machine"), std::string::npos) << reason;
  EXPECT_NE(reason["path"].dump().find("mailbox"), std::string::npos) << reason;
  EXPECT_NE(error["message"].get<std::string>().find("module \"mailbox\" is off"), std::string::npos)
      << error["message"];
  const http::Reply unspoken =
      site.post("/v1/completions",
                {{"model", "base+mailbox"},
                 {"prompt", "x"},
                 {"cairn", {{"task", "text.summarisation"}, {"purpose", "personal"}, {"audience", "members"}}}});
  EXPECT_EQ(unspoken.status, 403);
  EXPECT_EQ(parse_json(unspoken.body).value()["error"]["code"], "unknown");
}

TEST(Service, ABaseThatMayNotBeUsedIsRefused) {
  TestSite site;
  guard::Guard guard = site.open();
  DeploymentPlan plan = site.plan();
  plan.modules.clear();
  plan.base = TestSite::derive(
      guard, {site.corpus, site.mailbox}, drafting("adapt"),
      {.kind = "model", .name = "narrow", .step = "train", .blobs = {{.role = "weights", .bytes = {site.weights}}}});
  const Service service = start(guard, plan);
  auto client = http::Client::to(service.url()).value();
  const auto ask = [&](const Json& declared) {
    return client
        .post("/v1/completions", "application/json",
              canonical({{"model", "base"}, {"prompt", "x"}, {"cairn", declared}}))
        .value();
  };
  EXPECT_EQ(ask(kTranslate).status, 403);
  EXPECT_EQ(parse_json(ask(kTranslate).body).value()["error"]["cairn"]["answer"], "denied");
  EXPECT_EQ(ask(kDraftReply).status, 200);
}

TEST(Service, ARevocationElsewhereIsSeenAtTheNextRequest) {
  TestService site;
  const Json before = site.complete("base", kDraftReply);
  const Json alone = choice(site.complete("base+none", kDraftReply));
  EXPECT_EQ(before["cairn"]["modules"][0]["on"], true);
  guard::Guard other = site.site.open();
  ASSERT_TRUE(other.revoke(site.site.mailbox, "I want my letters back"));
  const Json after = site.complete("base", kDraftReply);
  EXPECT_EQ(after["cairn"]["modules"][0]["on"], false);
  EXPECT_NE(after["cairn"]["modules"][0].dump().find("I want my letters back"), std::string::npos) << after["cairn"];
  EXPECT_GT(after["cairn"]["epoch"], before["cairn"]["epoch"]);
  EXPECT_EQ(choice(after), alone);
  EXPECT_EQ(site.post("/v1/completions", {{"model", "base+mailbox"}, {"prompt", "x"}, {"cairn", kDraftReply}}).status,
            403);
}

std::string streamed_text(const std::string& body, Json& first) {
  std::string text;
  std::size_t at = 0;
  for (std::size_t end = body.find("\n\n"); end != std::string::npos; at = end + 2, end = body.find("\n\n", at)) {
    const std::string line = body.substr(at, end - at);
    EXPECT_TRUE(line.starts_with("data: ")) << line;
    if (line == "data: [DONE]") continue;
    const Json event = parse_json(line.substr(6)).value();
    if (at == 0) first = event;
    for (const Json& part : event["choices"])
      text += part.contains("text") ? part["text"].get<std::string>() : part["delta"].value("content", "");
  }
  return text;
}

TEST(Service, AStreamSaysTheSameAsAWholeAnswer) {
  TestService site;
  for (const std::string path : {"/v1/completions", "/v1/chat/completions"}) {
    Json body{{"model", "base"}, {"seed", 9}, {"max_tokens", 30}, {"cairn", kDraftReply}};
    if (path == "/v1/completions") {
      body["prompt"] = "Dear";
    } else {
      body["messages"] = {{{"role", "user"}, {"content", "Hello"}}};
    }
    const Json whole = parse_json(site.post(path, body).body).value();
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
    const http::Reply reply = site.post(path, body);
    EXPECT_EQ(*reply.header("Content-Type"), "text/event-stream; charset=utf-8");
    EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n")) << reply.body;
    Json first;
    const std::string text = streamed_text(reply.body, first);
    EXPECT_EQ(text, choice(whole).contains("text") ? choice(whole)["text"] : choice(whole)["message"]["content"]);
    EXPECT_EQ(first["cairn"]["modules"][0]["on"], true);
    EXPECT_NE(reply.body.find("\"usage\":"), std::string::npos);
    EXPECT_EQ(whole["object"], path == "/v1/completions" ? "text_completion" : "chat.completion");
  }
}

TEST(Service, TheSeedFixesTheAnswerAndIsTold) {
  TestService site;
  const Json first = parse_json(site.post("/v1/completions", {{"model", "base"}, {"prompt", "x"}}).body).value();
  const Json again =
      parse_json(
          site.post("/v1/completions", {{"model", "base"}, {"prompt", "x"}, {"seed", first["cairn"]["seed"]}}).body)
          .value();
  EXPECT_EQ(choice(first), choice(again));
  const Json stopped =
      site.complete("base+none", nullptr,
                    {{"stop", choice(site.complete("base+none", nullptr))["text"].get<std::string>().substr(3, 1)}});
  EXPECT_EQ(choice(stopped)["finish_reason"], "stop");
}

TEST(Service, ModelsAreListedAndUnknownOnesNotFound) {
  TestService site;
  const Json models = parse_json(site.get("/v1/models").body).value();
  ASSERT_EQ(models["data"].size(), 3u);
  EXPECT_EQ(models["data"][2]["id"], "base+mailbox");
  EXPECT_EQ(site.get("/v1/models/base%2Bmailbox").status, 200);
  for (const std::string name : {"gpt-4", "base+letters", "", "base+"}) {
    const http::Reply reply = site.post("/v1/completions", {{"model", name}, {"prompt", "x"}});
    EXPECT_EQ(reply.status, 404) << name;
    EXPECT_EQ(parse_json(reply.body).value()["error"]["param"], "model");
  }
  EXPECT_EQ(site.get("/v1/models/gpt-4").status, 404);
  EXPECT_EQ(parse_json(site.get("/v1/embeddings").body).value()["error"]["code"], "not_found");
  EXPECT_EQ(site.get("/v1/completions").status, 405);
}

TEST(Service, MalformedRequestsAreAnsweredAndHarmNobody) {
  TestService site;
  const std::string good = canonical({{"model", "base"}, {"prompt", "x"}, {"max_tokens", 1}, {"cairn", kDraftReply}});
  constexpr unsigned kSeed = 21;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 150; ++round) {
    std::string bad = good.substr(0, 1 + random() % good.size());
    bad[random() % bad.size()] = static_cast<char>(random());
    const auto reply =
        site.client.post(round % 2 == 0 ? "/v1/completions" : "/v1/chat/completions", "application/json", bad);
    ASSERT_TRUE(reply) << "seed " << kSeed << " round " << round;
    EXPECT_LT(reply->status, 500) << bad;
    if (reply->status >= 400) {
      EXPECT_TRUE(parse_json(reply->body).value()["error"].contains("message"));
    }
  }
  EXPECT_EQ(site.client.post("/v1/completions", "text/plain", good)->status, 400);
  EXPECT_EQ(site.client.post("/v1/completions", "application/json", std::string(2 << 20, ' '))->status, 413);
  EXPECT_EQ(site.client.post("/v1/completions", "application/json", good)->status, 200);
}

TEST(Service, AFullLineAndAStoppingServerSayTryAgain) {
  TestSite site;
  guard::Guard guard = site.open();
  Service service = start(guard, site.plan(), {.engine = {.most_waiting = 0}});
  auto client = http::Client::to(service.url()).value();
  const auto reply = client.post("/v1/completions", "application/json", R"({"model": "base"})").value();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(*reply.header("Retry-After"), "1");
  service.stop();
  EXPECT_EQ(client.get("/v1/models").error().code, ErrorCode::unreachable);
}

TEST(Service, PartsThatDoNotExistOrDoNotFitAreNamed) {
  TestSite site;
  guard::Guard guard = site.open();
  DeploymentPlan plan = site.plan();
  plan.modules[0].asset = AssetId{sha256("nothing")};
  EXPECT_EQ(Service::start(guard, plan, {}, test_env()).error().code, ErrorCode::not_found);
  plan = site.plan();
  plan.base = site.corpus;  // has no weights
  const Service service = start(guard, plan);
  auto client = http::Client::to(service.url()).value();
  EXPECT_EQ(client.post("/v1/completions", "application/json", R"({"model": "base"})")->status, 500);
}

}  // namespace
}  // namespace cairn::serve
