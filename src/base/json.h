// JSON at the edges: strict parsing with place, and canonical text (sorted keys, no spaces) as the bytes that are hashed and signed.
// Not a data model: code turns JSON into its own types at once.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace cairn {

using Json = nlohmann::json;  // objects keep their keys sorted, so dump() is canonical

// malformed: not JSON, deeper than 64 levels or followed by something; the message has line and column.
Result<Json> parse_json(std::string_view text);

inline std::string canonical(const Json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Typed look-ups in an object for hostile input: malformed with the key, the type expected and the type got.
Result<std::string> get_string(const Json& object, const char* key);
Result<std::int64_t> get_int(const Json& object, const char* key);
Result<std::uint64_t> get_natural(const Json& object, const char* key);  // whole, 0 or more
Result<std::uint32_t> get_u32(const Json& object, const char* key);
Result<double> get_number(const Json& object, const char* key);
Result<bool> get_bool(const Json& object, const char* key);
Result<Digest> get_digest(const Json& object, const char* key);
Result<const Json*> get_object(const Json& object, const char* key);  // points into the argument
Result<const Json*> get_array(const Json& object, const char* key);

}  // namespace cairn
