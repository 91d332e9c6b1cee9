// Settings as JSON, from one list of fields: a struct's fields(self, visit) names each once, FieldWriter and
// FieldReader do the rest. Strict: a missing, unknown or ill-typed key is an error that names it. Include in .cc files
// only: it brings the JSON library.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/json.h"

namespace cairn::model {

// An enumeration whose values have words: names_of(value), found by argument, lists them in the order of the values.
template <class T>
concept Worded = std::is_enum_v<T> && requires(T value) {
  { names_of(value) } -> std::convertible_to<std::span<const std::string_view>>;
};

class FieldWriter {
 public:
  void operator()(const char* key, const std::string& value) { object_[key] = value; }
  void operator()(const char* key, bool value) { object_[key] = value; }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void operator()(const char* key, T value) { object_[key] = value; }
  template <Worded T>
  void operator()(const char* key, T value) {
    object_[key] = std::string(names_of(value)[static_cast<std::size_t>(value)]);
  }
  // The shortest decimal that reads back as the same float: 0.001, not 0.0010000000474974513.
  void operator()(const char* key, float value) {
    const double brief = std::strtod(fmt::format("{}", value).c_str(), nullptr);
    object_[key] = static_cast<float>(brief) == value ? brief : static_cast<double>(value);
  }
  const Json& object() const { return object_; }

 private:
  Json object_ = Json::object();
};

class FieldReader {
 public:
  FieldReader(const Json& object, std::string_view what) : object_(object), what_(what) {}

  void operator()(const char* key, std::string& value) {
    if (const Json* found = field(key, "a string", &Json::is_string)) value = found->get<std::string>();
  }
  void operator()(const char* key, bool& value) {
    if (const Json* found = field(key, "true or false", &Json::is_boolean)) value = found->get<bool>();
  }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void operator()(const char* key, T& value) {
    const Json* found = field(key, "a whole number that is not negative", &Json::is_number_unsigned);
    if (!found) return;
    const auto wide = found->get<std::uint64_t>();
    if (wide > std::numeric_limits<T>::max()) {
      note(fmt::format("'{}' is {}, above {}", key, wide, std::numeric_limits<T>::max()));
      return;
    }
    value = static_cast<T>(wide);
  }
  void operator()(const char* key, float& value) {
    const Json* found = field(key, "a number", &Json::is_number);
    if (!found) return;
    const double wide = found->get<double>();
    if (!(std::fabs(wide) <= static_cast<double>(std::numeric_limits<float>::max()))) {
      note(fmt::format("'{}' is out of the range of a 32-bit float", key));
      return;
    }
    value = static_cast<float>(wide);
  }

  template <Worded T>
  void operator()(const char* key, T& value) {
    const Json* found = field(key, "a string", &Json::is_string);
    if (!found) return;
    const std::span<const std::string_view> names = names_of(value);
    const auto& word = found->get_ref<const std::string&>();
    const auto at = std::ranges::find(names, word);
    if (at == names.end()) {
      note(fmt::format("'{}' is '{}', expected one of {}", key, word.substr(0, 64), fmt::join(names, ", ")));
      return;
    }
    value = static_cast<T>(at - names.begin());
  }

  // malformed with the first thing that was wrong.
  Status finish() {
    if (problem_.empty() && object_.size() != seen_.size()) {
      for (const auto& item : object_.items()) {
        if (!seen_.contains(item.key())) {
          note(fmt::format("unknown key '{}'", item.key()));
          break;
        }
      }
    }
    if (!problem_.empty()) return fail(ErrorCode::malformed, "{}: {}", what_, problem_);
    return {};
  }

 private:
  const Json* field(const char* key, std::string_view expected, bool (Json::*is)() const noexcept) {
    const auto at = object_.find(key);
    if (at == object_.end()) {
      note(fmt::format("'{}' is missing", key));
      return nullptr;
    }
    seen_[key] = true;
    if (!((*at).*is)()) {
      note(fmt::format("'{}': expected {}, got {}", key, expected, at->type_name()));
      return nullptr;
    }
    return &*at;
  }
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  const Json& object_;
  std::string what_;
  Json seen_ = Json::object();
  std::string problem_;
};

template <class T>
std::string fields_to_json(const T& value) {
  FieldWriter writer;
  fields(value, writer);
  return canonical(writer.object());
}

// `what` names the thing in messages: "model configuration".
template <class T>
Result<T> fields_from_json(std::string_view text, std::string_view what) {
  auto json = parse_json(text);
  if (!json) return fail(std::move(json).error().within(what));
  if (!json->is_object()) return fail(ErrorCode::malformed, "{}: expected an object, got {}", what, json->type_name());
  T value;
  FieldReader reader(*json, what);
  fields(value, reader);
  CAIRN_TRY(reader.finish());
  return value;
}

}  // namespace cairn::model
