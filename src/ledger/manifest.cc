#include "ledger/manifest.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "ledger/codec.h"
#include "ledger/log.h"

namespace cairn::ledger {
namespace {

constexpr const char* kFormat = "cairn-manifest-1";
constexpr std::size_t kLongestText = 4096;

Json to_json(const DeclaredPermit& declared) {
  return {{"permit", declared.permit.hex()}, {"where", declared.where}, {"by", declared.by}};
}

Json to_json(const BlobRef& blob) {
  Json json{{"role", blob.role}, {"id", blob.id.hex()}, {"size", blob.size}};
  if (blob.sealed) json["sealed"] = {{"salt", to_hex(blob.salt)}, {"commitment", blob.commitment.hex()}};
  return json;
}

Result<DeclaredPermit> declared_from(const Json& json) {
  DeclaredPermit out;
  CAIRN_ASSIGN(out.permit.digest, get_digest(json, "permit"));
  CAIRN_ASSIGN(out.where, get_string(json, "where"));
  CAIRN_ASSIGN(out.by, get_string(json, "by"));
  return out;
}

Result<BlobRef> blob_from(const Json& json) {
  BlobRef out;
  CAIRN_ASSIGN(out.role, get_string(json, "role"));
  CAIRN_ASSIGN(out.id.digest, get_digest(json, "id"));
  CAIRN_ASSIGN(out.size, get_natural(json, "size"));
  if (!json.contains("sealed")) return out;
  CAIRN_ASSIGN(const Json* sealed, get_object(json, "sealed"));
  out.sealed = true;
  CAIRN_ASSIGN(out.salt, get_hex<16>(*sealed, "salt"));
  CAIRN_ASSIGN(out.commitment, get_digest(*sealed, "commitment"));
  return out;
}

Result<Manifest> manifest_from(const Json& json) {
  CAIRN_ASSIGN(const std::string format, get_string(json, "format"));
  if (format != kFormat) return fail(ErrorCode::unsupported, "format \"{}\", expected \"{}\"", format, kFormat);
  Manifest out;
  CAIRN_ASSIGN(out.kind, get_string(json, "kind"));
  CAIRN_ASSIGN(out.name, get_string(json, "name"));
  CAIRN_ASSIGN(out.step, get_string(json, "step"));
  CAIRN_ASSIGN(out.actor, get_string(json, "actor"));
  CAIRN_ASSIGN(const Json* settings, get_object(json, "settings"));
  CAIRN_ASSIGN(const Json* properties, get_object(json, "properties"));
  out.settings = canonical(*settings);
  out.properties = canonical(*properties);
  CAIRN_ASSIGN(const std::vector<Digest> inputs, get_digests(json, "inputs"));
  for (const Digest& input : inputs) out.inputs.push_back({input});
  CAIRN_ASSIGN(const Json* blobs, get_array(json, "blobs"));
  for (const Json& item : *blobs) {
    CAIRN_ASSIGN(BlobRef blob, blob_from(item));
    out.blobs.push_back(std::move(blob));
  }
  CAIRN_ASSIGN(out.permit.digest, get_digest(json, "permit"));
  for (const auto& [key, field] : {std::pair("declared", &out.declared), std::pair("restriction", &out.restriction)}) {
    if (!json.contains(key)) continue;
    CAIRN_ASSIGN(const Json* declared, get_object(json, key));
    CAIRN_ASSIGN(*field, declared_from(*declared));
  }
  CAIRN_ASSIGN(const std::int64_t created, get_int(json, "created_ms"));
  out.created = from_ms(created);
  CAIRN_ASSIGN(out.author.bytes, get_hex<32>(json, "author"));
  CAIRN_ASSIGN(out.nonce, get_hex<16>(json, "nonce"));
  return out;
}

Status check_word(const char* field, std::string_view text) {
  if (is_word(text)) return {};
  return fail(ErrorCode::invalid, "{} \"{}\": expected a small letter or digit, then up to 63 of a-z 0-9 . _ -", field,
              is_plain_text(text, 200) ? text : "(not shown)");
}

Status check_object(const char* field, const std::string& text) {
  auto json = parse_json(text);
  if (!json) return fail(ErrorCode::invalid, "{}: {}", field, json.error().message);
  if (!json->is_object())
    return fail(ErrorCode::invalid, "{}: expected a JSON object, got {}", field, json->type_name());
  if (canonical(*json) != text)
    return fail(ErrorCode::invalid, "{}: not in canonical form (sorted keys, no spaces)", field);
  return {};
}

Status check_declared(const char* field, const std::optional<DeclaredPermit>& declared) {
  if (!declared) return {};
  if (declared->where.empty() || !is_plain_text(declared->where, kLongestText) ||
      !is_plain_text(declared->by, kLongestText))
    return fail(ErrorCode::invalid, "{}: expected where it was declared and by whom, as plain text of at most {} bytes",
                field, kLongestText);
  return {};
}

}  // namespace

Digest sealed_commitment(const Salt& salt, const Digest& plain) {
  return commitment_of(salt, as_text(plain.bytes));
}

bool holds(const BlobRef& blob, std::span<const ByteView> plain) {
  if (blob.size != size_of(plain)) return false;
  const Digest digest = sha256(plain);
  return blob.sealed ? sealed_commitment(blob.salt, digest) == blob.commitment : digest == blob.id.digest;
}

std::string body_of(const Manifest& manifest) {
  Json inputs = Json::array(), blobs = Json::array();
  for (const AssetId& input : manifest.inputs) inputs.push_back(input.hex());
  for (const BlobRef& blob : manifest.blobs) blobs.push_back(to_json(blob));
  Json json{{"format", kFormat},
            {"kind", manifest.kind},
            {"name", manifest.name},
            {"step", manifest.step},
            {"settings", Json::parse(manifest.settings, nullptr, false)},
            {"properties", Json::parse(manifest.properties, nullptr, false)},
            {"inputs", std::move(inputs)},
            {"blobs", std::move(blobs)},
            {"permit", manifest.permit.hex()},
            {"actor", manifest.actor},
            {"created_ms", to_ms(manifest.created)},
            {"author", manifest.author.hex()},
            {"nonce", to_hex(manifest.nonce)}};
  if (manifest.declared) json["declared"] = to_json(*manifest.declared);
  if (manifest.restriction) json["restriction"] = to_json(*manifest.restriction);
  return canonical(json);
}

AssetId id_of_body(std::string_view body) {
  return {sha256(body)};
}

Status check(const Manifest& manifest) {
  CAIRN_TRY(check_word("kind", manifest.kind));
  CAIRN_TRY(check_word("step", manifest.step));
  if (manifest.name.empty() || !is_plain_text(manifest.name, 200))
    return fail(ErrorCode::invalid, "name: expected 1 to 200 bytes of UTF-8 without control characters");
  if (manifest.actor.empty() || !is_plain_text(manifest.actor, 64))
    return fail(ErrorCode::invalid, "actor: expected 1 to 64 bytes of UTF-8 without control characters");
  CAIRN_TRY(check_object("settings", manifest.settings));
  CAIRN_TRY(check_object("properties", manifest.properties));
  if (std::adjacent_find(manifest.inputs.begin(), manifest.inputs.end(), std::greater_equal<>()) !=
      manifest.inputs.end())
    return fail(ErrorCode::invalid, "inputs: expected ascending ids, each once");
  for (std::size_t i = 0; i < manifest.blobs.size(); ++i) {
    CAIRN_TRY(check_word("role", manifest.blobs[i].role));
    if (i > 0 && manifest.blobs[i - 1].role >= manifest.blobs[i].role)
      return fail(ErrorCode::invalid, "blobs: expected ascending roles, each once; \"{}\" follows \"{}\"",
                  manifest.blobs[i].role, manifest.blobs[i - 1].role);
  }
  if (manifest.declared && !manifest.inputs.empty())
    return fail_with_hint(ErrorCode::invalid,
                          "declared: an asset made from others inherits its permit and declares none",
                          "to narrow what is inherited, add a restriction");
  CAIRN_TRY(check_declared("declared", manifest.declared));
  return check_declared("restriction", manifest.restriction);
}

Result<Manifest> parse_manifest(std::string_view body) {
  CAIRN_ASSIGN(const Json json, parse_json(body));
  CAIRN_ASSIGN(Manifest manifest, manifest_from(json));
  if (auto checked = check(manifest); !checked) return fail(ErrorCode::malformed, "{}", checked.error().message);
  if (body_of(manifest) != body)
    return fail(ErrorCode::malformed, "not in canonical form, or with fields that a manifest does not have");
  return manifest;
}

}  // namespace cairn::ledger
