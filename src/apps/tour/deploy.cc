#include <thread>

#include "apps/process.h"
#include "apps/tour/server.h"
#include "apps/tour/tour.h"
#include "serve/deployment.h"

namespace cairn::apps {
namespace {

Result<AssetId> make_deployment(Tour& tour) {
  const serve::DeploymentPlan plan{.name = "tour",
                                   .base = *tour.model,
                                   .tokenizer = tour.tokens->tokenizer,
                                   .modules = {{"mailbox", *tour.module}},
                                   .spec = tour.spec};
  return serve::commit_deployment(tour.guard, plan, draft_reply("deploy"));
}

constexpr const char* kMessage = "Could we move our meeting to Thursday?";

Json chat(const char* model, const permit::Use& use) {
  return {{"model", model},   {"messages", Json::array({{{"role", "user"}, {"content", kMessage}}})},
          {"max_tokens", 24}, {"temperature", 0},
          {"logprobs", true}, {"cairn", {{"task", use.task}, {"purpose", use.purpose}, {"audience", use.audience}}}};
}

// Which modules answered and which did not: "module mailbox: off (denied)".
std::string modules_of(const Json& answer) {
  std::string out;
  for (const Json& module : answer.value("cairn", Json::object()).value("modules", Json::array())) {
    const bool on = module.value("on", false);
    out += fmt::format("{}module {}: {}", out.empty() ? "" : ", ", module.value("name", ""), on ? "on" : "off");
    if (!on) out += fmt::format(" ({})", module.value("verdict", Json::object()).value("answer", "not asked for"));
  }
  return out;
}

}  // namespace

Result<TourServer> TourServer::start(Tour& tour) {
  const auto log = tour.options.site / "serve.log";
  CAIRN_ASSIGN(Process process,
               Process::start({.arguments = {"--site", tour.options.site.string(), "--json", "serve", "--deployment",
                                             tour.deployment->hex(), "--port", std::to_string(tour.options.port)},
                               .environment = {},
                               .output = log}));
  EventFile lines(log);
  for (;;) {
    for (const Json& line : lines.fresh())
      if (line.contains("url")) return TourServer(std::move(process), line["url"].get<std::string>());
    if (const auto code = process.poll())
      return fail(ErrorCode::failed, "cairn serve ended with code {}: see {}", *code, log.string());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Result<Json> TourServer::ask(const char* model, const permit::Use& use, int expected) {
  CAIRN_ASSIGN(http::Client client, http::Client::to(url_));
  CAIRN_ASSIGN(const http::Reply reply,
               client.post("/v1/chat/completions", "application/json", canonical(chat(model, use))));
  if (reply.status != expected)
    return fail(ErrorCode::failed, "the server answered {} where {} was due: {}", reply.status, expected, reply.body);
  return parse_json(reply.body);
}

Result<http::Reply> TourServer::get(const std::string& target) {
  CAIRN_ASSIGN(http::Client client, http::Client::to(url_));
  return client.get(target);
}

Status deploy(Tour& tour) {
  CAIRN_ASSIGN(tour.deployment, make_deployment(tour));
  CAIRN_ASSIGN(TourServer server, TourServer::start(tour));
  tour.say("An OpenAI-compatible endpoint at {}/v1.", server.url());

  CAIRN_ASSIGN(const Json drafted, server.ask("base", draft_reply("use"), 200));
  tour.say("\"{}\" to draft a reply ({}):", kMessage, modules_of(drafted));
  tour.say("  \"{}\"", drafted["choices"][0]["message"]["content"].get<std::string>());
  CAIRN_ASSIGN(const Json translated, server.ask("base", translate("use"), 200));
  tour.say("The same to translate: the base alone answers ({}).", modules_of(translated));
  CAIRN_ASSIGN(const Json refused, server.ask("base+mailbox", translate("use"), 403));
  tour.say("Asking for the module all the same: 403. {}", refused["error"]["message"].get<std::string>());
  CAIRN_ASSIGN(const Json alone, server.ask("base+none", draft_reply("use"), 200));
  const bool same = alone["choices"] == translated["choices"];
  tour.say("With the module off, text and log-probabilities are {} the base's.", same ? "exactly" : "NOT");
  if (!same) return fail(ErrorCode::failed, "the base answers differently beside a module that is switched off");

  CAIRN_ASSIGN(const http::Reply bytes, server.get("/api/assets/" + tour.mailbox->id.hex() + "/mbox"));
  if (bytes.status != 403)
    return fail(ErrorCode::failed, "the server answered {} to a request for the mailbox", bytes.status);
  tour.say("The mailbox's bytes, asked for over HTTP: 403.");
  tour.base_answer = alone["choices"];
  tour.server = std::make_shared<TourServer>(std::move(server));
  tour.figures["deploy"] = {
      {"deployment", tour.deployment->hex()}, {"refusal", refused["error"]}, {"module_off_equals_base", same}};
  return {};
}

Status serve_after(Tour& tour) {
  if (!tour.server)
    CAIRN_TRY([&]() -> Status {
      CAIRN_ASSIGN(TourServer server, TourServer::start(tour));
      tour.server = std::make_shared<TourServer>(std::move(server));
      return {};
    }());
  fmt::print("The site's page: {}/   (stop with Ctrl-C)\n", tour.server->url());
  std::fflush(stdout);
  while (!interrupted() && !tour.server->ended()) std::this_thread::sleep_for(std::chrono::milliseconds(200));
  return {};
}

}  // namespace cairn::apps
