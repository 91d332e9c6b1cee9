// For the tests of src/serve: a site in a temporary folder with a tiny model under a free licence, a mailbox under its
// owner's permit and a module made from it; and a service over them on a port of the system's choice.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "adapt/module.h"
#include "base/files.h"
#include "base/json.h"
#include "guard/guard.h"
#include "http/client.h"
#include "ledger/site.h"
#include "model/checkpoint.h"
#include "serve/deployment.h"
#include "serve/service.h"
#include "text/tokenizer.h"

namespace cairn::serve {

inline const Env& test_env() {
  static const Env env{system_clock(), system_entropy()};
  return env;
}

inline constexpr std::string_view kMailboxPermit = R"(
title = "Mailbox of Ada Example"
by = "Ada Example"
[[allow]]
action = ["adapt", "evaluate", "deploy", "use"]
task = "text.draft-reply"
purpose = "non-commercial.personal"
audience = "members"
place = "own-machine"
why = "My letters may help to answer letters."
[[deny]]
task = "text.translation.machine"
why = "Not for translation machines."
[[deny]]
action = "share"
why = "My letters stay here."
[[duty]]
kind = "notice"
text = "Say that the draft was made with Ada's mailbox."
on = "use"
)";

inline permit::Use drafting(std::string action) {
  return {.action = std::move(action),
          .task = "text.draft-reply",
          .purpose = "non-commercial.personal",
          .audience = "members",
          .place = "own-machine"};
}

inline text::Tokenizer tiny_tokenizer() {
  return text::Tokenizer::make({}, text::default_specials()).value();
}

inline model::Model tiny_model() {
  return model::Model::initialise({.vocabulary = static_cast<std::uint32_t>(tiny_tokenizer().vocabulary()),
                                   .width = 32,
                                   .layers = 1,
                                   .heads = 2,
                                   .kv_heads = 2,
                                   .hidden = 32,
                                   .context = 96},
                                  1)
      .value();
}

// A module that says something else than the base: both of its matrices are filled.
inline adapt::Module tiny_module(const model::Model& base) {
  adapt::Module module{.base = model::digest_of(base),
                       .settings = {.rank = 2, .scale = 2.0F, .context = 32},
                       .seed = 1,
                       .delta = model::LowRank::make(base.config(), 2, 2.0F, 1).value()};
  std::size_t i = 0;
  for (float& weight : module.delta.weights()) weight = 0.1F * (static_cast<float>(i++ * 7919 % 13) - 6.0F);
  return module;
}

// Not thread-safe; each test makes its own.
struct TestSite {
  TemporaryFolder folder = TemporaryFolder::make("cairn-serve").value();
  std::filesystem::path root = folder.path() / "site";
  Bytes weights = model::encode(tiny_model());
  AssetId corpus, mailbox, tokenizer, base, module;

  TestSite() {
    EXPECT_TRUE(ledger::make_site(root, "Ada's site", test_env()).has_value());
    guard::Guard guard = open();
    corpus = root_asset(guard, "documents", permit::Permit::everyone_under("MIT").value());
    mailbox = root_asset(guard, "mailbox", permit::permit_from_toml(kMailboxPermit, "ada.permit.toml").value());
    const std::string words = tiny_tokenizer().to_json();
    tokenizer = derive(guard, {corpus}, {.action = "train"},
                       {.kind = "tokenizer",
                        .name = "tiny words",
                        .step = "tokenise",
                        .blobs = {{.role = "tokenizer", .bytes = {as_bytes(words)}}}});
    base =
        derive(guard, {corpus}, {.action = "train"},
               {.kind = "model", .name = "tiny", .step = "train", .blobs = {{.role = "weights", .bytes = {weights}}}});
    const Bytes delta = adapt::encode(tiny_module(tiny_model()));
    module =
        derive(guard, {base, mailbox}, drafting("adapt"),
               {.kind = "module", .name = "mailbox", .step = "adapt", .blobs = {{.role = "module", .bytes = {delta}}}});
  }

  guard::Guard open() const { return guard::Guard::open(root, {"test"}, test_env()).value(); }
  DeploymentPlan plan() const {
    return {.name = "tiny", .base = base, .tokenizer = tokenizer, .modules = {{"mailbox", module}}, .spec = {}};
  }

  static AssetId root_asset(guard::Guard& guard, const std::string& name, const permit::Permit& permit) {
    return guard
        .commit({}, {.kind = "record-set",
                     .name = name,
                     .step = "ingest",
                     .blobs = {{.role = "records", .bytes = {as_bytes("Dear Ada,")}}},
                     .declared = guard::Declared{permit, name + ".toml", "Ada Example"}})
        .value();
  }
  static AssetId derive(guard::Guard& guard, const std::vector<AssetId>& inputs, const permit::Use& use,
                        const guard::Output& output) {
    std::vector<guard::Pass> passes;
    for (const AssetId& input : inputs) passes.push_back(guard.authorise(use, input).value());
    return guard.commit(passes, output).value();
  }
};

inline Service start(guard::Guard& guard, const DeploymentPlan& plan, ServiceOptions options = {}) {
  options.http.port = 0;
  options.engine.context.threads = 1;
  auto service = Service::start(guard, plan, std::move(options), test_env());
  EXPECT_TRUE(service) << service.error().message;
  return std::move(*service);
}

struct TestService {
  TestSite site;
  guard::Guard guard = site.open();
  Service service = start(guard, site.plan());
  http::Client client = http::Client::to(service.url()).value();

  http::Reply post(const std::string& path, const Json& body) {
    auto reply = client.post(path, "application/json", canonical(body));
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? std::move(*reply) : http::Reply{};
  }
  http::Reply get(const std::string& path) {
    auto reply = client.get(path);
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? std::move(*reply) : http::Reply{};
  }
  // An answer of 200; the likeliest text, 20 tokens of it.
  Json complete(const std::string& model, const Json& declared, const Json& more = Json::object()) {
    Json body{{"model", model}, {"prompt", "Dear Ada, "}, {"temperature", 0}, {"max_tokens", 20},
              {"seed", 1},      {"logprobs", 3}};
    if (!declared.is_null()) body["cairn"] = declared;
    body.update(more);
    const http::Reply reply = post("/v1/completions", body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return parse_json(reply.body).value_or(Json::object());
  }
};

inline const Json kDraftReply{{"task", "text.draft-reply"}, {"purpose", "personal"}, {"audience", "members"}};
inline const Json kTranslate{{"task", "text.translation.machine"}, {"purpose", "personal"}, {"audience", "members"}};

}  // namespace cairn::serve
