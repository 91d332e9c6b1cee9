#include "eval/spec.h"

#include <cmath>

namespace cairn::eval {
namespace {

constexpr std::size_t kMostRows = 100'000;

// One list of fields per record; the writer and the reader both walk it, so they cannot differ.
template <class V>
void fields(V& v, Interval& x) {
  v("value", x.value), v("low", x.low), v("high", x.high);
}
template <class V>
void fields(V& v, BiasFigure& x) {
  v("pairs", x.pairs), v("ties", x.ties), v("share", x.share);
  v("difference_nats", x.difference), v("warning", x.warning);
}
template <class V>
void fields(V& v, BiasReport& x) {
  v("all", x.all), v("by_kind", x.by_kind);
}
template <class V>
void fields(V& v, SpecUse& x) {
  v("use", x.use), v("answer", x.answer), v("reason", x.reason);
}
template <class V>
void fields(V& v, SpecData& x) {
  v("source", x.source), v("licence", x.licence), v("where", x.where), v("reason", x.reason);
  v("documents", x.documents), v("bytes", x.bytes);
}
template <class V>
void fields(V& v, SpecContributor& x) {
  v("name", x.name), v("units", x.units), v("tokens", x.tokens), v("note", x.note);
}
template <class V>
void fields(V& v, SpecTraining& x) {
  v("parameters", x.parameters), v("tokens", x.tokens), v("rounds", x.rounds);
  v("contributions", x.contributions), v("replayed", x.replayed), v("refused", x.refused);
  v("seconds", x.seconds), v("settings", x.settings), v("contributors", x.contributors);
}
template <class V>
void fields(V& v, SpecEnergy& x) {
  v("joules", x.joules), v("cpu_seconds", x.cpu_seconds), v("measured", x.measured), v("method", x.method);
}
template <class V>
void fields(V& v, SpecValue& x) {
  v("name", x.name), v("value", x.value);
}
template <class V>
void fields(V& v, SpecMeasure& x) {
  v("name", x.name), v("unit", x.unit), v("value", x.value), v("interval", x.interval);
  v("less_is_better", x.less_is_better), v("beside", x.beside), v("note", x.note);
}
template <class V>
void fields(V& v, SpecModule& x) {
  v("name", x.name), v("asset", x.asset), v("data", x.data);
  v("may", x.may), v("may_not", x.may_not), v("adds", x.adds);
}
template <class V>
void fields(V& v, SpecDuty& x) {
  v("name", x.name), v("text", x.text);
}
template <class V>
void fields(V& v, SpecCheck& x) {
  v("claim", x.claim), v("command", x.command);
}
template <class V>
void fields(V& v, Spec& x) {
  v("name", x.name), v("version", x.version), v("created", x.created), v("maker", x.maker);
  v("asset", x.asset), v("model_digest", x.model_digest), v("licence", x.licence);
  v("summary", x.summary), v("uses", x.uses), v("data", x.data), v("training", x.training), v("energy", x.energy);
  v("measures", x.measures), v("bias", x.bias), v("limits", x.limits), v("modules", x.modules);
  v("duties", x.duties), v("log_root", x.log_root), v("log_size", x.log_size), v("verify", x.verify);
}

class Writer {
 public:
  template <class T>
  void operator()(const char* key, T& value) {
    json_[key] = write(value);
  }
  Json take() { return std::move(json_); }

 private:
  static Json write(std::string& x) { return x; }
  static Json write(std::uint64_t& x) { return x; }
  static Json write(bool& x) { return x; }
  static Json write(double& x) { return std::isfinite(x) ? Json(x) : Json(); }
  template <class T>
  static Json write(std::optional<T>& x) {
    return x ? write(*x) : Json();
  }
  template <class T>
  static Json write(std::vector<T>& x) {
    Json out = Json::array();
    for (T& one : x) out.push_back(write(one));
    return out;
  }
  template <class T>
  static Json write(std::map<std::string, T>& x) {
    Json out = Json::object();
    for (auto& [key, one] : x) out[key] = write(one);
    return out;
  }
  template <class T>
  static Json write(T& x) {
    Writer writer;
    fields(writer, x);
    return writer.take();
  }

