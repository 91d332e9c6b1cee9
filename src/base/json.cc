#include "base/json.h"

namespace cairn {
namespace {

constexpr int kDeepest = 64;

Result<const Json*> member(const Json& object, const char* key, const char* expected, bool (*fits)(const Json&)) {
  if (!object.is_object()) return fail(ErrorCode::malformed, "expected an object with \"{}\", got {}", key, object.type_name());
  const auto it = object.find(key);
  if (it == object.end()) return fail(ErrorCode::malformed, "\"{}\" is missing (expected {})", key, expected);
  if (!fits(*it)) return fail(ErrorCode::malformed, "\"{}\": expected {}, got {}", key, expected, it->type_name());
  return &*it;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  const auto callback = [&too_deep](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) too_deep = true;
    return !too_deep;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), callback);
    if (too_deep) return fail(ErrorCode::malformed, "JSON nested deeper than {} levels", kDeepest);
    return json;
  } catch (const Json::parse_error& error) {
    const std::size_t end = std::min(text.size(), error.byte > 0 ? error.byte - 1 : 0);
    std::size_t line = 1, column = 1;
    for (std::size_t i = 0; i < end; ++i) {
      column = text[i] == '\n' ? 1 : column + 1;
      line += text[i] == '\n';
    }
    return fail(ErrorCode::malformed, "not JSON: line {}, column {}", line, column);
  } catch (const Json::out_of_range&) {  // 1e999: no parse_error in this library
    return fail(ErrorCode::malformed, "not JSON: a number beyond the range of a double");
  }
}

Result<std::string> get_string(const Json& object, const char* key) {
  CAIRN_ASSIGN(const Json* value, member(object, key, "a string", [](const Json& j) { return j.is_string(); }));
  return value->get<std::string>();
}

Result<std::int64_t> get_int(const Json& object, const char* key) {
  CAIRN_ASSIGN(const Json* value, member(object, key, "a whole number", [](const Json& j) { return j.is_number_integer(); }));
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
    return fail(ErrorCode::malformed, "\"{}\": {} is too large", key, value->get<std::uint64_t>());
  return value->get<std::int64_t>();
}

Result<std::uint64_t> get_natural(const Json& object, const char* key) {
  CAIRN_ASSIGN(const std::int64_t value, get_int(object, key));
  if (value < 0) return fail(ErrorCode::malformed, "\"{}\": expected 0 or more, got {}", key, value);
  return static_cast<std::uint64_t>(value);
}

Result<std::uint32_t> get_u32(const Json& object, const char* key) {
  CAIRN_ASSIGN(const std::uint64_t value, get_natural(object, key));
  if (value > UINT32_MAX) return fail(ErrorCode::malformed, "\"{}\": {} is too large", key, value);
  return static_cast<std::uint32_t>(value);
}

Result<double> get_number(const Json& object, const char* key) {
  CAIRN_ASSIGN(const Json* value, member(object, key, "a number", [](const Json& j) { return j.is_number(); }));
  return value->get<double>();
}

Result<bool> get_bool(const Json& object, const char* key) {
  CAIRN_ASSIGN(const Json* value, member(object, key, "true or false", [](const Json& j) { return j.is_boolean(); }));
  return value->get<bool>();
}

Result<Digest> get_digest(const Json& object, const char* key) {
  CAIRN_ASSIGN(const std::string hex, get_string(object, key));
  Digest out;
  if (auto read = from_hex(hex, out.bytes); !read)
    return fail(std::move(read).error().within(fmt::format("\"{}\"", key)));
  return out;
}

Result<const Json*> get_object(const Json& object, const char* key) {
  return member(object, key, "an object", [](const Json& j) { return j.is_object(); });
}

Result<const Json*> get_array(const Json& object, const char* key) {
  return member(object, key, "an array", [](const Json& j) { return j.is_array(); });
}

}  // namespace cairn
