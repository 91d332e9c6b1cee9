#include "swarm/coordinator_client.h"

#include <fmt/format.h>

#include <algorithm>

namespace cairn::swarm {

Result<CoordinatorClient> CoordinatorClient::connect(const std::string& url, const SecretKey& key,
                                                     std::function<bool()> stop) {
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  http::ClientOptions options;
  options.connect_timeout = Duration(5'000);
  options.stall_timeout = Duration(30'000);
  options.max_body_bytes = kMostCheckpointBytes;
  options.max_header_bytes = std::size_t{64} << 10;
  options.stop = std::move(stop);
  CAIRN_ASSIGN(http::Client client, http::Client::to(base, options));
  CAIRN_ASSIGN(const http::Reply reply, client.get("/v1/run"));
  if (!reply.ok()) return fail(error_from(reply.status, reply.body));
  CAIRN_ASSIGN(RunBody run, run_from_json(reply.body));
  return CoordinatorClient(std::move(client), key, std::move(run));
}

Result<http::Reply> CoordinatorClient::post(const char* target, std::string_view type, const std::string& body) {
  http::Outgoing request;
  request.method = "POST";
  request.target = target;
  request.headers = signed_headers(id_, key_, "POST", target, body);
  request.headers.push_back({"Content-Type", std::string(type)});
  request.body = body;
  CAIRN_ASSIGN(http::Reply reply, client_.send(request));
  if (!reply.ok()) return fail(error_from(reply.status, reply.body));
  return reply;
}

Result<Answer> CoordinatorClient::ask(const char* target, const std::string& body) {
  CAIRN_ASSIGN(const http::Reply reply, post(target, "application/json", body));
  return answer_from_json(reply.body);
}

Result<Answer> CoordinatorClient::hello(const std::string& name) {
  return ask("/v1/hello", to_json(HelloBody{kProtocol, run_.plan.unit.profile, name}));
}

Result<Answer> CoordinatorClient::ask_work(Duration wait) {
  return ask("/v1/work", to_json(WorkBody{static_cast<std::uint32_t>(wait.count())}));
}

Result<Answer> CoordinatorClient::heartbeat(UnitId unit, double done) {
  return ask("/v1/heartbeat", to_json(HeartbeatBody{unit, done}));
}

Result<CoordinatorClient::Taking> CoordinatorClient::claim(const Claim& claim, ByteView contribution) {
  CAIRN_ASSIGN(const http::Reply reply, post("/v1/claim", "application/octet-stream", claim_body(claim, contribution)));
  Taking out;
  CAIRN_ASSIGN(out.answer, answer_from_json(reply.body));
  const auto* taken = std::get_if<Taken>(&out.answer);
  if (taken == nullptr) return out;
  if (taken->unit != claim.unit || taken->contribution != claim.contribution)
    return fail(ErrorCode::malformed, "the coordinator answered for unit {} instead of {}", taken->unit.text(),
                claim.unit.text());
  const std::string* receipt = reply.header("Cairn-Receipt");
  if (receipt == nullptr) return fail(ErrorCode::malformed, "the coordinator gave no receipt");
  CAIRN_TRY(check_receipt(*receipt, id_, key_.public_key(), *taken, run_.coordinator));
  out.receipt = *receipt;
  return out;
}

Result<Bytes> CoordinatorClient::checkpoint(const Digest& digest) {
  return download("/v1/checkpoints/" + digest.hex(), digest, kMostCheckpointBytes);
}

Result<Bytes> CoordinatorClient::shard(UnitId unit, const Digest& digest) {
  return download(fmt::format("/v1/shards/{}/{}", unit.round, unit.lane), digest, kMostShardBytes);
}

Result<Bytes> CoordinatorClient::download(const std::string& target, const Digest& digest, std::size_t at_most) {
  if (!partial_.contains(digest)) partial_.clear();
  std::string& got = partial_[digest];
  http::Outgoing request;
  request.target = target;
  request.headers = signed_headers(id_, key_, "GET", target, "");
  const bool resumed = !got.empty();
  if (resumed) request.headers.push_back({"Range", fmt::format("bytes={}-", got.size())});
  std::string fresh;
  bool too_large = false;
  request.on_data = [&](std::string_view data) {
    too_large = got.size() + fresh.size() + data.size() > at_most;
    if (!too_large) fresh += data;
    return !too_large;
  };
  const auto reply = client_.send(request);
  if (too_large) {
    partial_.clear();
    return fail(ErrorCode::malformed, "{}: more than {} bytes", target, at_most);
  }
  if (!reply) {  // a broken exchange: what came is a part of the file, unless the status was another
    got += fresh;
    return fail(reply.error());
  }
  if (!reply->ok()) {
    partial_.clear();
    return fail(error_from(reply->status, fresh));
  }
  got = reply->status == 206 ? got + fresh : std::move(fresh);
  Bytes bytes = to_bytes(got);
  partial_.clear();
  const Digest actual = sha256(bytes);
  if (actual != digest)
    return fail(ErrorCode::malformed, "{}: expected the digest {}, got {} bytes with {}", target, digest.hex(),
                bytes.size(), actual.hex());
  return bytes;
}

}  // namespace cairn::swarm
