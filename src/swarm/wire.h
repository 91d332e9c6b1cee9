// The protocol's form on the wire: requests and answers as HTTP bodies, and the signature that a volunteer puts on each
// request. docs/formats/swarm-protocol.md is its description. Pure; every reader takes hostile bytes.
// Not the sockets (http/) and not what the messages mean (coordinator.h, volunteer.h).
#pragma once

#include <string>
#include <string_view>

#include "base/signature.h"
#include "http/message.h"
#include "swarm/claim.h"
#include "swarm/messages.h"

namespace cairn::swarm {

inline constexpr std::size_t kMostMessageBytes = std::size_t{8} << 20;  // of a body without a contribution

// --- who asks ---
inline constexpr const char* kVolunteerHeader = "Cairn-Volunteer";
inline constexpr const char* kSignatureHeader = "Cairn-Signature";
// Headers that say: the holder of `key` sends exactly this, in this run.
http::Headers signed_headers(const RunId& run, const SecretKey& key, std::string_view method, std::string_view target,
                             std::string_view body);
// invalid: a header is missing or does not parse, or the signature does not hold.
Result<VolunteerId> signer_of(const RunId& run, const http::Request& request);

// --- requests ---
struct HelloBody {
  std::uint32_t protocol = kProtocol;
  std::string profile, name;
};
std::string to_json(const HelloBody& body);
Result<HelloBody> hello_from_json(std::string_view text);

struct WorkBody {
  std::uint32_t wait_ms = 0;  // how long the coordinator may hold the answer while there is no work
};
std::string to_json(const WorkBody& body);
Result<WorkBody> work_from_json(std::string_view text);

struct HeartbeatBody {
  UnitId unit;
  double done = 0;
};
std::string to_json(const HeartbeatBody& body);
Result<HeartbeatBody> heartbeat_from_json(std::string_view text);

// A claim with its contribution: the claim's length in 32 bits, its JSON, the contribution's bytes.
std::string claim_body(const Claim& claim, ByteView contribution);
struct ClaimBody {
  Claim claim;
  ByteView contribution;  // into the body
};
// malformed: cut short, not a claim, or bytes that are not the contribution it names.
Result<ClaimBody> claim_from_body(std::string_view body, std::size_t most_states);

// --- answers ---
std::string to_json(const Answer& answer);
Result<Answer> answer_from_json(std::string_view text);

// The receipt for a claim: what the coordinator said of it, and when, under its signature.
std::string receipt(const RunId& run, const VolunteerId& volunteer, const Taken& taken, TimePoint now,
                    const SecretKey& coordinator);
// invalid: not signed by that coordinator, or for another run, volunteer, unit or contribution.
Status check_receipt(std::string_view text, const RunId& run, const VolunteerId& volunteer, const Taken& taken,
                     const PublicKey& coordinator);

// An error as a response and back: {"error": {"kind", "message", "hint", "detail"}} with a fitting status.
http::Response error_response(const Error& error);
Error error_from(int status, std::string_view body);

// What GET /v1/run says.
struct RunBody {
  std::uint32_t protocol = kProtocol;
  Plan plan;
  PublicKey coordinator;
};
std::string to_json(const RunBody& body);
Result<RunBody> run_from_json(std::string_view text);

}  // namespace cairn::swarm
