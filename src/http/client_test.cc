#include "http/client.h"

#include <gtest/gtest.h>

#include <future>

#include "http/raw_socket.h"
#include "http/server.h"

namespace cairn::http {
namespace {

using namespace std::chrono_literals;

Server start(Handler handler) {
  auto server = Server::start({}, std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

TEST(Client, RefusesAddressesThatAreNone) {
  for (const std::string_view bad :
       {"", "ftp://127.0.0.1", "http://127.0.0.1/path", "http://", "http://user:word@127.0.0.1", "file:///etc/passwd"})
    EXPECT_EQ(Client::to(bad).error().code, ErrorCode::invalid) << bad;
  EXPECT_TRUE(Client::to("http://127.0.0.1:1/"));
  EXPECT_TRUE(Client::to("http://localhost:1"));
  EXPECT_TRUE(Client::to("https://example.org"));
}

TEST(Client, PlainHttpGoesToLoopbackAloneUnlessTold) {
  const auto refused = Client::to("http://192.0.2.1:80");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "http://192.0.2.1:80: plain HTTP to another machine can be read and changed on its way");
  EXPECT_FALSE(Client::to("http://127.evil.example"));
  EXPECT_TRUE(Client::to("http://192.0.2.1:80", {.plain_http = PlainHttp::anywhere}));
}

TEST(Client, SaysWhenNobodyAnswers) {
  std::string url;
  {
    const Server server = start([](const Request&) { return text(200, ""); });
    url = server.url();
  }
  const auto reply = Client::to(url)->get("/x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unreachable);
  EXPECT_NE(reply.error().message.find("GET " + url + "/x: "), std::string::npos) << reply.error().message;
}

TEST(Client, AnErrorStatusIsAnAnswerAndARedirectIsNotFollowed) {
  const Server server = start([](const Request& request) {
    if (request.path == "/moved") return Response{.status = 302, .headers = {{"Location", "/"}}};
    return text(404, "nothing here");
  });
  auto client = Client::to(server.url());
  EXPECT_EQ(client->get("/")->status, 404);
  EXPECT_EQ(client->get("/")->body, "nothing here");
  const auto moved = client->get("/moved");
  EXPECT_EQ(moved->status, 302);
  EXPECT_EQ(*moved->header("location"), "/");
}

TEST(Client, SendsMethodsAndHeaders) {
  const Server server = start([](const Request& request) {
    const std::string* one = request.header("X-One");
    const std::string* two = request.header("X-Two");
    return text(200, request.method + "|" + (one ? *one : "-") + "|" + (two ? *two : "-") + "|" + request.body);
  });
  auto client = Client::to(server.url(), {.headers = {{"X-One", "1"}}});
  const auto put = client->send({.method = "PUT", .target = "/", .headers = {{"X-Two", ""}}, .body = "b"});
  EXPECT_EQ(put->body, "PUT|1||b");
  EXPECT_EQ(client->get("/")->body, "GET|1|-|");
  EXPECT_EQ(client->send({.method = "HEAD", .target = "/"})->body, "");
  EXPECT_EQ(client->send({.method = "GET", .target = "/", .headers = {{"A", "b\r\nC: d"}}}).error().code,
            ErrorCode::invalid);
  EXPECT_EQ(client->get("no-slash").error().code, ErrorCode::invalid);
  EXPECT_EQ(client->get("/a b").error().code, ErrorCode::invalid);
}

TEST(Client, BoundsWhatComesBack) {
  const Server server = start([](const Request& request) {
    Response response = text(200, std::string(100'000, 'x'));
    if (request.path == "/head") response.headers.push_back({"X-Long", std::string(90'000, 'h')});
    return response;
  });
  auto client = Client::to(server.url(), {.max_body_bytes = 99'999});
  EXPECT_EQ(client->get("/").error().message,
            "GET " + server.url() + "/: the answer is larger than the 99999 bytes taken here");
  EXPECT_EQ(client->get("/head").error().code, ErrorCode::malformed);
}

TEST(Client, WhatDoesNotSpeakHttpIsMalformedOrUnreachableNeverAnAnswer) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string url = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
  for (const std::string_view answer : {"nonsense\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "",
                                        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc"}) {
    auto reply = std::async(std::launch::async, [&] { return Client::to(url)->get("/"); });
    const int peer = ::accept(listener, nullptr, nullptr);
    char request[4096];
    EXPECT_GT(::recv(peer, request, sizeof request, 0), 0);
    EXPECT_EQ(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(answer.size()));
    ::close(peer);
    const auto got = reply.get();
    ASSERT_FALSE(got) << answer;
    EXPECT_TRUE(got.error().code == ErrorCode::malformed || got.error().code == ErrorCode::unreachable) << answer;
  }
  ::close(listener);
}

TEST(Client, TimesOutAndStopsWhenAsked) {
  std::promise<void> leave;
  std::shared_future<void> left = leave.get_future().share();
  const Server server = start([left](const Request&) {
    left.wait();
    return text(200, "late");
  });
  auto impatient = Client::to(server.url(), {.total_timeout = 50ms});
  const auto reply = impatient->get("/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unreachable);
  auto stopped = Client::to(server.url(), {.stop = [] { return true; }});
  EXPECT_EQ(stopped->get("/").error().code, ErrorCode::interrupted);
  leave.set_value();
}

}  // namespace
}  // namespace cairn::http
