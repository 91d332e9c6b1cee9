#include "serve/site_api.h"

#include <gtest/gtest.h>

#include "ledger/log.h"
#include "serve/pages.h"
#include "serve/test_deployment.h"

namespace cairn::serve {
namespace {

TEST(SiteApi, BytesAreHandedOutOnlyWhereSharingWithEveryoneIsAllowed) {
  TestService site;
  const http::Reply weights = site.get("/api/assets/" + site.site.base.hex() + "/weights");
  EXPECT_EQ(weights.status, 200);
  EXPECT_TRUE(to_bytes(weights.body) == site.site.weights);
  for (const std::string& path : {site.site.mailbox.hex() + "/records", site.site.module.hex() + "/module"}) {
    const http::Reply refused = site.get("/api/assets/" + path);
    EXPECT_EQ(refused.status, 403);
    const Json error = parse_json(refused.body).value()["error"];
    EXPECT_EQ(error["cairn"]["reasons"][0]["declaration"], "Mailbox of Ada Example") << refused.body;
    EXPECT_EQ(refused.body.find("Dear Ada"), std::string::npos);
  }
  EXPECT_EQ(site.get("/api/assets/" + site.site.base.hex() + "/letters").status, 404);
  EXPECT_EQ(site.get("/api/assets/" + sha256("nothing").hex() + "/weights").status, 404);
}

TEST(SiteApi, SaysWhatMayBeDone) {
  TestService site;
  const auto ask = [&](const std::string& task) {
    return parse_json(site.get("/api/can?asset=" + site.site.module.brief() + "&task=" + task +
                               "&purpose=personal&audience=members&place=own-machine")
                          .body)
        .value();
  };
  EXPECT_EQ(ask("text.draft-reply")["verdict"]["answer"], "allowed");
  EXPECT_EQ(ask("text.translation.machine")["verdict"]["answer"], "denied");
  EXPECT_EQ(ask("text.summarisation")["verdict"]["answer"], "unknown");
  EXPECT_NE(ask("text.translation.machine")["text"].get<std::string>().find("Mailbox of Ada Example"),
            std::string::npos);
  EXPECT_EQ(site.get("/api/can?asset=nothing-of-that-name").status, 404);
  const http::Reply page = site.get("/can?asset=" + site.site.module.hex() + "&task=text.translation.machine");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("class=\"answer denied\""), std::string::npos);
}

TEST(SiteApi, ShowsAssetsAndASignedHead) {
  TestService site;
  EXPECT_EQ(parse_json(site.get("/api/assets").body).value()["assets"].size(), 5u);
  const Json asset = parse_json(site.get("/api/assets/" + site.site.module.hex()).body).value();
  EXPECT_EQ(asset["manifest"]["kind"], "module");
  EXPECT_TRUE(asset["revocations"].empty());
  const auto head = ledger::TreeHead::from_json(site.get("/api/log/head").body);
  ASSERT_TRUE(head);
  EXPECT_TRUE(ledger::verify_head(*head));
  EXPECT_EQ(parse_json(site.get("/api/site").body).value()["deployment"]["base"], site.site.base.hex());
  EXPECT_EQ(site.get("/spec").status, 404);
}

TEST(SiteApi, ServesItsSpecAsPageAndJson) {
  TestSite site;
  guard::Guard guard = site.open();
  DeploymentPlan plan = site.plan();
  plan.spec = TestSite::derive(guard, {site.base}, {.action = "evaluate"},
                               {.kind = "spec",
                                .name = "tiny's spec",
                                .step = "specify",
                                .blobs = {{.role = "html", .bytes = {as_bytes("<p>spec</p>")}},
                                          {.role = "json", .bytes = {as_bytes("{\"a\":1}")}}}});
  const Service service = start(guard, plan);
  auto client = http::Client::to(service.url()).value();
  const auto page = client.get("/spec").value();
  EXPECT_EQ(page.body, "<p>spec</p>");
  EXPECT_NE(page.header("Content-Security-Policy")->find("style-src 'unsafe-inline'"), std::string::npos);
  EXPECT_EQ(page.header("Content-Security-Policy")->find("script"), std::string::npos);
  EXPECT_EQ(client.get("/spec.json").value().body, "{\"a\":1}");
}

TEST(SiteApi, PagesHaveNothingInsideThatRunsAndStrangersAreTurnedAway) {
  TestService site;
  const http::Reply home = site.get("/");
  EXPECT_EQ(home.status, 200);
  EXPECT_NE(home.body.find("Ada&#39;s site"), std::string::npos);
  EXPECT_EQ(home.body.find("style="), std::string::npos);
  EXPECT_EQ(home.body.find("onclick"), std::string::npos);
  EXPECT_EQ(home.header("Content-Security-Policy")->find("unsafe-inline"), std::string::npos);
  EXPECT_EQ(*home.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(*site.get("/static/site.css").header("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(*site.get("/static/site.js").header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(site.client.send({.target = "/", .headers = {{"Host", "rebound.example"}}})->status, 421);
  EXPECT_EQ(
      site.client
          .send({.target = "/api/site", .headers = {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "cors"}}})
          ->status,
      403);
  EXPECT_EQ(
      site.client.send({.target = "/", .headers = {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}})
          ->status,
      200);
}

TEST(Pages, EverythingFromOutsideIsEscaped) {
  HomeView view{
      .site = "<i>", .plan = {.name = "<b>", .modules = {{"<m>", {}}}}, .models = {{.id = "<x>", .note = "<y>"}}};
  view.assets.push_back({.kind = "<k>", .name = "<n>\""});
  const std::string page = home_page(view);
  for (const std::string_view bad : {"<i>", "<b>", "<m>", "<x>", "<y>", "<k>", "<n>"})
    EXPECT_EQ(page.find(bad), std::string::npos) << bad;
}

}  // namespace
}  // namespace cairn::serve
