#include "ledger/log.h"

#include "base/json.h"
#include "ledger/codec.h"
#include "ledger/merkle.h"

namespace cairn::ledger {
namespace {

Json list_of(const std::vector<Digest>& path) {
  Json out = Json::array();
  for (const Digest& digest : path) out.push_back(digest.hex());
  return out;
}

constexpr std::size_t kLongestPath = 128;  // twice what a tree of 2^64 entries needs

Result<std::vector<Digest>> path_from(const Json& json) {
  CAIRN_ASSIGN(std::vector<Digest> path, get_digests(json, "path"));
  if (path.size() > kLongestPath)
    return fail(ErrorCode::malformed, "\"path\": {} digests, more than any proof has", path.size());
  return path;
}

}  // namespace

std::string leaf_of(const LogEntry& entry) {
  return canonical(Json{{"event", entry.event},
                        {"at_ms", to_ms(entry.at)},
                        {"epoch", entry.epoch.value},
                        {"commitment", entry.commitment.hex()}});
}

Digest commitment_of(const Salt& salt, std::string_view payload) {
  Sha256 hash;
  hash.update(salt);
  hash.update(payload);
  return hash.finish();
}

std::string TreeHead::signed_text() const {
  return canonical(
      Json{{"format", "cairn-head-1"}, {"size", size}, {"root", root.hex()}, {"at_ms", to_ms(at)}, {"key", key.hex()}});
}

std::string TreeHead::to_json() const {
  Json json = Json::parse(signed_text());
  json["signature"] = signature.hex();
  return canonical(json);
}

Result<TreeHead> TreeHead::from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  TreeHead out;
  CAIRN_ASSIGN(const std::string format, get_string(json, "format"));
  if (format != "cairn-head-1") return fail(ErrorCode::unsupported, "format \"{}\", expected \"cairn-head-1\"", format);
  CAIRN_ASSIGN(out.size, get_natural(json, "size"));
  CAIRN_ASSIGN(out.root, get_digest(json, "root"));
  CAIRN_ASSIGN(const std::int64_t at, get_int(json, "at_ms"));
  out.at = from_ms(at);
  CAIRN_ASSIGN(out.key.bytes, get_hex<32>(json, "key"));
  CAIRN_ASSIGN(out.signature.bytes, get_hex<64>(json, "signature"));
  return out;
}

bool verify_head(const TreeHead& head) {
  return is_signed_by(head.key, head.signed_text(), head.signature);
}

std::string InclusionProof::to_json() const {
  return canonical(Json{{"index", index}, {"size", size}, {"path", list_of(path)}});
}
std::string ConsistencyProof::to_json() const {
  return canonical(Json{{"old_size", old_size}, {"size", size}, {"path", list_of(path)}});
}

Result<InclusionProof> InclusionProof::from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  InclusionProof out;
  CAIRN_ASSIGN(out.index, get_natural(json, "index"));
  CAIRN_ASSIGN(out.size, get_natural(json, "size"));
  CAIRN_ASSIGN(out.path, path_from(json));
  return out;
}

Result<ConsistencyProof> ConsistencyProof::from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  ConsistencyProof out;
  CAIRN_ASSIGN(out.old_size, get_natural(json, "old_size"));
  CAIRN_ASSIGN(out.size, get_natural(json, "size"));
  CAIRN_ASSIGN(out.path, path_from(json));
  return out;
}

bool extends(const TreeHead& newer, const TreeHead& older, const ConsistencyProof& proof) {
  return newer.key == older.key && verify_head(newer) && verify_head(older) && proof.old_size == older.size &&
         proof.size == newer.size && verify_consistency(older.size, newer.size, older.root, newer.root, proof.path);
}

bool includes(const TreeHead& head, const LogEntry& entry, const InclusionProof& proof) {
  return verify_head(head) && proof.size == head.size && proof.index == entry.index &&
         (entry.payload.empty() || commitment_of(entry.salt, entry.payload) == entry.commitment) &&
         verify_inclusion(leaf_hash(as_bytes(leaf_of(entry))), proof.index, proof.size, proof.path, head.root);
}

}  // namespace cairn::ledger
