// What the readers of tokenizer.json's words share. Include in .cc files only: it brings the JSON library.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace cairn::text {

inline tl::unexpected<Error> unsupported_part(std::string_view part, const Json& what) {
  return fail(ErrorCode::unsupported, "\"{}\" {}", part, canonical(what).substr(0, 96));
}

// The "type" of a part; empty where it has none.
inline std::string type_of(const Json& part) {
  const auto type = part.is_object() ? part.find("type") : part.end();
  return part.is_object() && type != part.end() && type->is_string() ? type->get<std::string>() : "";
}

// The parts of a sequence, one behind the other, under the key `list`; of anything else that one; of null none. They
// are `value`'s own.
inline Result<std::vector<const Json*>> parts_of(const Json& value, const char* list) {
  std::vector<const Json*> out;
  if (value.is_null()) return out;
  if (type_of(value) != "Sequence") return std::vector<const Json*>{&value};
  CAIRN_ASSIGN(const Json* parts, get_array(value, list));
  for (const Json& part : *parts) out.push_back(&part);
  return out;
}

}  // namespace cairn::text
