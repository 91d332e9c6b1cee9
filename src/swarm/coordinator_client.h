// A volunteer's requests to a coordinator: messages over HTTP, signed; downloads that resume and are checked.
// Blocking. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "http/client.h"
#include "swarm/wire.h"

namespace cairn::swarm {

class CoordinatorClient {
 public:
  // Asks GET /v1/run. unreachable, unsupported (another protocol), malformed.
  static Result<CoordinatorClient> connect(const std::string& url, const SecretKey& key, std::function<bool()> stop);

  const Plan& plan() const { return run_.plan; }
  const RunId& run() const { return id_; }
  const PublicKey& coordinator() const { return run_.coordinator; }

  Result<Answer> hello(const std::string& name);
  Result<Answer> ask_work(Duration wait);
  Result<Answer> heartbeat(UnitId unit, double done);
  struct Taking {
    Answer answer;
    std::string receipt;  // checked; empty where the answer is not Taken
  };
  Result<Taking> claim(const Claim& claim, ByteView contribution);
  // Whole and with the digest asked for. What a broken download brought is kept for the next attempt.
  Result<Bytes> checkpoint(const Digest& digest);
  Result<Bytes> shard(UnitId unit, const Digest& digest);

 private:
  CoordinatorClient(http::Client client, const SecretKey& key, RunBody run)
      : client_(std::move(client)), key_(key), run_(std::move(run)), id_(run_id(run_.plan)) {}
  Result<http::Reply> post(const char* target, std::string_view type, const std::string& body);
  Result<Answer> ask(const char* target, const std::string& body);
  Result<Bytes> download(const std::string& target, const Digest& digest, std::size_t at_most);

  http::Client client_;
  SecretKey key_;
  RunBody run_;
  RunId id_;
  std::map<Digest, std::string> partial_;  // at most one: of the last download that broke
};

}  // namespace cairn::swarm
