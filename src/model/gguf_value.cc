#include <array>

#include "model/gguf.h"

namespace cairn::model {

std::string_view name_of(GgufKind kind) {
  constexpr std::array<std::string_view, 13> kNames = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                       "bool", "string", "array", "u64", "i64", "f64"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : "?";
}

GgufValue gguf_u32(std::uint32_t value) {
  return {GgufKind::u32, std::int64_t{value}};
}
GgufValue gguf_f32(float value) {
  return {GgufKind::f32, double{value}};
}
GgufValue gguf_bool(bool value) {
  return {GgufKind::boolean, value};
}
GgufValue gguf_string(std::string value) {
  return {GgufKind::string, std::move(value)};
}
GgufValue gguf_strings(std::vector<std::string> values) {
  return {GgufKind::array, GgufArray{GgufKind::string, std::move(values)}};
}
GgufValue gguf_i32s(std::vector<std::int64_t> values) {
  return {GgufKind::array, GgufArray{GgufKind::i32, std::move(values)}};
}

GgufValue gguf_f32s(std::vector<double> values) {
  return {GgufKind::array, GgufArray{GgufKind::f32, std::move(values)}};
}

const GgufValue* GgufFile::find(std::string_view key) const {
  for (const auto& [name, value] : metadata) {
    if (name == key) return &value;
  }
  return nullptr;
}

namespace {

Result<const GgufValue*> required(const GgufFile& file, std::string_view key) {
  if (const GgufValue* found = file.find(key)) return found;
  return fail(ErrorCode::unsupported, "GGUF: the key '{}' is missing", key);
}

tl::unexpected<Error> wrong_kind(std::string_view key, const GgufValue& value, const char* expected) {
  return fail(ErrorCode::malformed, "GGUF: '{}' is of kind {}, expected {}", key, name_of(value.kind), expected);
}

}  // namespace

Result<std::uint64_t> GgufFile::natural(std::string_view key) const {
  CAIRN_ASSIGN(const GgufValue* found, required(*this, key));
  if (const auto* wide = std::get_if<std::uint64_t>(&found->value)) return *wide;
  const auto* value = std::get_if<std::int64_t>(&found->value);
  if (!value) return wrong_kind(key, *found, "a whole number");
  if (*value < 0) return fail(ErrorCode::malformed, "GGUF: '{}' is {}, expected 0 or more", key, *value);
  return static_cast<std::uint64_t>(*value);
}

Result<double> GgufFile::real(std::string_view key) const {
  CAIRN_ASSIGN(const GgufValue* found, required(*this, key));
  if (const auto* value = std::get_if<double>(&found->value)) return *value;
  return wrong_kind(key, *found, "f32 or f64");
}

Result<bool> GgufFile::boolean(std::string_view key) const {
  CAIRN_ASSIGN(const GgufValue* found, required(*this, key));
  if (const auto* value = std::get_if<bool>(&found->value)) return *value;
  return wrong_kind(key, *found, "bool");
}

Result<std::string> GgufFile::text(std::string_view key) const {
  CAIRN_ASSIGN(const GgufValue* found, required(*this, key));
  if (const auto* value = std::get_if<std::string>(&found->value)) return *value;
  return wrong_kind(key, *found, "a string");
}

}  // namespace cairn::model
