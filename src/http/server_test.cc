#include "http/server.h"

#include <gtest/gtest.h>

#include <future>
#include <random>
#include <thread>

#include "http/client.h"
#include "http/raw_socket.h"

namespace cairn::http {
namespace {

using namespace std::chrono_literals;

Response echo(const Request& request) {
  return respond(200, "application/octet-stream", request.method + " " + request.target + "\n" + request.body);
}

Server start(Handler handler, ServerOptions options = {}) {
  auto server = Server::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

std::string converse(const Server& server, std::string_view bytes) {
  RawSocket socket(server.port());
  EXPECT_TRUE(socket.connected());
  socket.send(bytes);
  socket.finish_sending();
  return socket.receive();
}

TEST(Server, EchoesBinaryBodiesOverOneConnection) {
  const Server server = start(echo);
  auto client = Client::to(server.url());
  ASSERT_TRUE(client);
  std::string body(300'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31);
  for (int i = 0; i < 5; ++i) {
    const auto reply = client->post("/x?y=1", "application/octet-stream", body);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 200);
    EXPECT_TRUE(reply->body == "POST /x?y=1\n" + body);
    EXPECT_EQ(*reply->header("content-length"), std::to_string(reply->body.size()));
  }
}

TEST(Server, AnswersManyRequestsOnAKeptConnectionAndPipelinedOnes) {
  const Server server = start(echo);
  auto client = Client::to(server.url());
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(client->get("/" + std::to_string(i)));
  const std::string got =
      converse(server, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_LT(got.find("GET /1"), got.find("GET /2"));
  EXPECT_NE(got.find("GET /2"), std::string::npos);
}

TEST(Server, AnswersHeadWithoutABody) {
  const Server server = start(echo);
  const std::string got = converse(server, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(got.find("Content-Length: 7\r\n"), std::string::npos) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\n")) << got;
}

TEST(Server, AnswersExpect100Continue) {
  const Server server = start(echo);
  RawSocket socket(server.port());
  socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(socket.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("hello");
  EXPECT_TRUE(socket.receive().ends_with("POST /\nhello"));
}

TEST(Server, ReadsChunkedBodiesAndBoundsThem) {
  const Server server = start(echo, {.max_body_bytes = 10});
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(converse(server, head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").ends_with("\nabcde"));
  EXPECT_TRUE(converse(server, head + "8\r\nabcdefgh\r\n8\r\nabcdefgh\r\n0\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST(Server, RefusesWhatIsTooLarge) {
  const Server server = start(echo, {.max_header_bytes = 1000, .max_body_bytes = 1000});
  EXPECT_TRUE(
      converse(server, "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(converse(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'b'))
                  .starts_with("HTTP/1.1 413 "));
  auto client = Client::to(server.url());
  const auto reply = client->post("/", "text/plain", std::string(30'000'000, 'c'));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 413);
  EXPECT_EQ(client->get("/")->status, 200);
}

TEST(Server, RefusesWhatIsNoRequest) {
  const Server server = start(echo);
  for (const std::string_view bytes :
       {"hello\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "GET / HTTP/1.1\r\nHo st: a\r\n\r\n"})
    EXPECT_TRUE(converse(server, bytes).starts_with("HTTP/1.1 400 Bad Request\r\n")) << bytes;
  EXPECT_TRUE(converse(server, "GET / HTTP/3.0\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 505 "));
}

TEST(Server, ARequestCutShortOrChangedHarmsNobody) {
  const Server server = start(echo);
  const std::string good = "POST /path?q=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";
  for (std::size_t n = 0; n < good.size(); ++n) {
    const std::string got = converse(server, std::string_view(good).substr(0, n));
    EXPECT_FALSE(got.starts_with("HTTP/1.1 200")) << n;
  }
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    std::string bad = good;
    bad[random() % bad.size()] ^= static_cast<char>(1u << (random() % 8));
    converse(server, bad);
  }
  EXPECT_TRUE(converse(server, good).ends_with("body")) << "seed " << kSeed;
}

TEST(Server, AHandlerThatThrowsIsAnsweredWith500) {
  const Server server = start([](const Request&) -> Response { throw std::runtime_error("secret"); });
  const auto reply = Client::to(server.url())->get("/");
  EXPECT_EQ(reply->status, 500);
  EXPECT_EQ(reply->body.find("secret"), std::string::npos);
}

TEST(Server, HeadersWithLineBreaksAreNotSent) {
  const Server server = start([](const Request&) {
    Response response = text(200, "ok");
    response.headers.push_back({"X-Bad", "a\r\nX-Injected: b"});
    return response;
  });
  const auto reply = Client::to(server.url())->get("/");
  EXPECT_EQ(reply->header("X-Injected"), nullptr);
  EXPECT_EQ(reply->body, "ok");
}

TEST(Server, SlowClientsAreAnsweredAndLeft) {
  const Server server = start(echo, {.header_timeout = 60ms, .body_timeout = 60ms, .idle_timeout = 60ms});
  RawSocket idle(server.port()), half_head(server.port()), half_body(server.port());
  half_head.send("GET / HTT");
  half_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_EQ(idle.receive(), "");
  EXPECT_TRUE(half_head.receive().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(half_body.receive().starts_with("HTTP/1.1 408 "));
}

TEST(Server, AReaderThatStopsReadingIsCutOff) {
  constexpr std::size_t kBody = 64 << 20;  // more than the system's buffers hold
  const Server server =
      start([](const Request& request) { return text(200, std::string(request.path == "/large" ? kBody : 1, 'x')); },
            {.max_connections = 1, .write_timeout = 200ms});
  RawSocket stuck(server.port());
  stuck.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  stuck.receive("HTTP/1.1 200");
  // With room for one connection, this is answered only once the other has been cut off.
  const auto reply = Client::to(server.url())->get("/");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "x");
  EXPECT_LT(stuck.receive().size(), kBody);
}

TEST(Server, WaitsInLineWhenFull) {
  const Server server = start(echo, {.max_connections = 2});
  RawSocket first(server.port()), second(server.port());
  for (RawSocket* socket : {&first, &second}) {
    socket->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    socket->receive("GET /\n");
  }
  RawSocket third(server.port());
  ASSERT_TRUE(third.connected());
  third.send("GET /third HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  first.close();
  EXPECT_TRUE(third.receive().ends_with("GET /third\n"));
}

TEST(Server, StreamsInChunksAndSeesThePeerGo) {
  std::promise<bool> peer_seen_gone;
  const Server server = start([&](const Request& request) {
    Response response = respond(200, "text/event-stream", "");
    if (request.path == "/endless") {
      response.stream = [&](Writer& out) {
        while (out.write("data: more\n\n")) {
        }
        peer_seen_gone.set_value(!out.open());
      };
    } else {
      response.stream = [](Writer& out) {
        for (int i = 0; i < 50; ++i) out.write("data: " + std::to_string(i) + "\n\n");
      };
    }
    return response;
  });
  auto client = Client::to(server.url());
  const auto whole = client->get("/");
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->body.ends_with("data: 49\n\n"));
  EXPECT_EQ(*whole->header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(client->get("/")->body, whole->body) << "the connection goes on after a stream";

  std::size_t seen = 0;
  const auto some = client->send({.method = "GET", .target = "/endless", .on_data = [&](std::string_view data) {
                                    seen += data.size();
                                    return seen < 1000;
                                  }});
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->status, 200);
  EXPECT_TRUE(peer_seen_gone.get_future().get());
  RawSocket old(server.port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.receive().ends_with("data: 49\n\n"));
}

TEST(Server, AStreamThatFailsIsSeenAsCut) {
  const Server server = start([](const Request&) {
    Response response = respond(200, "text/plain", "");
    response.stream = [](Writer& out) {
      out.write("half");
      throw std::runtime_error("broken");
    };
    return response;
  });
  const auto reply = Client::to(server.url())->get("/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unreachable);
}

TEST(Server, StopLetsRunningRequestsFinish) {
  std::promise<void> entered, leave;
  Server server = start([&](const Request&) {
    entered.set_value();
    leave.get_future().wait();
    return text(200, "finished");
  });
  auto answer = std::async(std::launch::async, [url = server.url()] { return Client::to(url)->get("/"); });
  RawSocket idle(server.port());
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { server.stop(); });
  EXPECT_EQ(idle.receive(), "");
  leave.set_value();
  const auto reply = answer.get();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "finished");
  stopped.get();
  EXPECT_FALSE(RawSocket(server.port()).connected());
}

TEST(Server, StopEndsStreamsAndAfterTheGraceEverything) {
  std::promise<void> entered;
  Server server = start(
      [&](const Request&) {
        Response response = respond(200, "text/plain", "");
        response.stream = [&](Writer& out) {
          out.write("first");
          entered.set_value();
          while (out.write("more")) {
          }
        };
        return response;
      },
      {.stop_grace = 50ms});
  RawSocket reader(server.port()), half(server.port());
  half.send("GET / HT");
  reader.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  entered.get_future().wait();
  server.stop();
  EXPECT_NE(reader.receive().find("first"), std::string::npos);
  EXPECT_EQ(half.receive(), "");
}

TEST(Server, APortInUseIsNamed) {
  const Server server = start(echo);
  const auto second = Server::start({.port = server.port()}, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_EQ(second.error().message, fmt::format("port {} on 127.0.0.1 is in use", server.port()));
  EXPECT_NE(second.error().hint.find(std::to_string(server.port())), std::string::npos);
  EXPECT_EQ(Server::start({.address = "nonsense"}, echo).error().message, "\"nonsense\" is not an IP address");
}

}  // namespace
}  // namespace cairn::http