  Json json_ = Json::object();
};

class Reader {
 public:
  Reader(const Json& json, std::string place, std::string& error)
      : json_(json), place_(std::move(place)), error_(error) {
    if (!json.is_object()) refuse(place_, "an object", json);
  }

  template <class T>
  void operator()(const char* key, T& value) {
    if (!error_.empty()) return;
    const std::string place = place_.empty() ? key : place_ + "." + key;
    const auto it = json_.find(key);
    if (it == json_.end()) {
      error_ = fmt::format("{}: missing", place);
    } else {
      read(*it, place, value);
    }
  }

 private:
  void refuse(const std::string& place, const char* expected, const Json& got) {
    if (error_.empty())
      error_ = fmt::format("{}: expected {}, got {}", place.empty() ? "the spec" : place, expected, got.type_name());
  }
  void read(const Json& json, const std::string& place, std::string& x) {
    json.is_string() ? void(x = json.get<std::string>()) : refuse(place, "a string", json);
  }
  void read(const Json& json, const std::string& place, std::uint64_t& x) {
    json.is_number_unsigned() ? void(x = json.get<std::uint64_t>())
                              : refuse(place, "a whole number of 0 or more", json);
  }
  void read(const Json& json, const std::string& place, bool& x) {
    json.is_boolean() ? void(x = json.get<bool>()) : refuse(place, "true or false", json);
  }
  void read(const Json& json, const std::string& place, double& x) {
    json.is_number() ? void(x = json.get<double>()) : refuse(place, "a number", json);
  }
  template <class T>
  void read(const Json& json, const std::string& place, std::optional<T>& x) {
    if (!json.is_null()) read(json, place, x.emplace());
  }
  template <class T>
  void read(const Json& json, const std::string& place, std::vector<T>& x) {
    if (!json.is_array()) return refuse(place, "an array", json);
    if (json.size() > kMostRows) {
      error_ = fmt::format("{}: {} rows, at most {} are read", place, json.size(), kMostRows);
      return;
    }
    for (std::size_t i = 0; i < json.size() && error_.empty(); ++i)
      read(json[i], fmt::format("{}[{}]", place, i), x.emplace_back());
  }
  template <class T>
  void read(const Json& json, const std::string& place, std::map<std::string, T>& x) {
    if (!json.is_object()) return refuse(place, "an object", json);
    for (const auto& [key, one] : json.items()) read(one, fmt::format("{}.{}", place, key), x[key]);
  }
  template <class T>
  void read(const Json& json, const std::string& place, T& x) {
    Reader inner(json, place, error_);
    fields(inner, x);
  }

  const Json& json_;
  std::string place_;
  std::string& error_;
};

}  // namespace

Json to_json(const Spec& spec) {
  Spec copy = spec;  // the walk over the fields takes them as variables, for the reader's sake
  Writer writer;
  fields(writer, copy);
  return writer.take();
}

Result<Spec> read_spec(const Json& json) {
  Spec spec;
  std::string error;
  Reader reader(json, "", error);
  fields(reader, spec);
  for (std::size_t i = 0; i < spec.uses.size() && error.empty(); ++i) {
    const std::string& answer = spec.uses[i].answer;
    if (answer != "allowed" && answer != "denied" && answer != "unknown")
      error = fmt::format("uses[{}].answer: expected allowed, denied or unknown, got \"{}\"", i, answer);
  }
  if (!error.empty()) return fail(ErrorCode::malformed, "{}", error);
  return spec;
}

Result<BiasReport> read_bias(const Json& json) {
  BiasReport report;
  std::string error;
  Reader reader(json, "bias", error);
  fields(reader, report);
  if (!error.empty()) return fail(ErrorCode::malformed, "{}", error);
  return report;
}

}  // namespace cairn::eval
