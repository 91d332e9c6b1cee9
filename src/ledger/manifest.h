// A manifest: what an asset is, what it was made from and how, its bytes and its permit, signed by the site that made
// it. Not the asset's bytes and not the permit's text: both are named by digest. docs/formats/manifest.md has the
// grammar.
//
// The asset's id is the SHA-256 of the manifest's body: canonical JSON with a nonce, so that the id of an asset says
// nothing about what is in it. Values; no thread rule.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/env.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/signature.h"

namespace cairn::ledger {

using PermitId = Id<struct PermitTag>;  // the SHA-256 of a permit's canonical text
using Salt = std::array<std::uint8_t, 16>;

// One file of an asset, by its role in it: "records", "weights", "tokenizer".
struct BlobRef {
  std::string role;
  BlobId id;               // digest of the bytes as stored: the ciphertext's where the blob is sealed
  std::uint64_t size = 0;  // bytes of plaintext
  bool sealed = false;     // encrypted under the key of the asset's permit class
  // Sealed blobs only: SHA-256(salt, SHA-256(plaintext)). It proves the plaintext to whoever holds it and tells nobody
  // else.
  Salt salt{};
  Digest commitment;
};

// What a manifest holds for a sealed blob, of the digest of its plaintext.
Digest sealed_commitment(const Salt& salt, const Digest& plain);
// Whether the blob holds just these bytes, told from the manifest alone.
bool holds(const BlobRef& blob, std::span<const ByteView> plain);

// Where a root's permit, or a restriction that a step added, was declared.
struct DeclaredPermit {
  PermitId permit;
  std::string where;  // file and field, or URL
  std::string by;     // who declared it
};

struct Manifest {
  std::string kind;  // "record-set", "corpus", "tokenizer", "checkpoint", "model", "module", "report", "spec" ...
  std::string name;  // for people; need not be unique
  std::string step;  // "ingest", "curate", "tokenise", "train", "adapt", "evaluate", "deploy" ...
  std::string settings = "{}";    // canonical JSON object: what the step was told
  std::string properties = "{}";  // canonical JSON object: what was measured of the outcome
  std::vector<AssetId> inputs;    // ascending, each once
  std::vector<BlobRef> blobs;     // ascending by role, each role once
  PermitId permit;                // the effective one: meet of the inputs' permits and of what was declared here
  std::optional<DeclaredPermit> declared;  // roots only; a root without it is undeclared, and its permit allows nothing
  std::optional<DeclaredPermit> restriction;  // what the step added to what was inherited
  std::string actor;                          // who acted, as the site's log names them
  TimePoint created{};
  PublicKey author{};  // the site's key
  Salt nonce{};
};

// Canonical JSON; equal manifests give equal bytes.
std::string body_of(const Manifest& manifest);
AssetId id_of_body(std::string_view body);

// invalid, with the field and its rule: a kind, step or role that is not [a-z0-9][a-z0-9._-]{0,63}; a name that is
// empty, longer than 200 bytes, no UTF-8 or holds control characters; settings or properties that are no JSON object;
// inputs or blobs out of order; a declared permit on something with inputs.
Status check(const Manifest& manifest);

// Reads a body back. malformed, with the field: anything that body_of() of a manifest that passes check() would not
// have written.
Result<Manifest> parse_manifest(std::string_view body);

}  // namespace cairn::ledger
