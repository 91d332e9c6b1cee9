// JSON of the values in clause.h, shared by permits and verdicts. Internal to this part; hostile input.
#pragma once

#include "base/json.h"
#include "permit/clause.h"

namespace cairn::permit {

Json json_of(const Source& source);
Result<Source> source_from(const Json& json);
Json json_of(const Duty& duty);
Result<Duty> duty_from(const Json& json);
Json json_of(const Clause& clause);
Result<Clause> clause_from(const Json& json);

// A list of texts under a key, empty where the key is absent; malformed otherwise.
Result<std::vector<std::string>> texts_from(const Json& object, std::string_view key);
// A text under a key, empty where the key is absent; malformed otherwise.
Result<std::string> text_from(const Json& object, std::string_view key);
// A list of objects under a key, empty where absent; malformed otherwise or beyond `at_most`.
Result<const Json*> list_from(const Json& object, std::string_view key, std::size_t at_most);

}  // namespace cairn::permit
