#include "http/message.h"

#include <gtest/gtest.h>

#include <random>

#include "http/router.h"

namespace cairn::http {
namespace {

Request get(std::string target, std::string method = "GET") {
  auto parsed = parse_target(target);
  return {.method = std::move(method),
          .target = std::move(target),
          .path = parsed->path,
          .query = parsed->query,
          .headers = {},
          .body = {},
          .peer = {}};
}

TEST(Message, HeadersAreFoundWhateverTheirCase) {
  const Headers headers{{"Content-Type", "a"}, {"content-type", "b"}, {"X", ""}};
  EXPECT_EQ(*find_header(headers, "CONTENT-TYPE"), "a");
  EXPECT_EQ(*find_header(headers, "x"), "");
  EXPECT_EQ(find_header(headers, "Content-Typ"), nullptr);
}

TEST(Message, TargetsAreSplitAndDecoded) {
  const auto target = parse_target("/a%20b/c?task=text.draft-reply&x=1%262&y=a+b&&flag");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a b/c");
  const std::vector<std::pair<std::string, std::string>> expected{
      {"task", "text.draft-reply"}, {"x", "1&2"}, {"y", "a b"}, {"flag", ""}};
  EXPECT_EQ(target->query, expected);
}

TEST(Message, BadTargetsAreRefused) {
  EXPECT_EQ(parse_target("http://elsewhere/").error().message, "expected an address that begins with '/'");
  EXPECT_EQ(parse_target("/%4").error().message, "byte 1: expected two hexadecimal digits after '%'");
  EXPECT_EQ(parse_target("/a%00").error().message, "byte 2: a NUL has no place in an address");
  EXPECT_FALSE(parse_target("/a?b=%zz"));
  EXPECT_FALSE(parse_target(""));
}

TEST(Message, EncodingIsUndoneByDecoding) {
  constexpr unsigned kSeed = 7;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 500; ++round) {
    std::string plain(random() % 20, ' ');
    for (char& c : plain) c = static_cast<char>(1 + random() % 255);
    const auto back = percent_decode(percent_encode(plain));
    ASSERT_TRUE(back) << "seed " << kSeed << " round " << round;
    EXPECT_EQ(*back, plain);
  }
}

TEST(Router, FindsTheRouteAndItsArguments) {
  Router router;
  router.on("GET", "/assets/{id}/{role}",
            [](const Request&, const PathArguments& a) { return text(200, a[0] + "|" + a[1]); });
  router.on("POST", "/assets", [](const Request&, const PathArguments&) { return text(201, "made"); });
  router.on("GET", "/", [](const Request&, const PathArguments&) { return text(200, "home"); });
  EXPECT_EQ(router(get("/assets/x%2Fy/weights?z=1")).body, "x/y|weights");
  EXPECT_EQ(router(get("/")).body, "home");
  EXPECT_EQ(router(get("/", "HEAD")).body, "home");
  EXPECT_EQ(router(get("/assets", "POST")).status, 201);
  EXPECT_EQ(router(get("/assets//weights")).status, 404);
  EXPECT_EQ(router(get("/assets/a/b/c")).status, 404);
  const Response wrong = router(get("/assets", "DELETE"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(*find_header(wrong.headers, "Allow"), "POST");
}

}  // namespace
}  // namespace cairn::http
