// The site's log as others see it: entries, signed tree heads, proofs, and what verifies them without the site.
// An entry holds a salted commitment to its payload, never the payload or a digest of guessable content: with the salt
// erased, nothing can be learnt from it. docs/formats/log.md has the formats. Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/result.h"
#include "ledger/manifest.h"

namespace cairn::ledger {

// What happened, in the entry's own words: "asset", "verdict", "revocation"; other parts may add theirs.
struct LogEntry {
  std::uint64_t index = 0;
  std::string event;
  TimePoint at{};
  Epoch epoch;
  Digest commitment;    // SHA-256(salt, payload)
  std::string payload;  // canonical JSON; empty where it was erased
  Salt salt{};
};

// The bytes that the tree hashes: canonical JSON of event, at, epoch and commitment.
std::string leaf_of(const LogEntry& entry);
Digest commitment_of(const Salt& salt, std::string_view payload);

struct TreeHead {
  std::uint64_t size = 0;
  Digest root;
  TimePoint at{};
  PublicKey key{};
  Signature signature{};

  std::string signed_text() const;                           // what the signature covers
  std::string to_json() const;                               // canonical
  static Result<TreeHead> from_json(std::string_view text);  // malformed, with the field
};

// Signed by the key it names? Whose key that is, is for the caller to know.
bool verify_head(const TreeHead& head);

struct InclusionProof {
  std::uint64_t index = 0, size = 0;
  std::vector<Digest> path;
  std::string to_json() const;
  static Result<InclusionProof> from_json(std::string_view text);
};
struct ConsistencyProof {
  std::uint64_t old_size = 0, size = 0;
  std::vector<Digest> path;
  std::string to_json() const;
  static Result<ConsistencyProof> from_json(std::string_view text);
};

// Two heads by one key of which neither extends the other prove that its owner showed different logs to different
// people.
bool extends(const TreeHead& newer, const TreeHead& older, const ConsistencyProof& proof);
bool includes(const TreeHead& head, const LogEntry& entry, const InclusionProof& proof);

}  // namespace cairn::ledger
