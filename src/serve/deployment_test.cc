#include "serve/deployment.h"

#include <gtest/gtest.h>

#include "serve/authority.h"
#include "serve/test_deployment.h"

namespace cairn::serve {
namespace {

TEST(Deployment, NamesBecomeFitForRequests) {
  EXPECT_EQ(part_name("Ada's mailbox (2026)"), "ada-s-mailbox-2026");
  EXPECT_EQ(part_name("base"), "module");
  EXPECT_EQ(part_name("\xC3\xA9"), "module");
  EXPECT_EQ(part_name(std::string(100, 'A')), std::string(64, 'a'));
}

TEST(Deployment, APlanComesBackFromItsAsset) {
  TestSite site;
  guard::Guard guard = site.open();
  const auto id = commit_deployment(guard, site.plan(), drafting(""));
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(load_deployment(guard, *id), site.plan());
  EXPECT_EQ(guard.ledger().inputs(*id)->size(), 3u);
  ASSERT_TRUE(guard.revoke(site.mailbox, "enough"));
  EXPECT_EQ(load_deployment(guard, *id), site.plan())
      << "what it names is still told; what may be used is asked per request";
}

TEST(Deployment, WhatMayNotBeDeployedIsNot) {
  TestSite site;
  guard::Guard guard = site.open();
  const auto refused = commit_deployment(guard, site.plan(), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::denied);
  EXPECT_TRUE(refused.error().message.starts_with("deploying " + site.module.brief())) << refused.error().message;
}

TEST(Deployment, PlansThatDoNotHoldAreRefused) {
  const std::string id = sha256("a").hex(), other = sha256("b").hex();
  const auto plan = [&](const std::string& modules) {
    return plan_from_json(R"({"name": "n", "base": ")" + id + R"(", "tokenizer": ")" + id + R"(", "modules": )" +
                          modules + "}");
  };
  EXPECT_TRUE(plan("[]"));
  EXPECT_EQ(plan(R"([{"name": "base", "asset": ")" + id + "\"}]").error().message, "no module may be named \"base\"");
  EXPECT_EQ(plan(R"([{"name": "A b", "asset": ")" + id + "\"}]").error().code, ErrorCode::invalid);
  EXPECT_EQ(
      plan(R"([{"name": "a", "asset": ")" + id + R"("}, {"name": "a", "asset": ")" + other + "\"}]").error().message,
      "module \"a\" is named twice");
  EXPECT_EQ(plan(R"([{"name": "a", "asset": "zz"}])").error().code, ErrorCode::malformed);
  EXPECT_EQ(plan_from_json("{}").error().message, "\"name\" is missing (expected a string)");
}

TEST(Deployment, PartsMustBeOfTheirKind) {
  TestSite site;
  guard::Guard guard = site.open();
  EXPECT_EQ(plan_of_parts(guard, site.base, site.tokenizer, {site.module}, {}), site.plan());
  EXPECT_EQ(plan_of_parts(guard, site.tokenizer, site.tokenizer, {}, {}).error().message,
            site.tokenizer.brief() + " is a tokenizer, expected a model");
  EXPECT_EQ(load_deployment(guard, site.base).error().code, ErrorCode::invalid);
}

TEST(Authority, DecidesOnceAnEpochAndAgainWhenPermitsChange) {
  TestSite site;
  guard::Guard guard = site.open();
  Authority authority(guard, site.plan(), "own-machine", test_env());
  permit::Use use = drafting("");
  const auto first = authority.leave(use).value();
  const std::uint64_t logged = guard.ledger().head()->size;
  EXPECT_EQ(authority.leave(use).value(), first) << "the same decision";
  EXPECT_EQ(guard.ledger().head()->size, logged) << "and not asked again";
  EXPECT_TRUE(first->standings.modules[0].on);
  ASSERT_TRUE(site.open().revoke(site.mailbox, "enough"));
  const auto second = authority.leave(use).value();
  EXPECT_FALSE(second->standings.modules[0].on);
  EXPECT_FALSE(second->modules[0]);
  EXPECT_TRUE(second->base);
  EXPECT_EQ(guard.check(*first->base).error().code, ErrorCode::stale);
}

TEST(Authority, ThePlaceIsTheServersOwn) {
  TestSite site;
  guard::Guard guard = site.open();
  Authority elsewhere(guard, site.plan(), "", test_env());
  EXPECT_FALSE(elsewhere.leave(drafting(""))->get()->standings.modules[0].on)
      << "the request's own word for the place counts for nothing";
}

}  // namespace
}  // namespace cairn::serve
