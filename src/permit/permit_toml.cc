// The TOML that people write (docs/formats/permit.md), read with the place of every mistake.
#include <toml++/toml.h>

#include "permit/licence.h"
#include "permit/permit.h"
#include "permit/toml_place.h"

namespace cairn::permit {
namespace {

constexpr std::size_t kLongestFile = 1 << 20;
constexpr std::size_t kMostTables = 256;

class PermitReader {
 public:
  PermitReader(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Result<Permit> read(const toml::table& root) {
    CAIRN_TRY(only_keys(root, {"title", "by", "licence", "outgoing", "allow", "deny", "duty"}));
    Declaration declaration;
    CAIRN_ASSIGN(declaration.name, text(root, "title"));
    if (declaration.name.empty())
      return fail(error_at(text_, where_, 1, 1, "a permit needs a title", "begin with: title = \"Letters of ...\""));
    Source source{std::string(where_), {}, {}};
    CAIRN_ASSIGN(source.by, text(root, "by"));
    CAIRN_TRY(tables(root, "allow", [&](const toml::table& table, const std::string& field) {
      return clause(table, Effect::allow, field, declaration);
    }));
    CAIRN_TRY(tables(root, "deny", [&](const toml::table& table, const std::string& field) {
      return clause(table, Effect::deny, field, declaration);
    }));
    CAIRN_TRY(
        tables(root, "duty", [&](const toml::table& table, const std::string&) { return duty(table, declaration); }));
    CAIRN_TRY(outgoing(root, declaration));
    if (declaration.clauses.empty() && !root.contains("licence"))
      return fail(error_at(text_, where_, 1, 1, "a permit needs at least one [[allow]] or [[deny]], or a licence",
                           "everything that no clause allows is refused"));
    return with_licence(root, std::move(declaration), std::move(source));
  }

 private:
  tl::unexpected<Error> at(const toml::source_region& place, std::string_view message, std::string hint = {}) const {
    return fail(error_at(text_, where_, place.begin.line, place.begin.column, message, std::move(hint)));
  }

  Status only_keys(const toml::table& table, std::initializer_list<std::string_view> known) const {
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      const Tree words = Tree::of({known.begin(), known.end()});
      const std::string near = words.suggest(key.str());
      return at(key.source(), fmt::format("unknown key \"{}\"", key.str().substr(0, 64)),
                near.empty() ? fmt::format("known here: {}", fmt::join(known, ", "))
                             : fmt::format("did you mean \"{}\"?", near));
    }
    return {};
  }

  Result<std::string> text(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (!node) return std::string();
    if (const auto* value = node->as_string()) return value->get();
    return at(node->source(), fmt::format("\"{}\": expected a text", key));
  }

  // A text or a list of texts.
  Result<std::vector<std::pair<std::string, toml::source_region>>> texts(const toml::table& table,
                                                                         std::string_view key) const {
    std::vector<std::pair<std::string, toml::source_region>> out;
    const toml::node* node = table.get(key);
    if (!node) return out;
    if (const auto* value = node->as_string()) {
      out.emplace_back(value->get(), node->source());
      return out;
    }
    const toml::array* list = node->as_array();
    if (!list || list->empty())
      return at(node->source(), fmt::format("\"{}\": expected a text or a list of texts", key));
    for (const toml::node& one : *list) {
      if (!one.is_string()) return at(one.source(), fmt::format("\"{}\": expected a text", key));
      out.emplace_back(one.as_string()->get(), one.source());
    }
    return out;
  }

  Result<std::optional<Day>> day(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (!node) return std::optional<Day>();
    if (const auto* date = node->as_date()) {
      const toml::date d = date->get();
      auto parsed = parse_day(fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day));
      if (parsed) return std::optional<Day>(*parsed);
    }
    return at(node->source(), fmt::format("\"{}\": expected a day such as 2027-12-31, without quotes", key));
  }

  Result<std::vector<std::string>> terms(const toml::table& table, Dimension d) const {
    CAIRN_ASSIGN(const auto named, texts(table, name_of(d)));
    std::vector<std::string> out;
    const Tree& tree = Vocabulary::standard().tree(d);
    for (const auto& [name, place] : named) {
      if (tree.find(name).empty()) {
        const std::string near = tree.suggest(name);
        return at(place, fmt::format("unknown {} \"{}\"", name_of(d), name.substr(0, 128)),
                  near.empty() ? std::string() : fmt::format("did you mean \"{}\"?", near));
      }
      out.push_back(name);
    }
    return out;
  }

  template <class Read>
  Status tables(const toml::table& root, std::string_view key, const Read& read) const {
    const toml::node* node = root.get(key);
    if (!node) return {};
    const toml::array* list = node->as_array();
    if (!list) return at(node->source(), fmt::format("\"{}\": expected tables", key), fmt::format("write [[{}]]", key));
    if (list->size() > kMostTables)
      return at(node->source(), fmt::format("{} times [[{}]], at most {} are taken", list->size(), key, kMostTables));
    for (std::size_t i = 0; i < list->size(); ++i) {
      const toml::table* table = list->get(i)->as_table();
      if (!table) return at(list->get(i)->source(), fmt::format("\"{}\": expected a table", key));
      CAIRN_TRY(read(*table, fmt::format("{}[{}] at line {}", key, i + 1, table->source().begin.line)));
    }
    return {};
  }

  Status clause(const toml::table& table, Effect effect, const std::string& field, Declaration& into) const {
    if (effect == Effect::allow)
      CAIRN_TRY(only_keys(table, {"action", "task", "purpose", "audience", "place", "from", "until", "conditions",
                                  "revocable", "why"}));
    else
      CAIRN_TRY(only_keys(table, {"action", "task", "purpose", "audience", "place", "from", "until", "why"}));
    Clause out;
    out.effect = effect;
    out.field = field;
    for (const Dimension d : kDimensions) {
      CAIRN_ASSIGN(out.terms[static_cast<std::size_t>(d)], terms(table, d));
    }
    CAIRN_ASSIGN(out.from, day(table, "from"));
    CAIRN_ASSIGN(out.until, day(table, "until"));
    if (out.from && out.until && *out.until < *out.from)
      return at(table.get("until")->source(),
                fmt::format("it ends on {}, before it begins on {}", to_text(*out.until), to_text(*out.from)));
    CAIRN_ASSIGN(const auto conditions, texts(table, "conditions"));
    for (const auto& [condition, place] : conditions) out.conditions.push_back(condition);
    if (const toml::node* node = table.get("revocable")) {
      if (!node->is_boolean()) return at(node->source(), "\"revocable\": expected true or false");
      out.revocable = node->as_boolean()->get() ? Revocable::yes : Revocable::no;
    }
    CAIRN_ASSIGN(out.ground, text(table, "why"));
    into.clauses.push_back(std::move(out));
    return {};
  }

  Status duty(const toml::table& table, Declaration& into) const {
    CAIRN_TRY(only_keys(table, {"kind", "text", "on"}));
    Duty out;
    CAIRN_ASSIGN(const std::string kind, text(table, "kind"));
    auto known = duty_kind_of(kind);
    if (!known)
      return at(table.get("kind") ? table.get("kind")->source() : table.source(), known.error().message,
                known.error().hint);
    out.kind = *known;
    CAIRN_ASSIGN(out.text, text(table, "text"));
    CAIRN_ASSIGN(const auto actions, texts(table, "on"));
    for (const auto& [action, place] : actions) {
      if (Vocabulary::standard().tree(Dimension::action).find(action).empty())
        return at(place, fmt::format("unknown action \"{}\"", action.substr(0, 128)));
      out.on.push_back(action);
    }
    into.duties.push_back(std::move(out));
    return {};
  }

  Status outgoing(const toml::table& root, Declaration& into) const {
    CAIRN_ASSIGN(const auto named, texts(root, "outgoing"));
    if (named.empty()) return {};
    std::vector<std::string> ids;
    for (const auto& [name, place] : named) {
      const Licence* licence = find_licence(name);
      if (!licence) return at(place, fmt::format("unknown licence \"{}\"", name.substr(0, 128)));
      ids.push_back(licence->id);
    }
    into.outgoing = OutgoingLicences::only(std::move(ids));
    into.outgoing_ground = "outgoing";
    return {};
  }

  // A permit may stand on a licence beside its own clauses: then both hold.
  Result<Permit> with_licence(const toml::table& root, Declaration declaration, Source source) const {
    CAIRN_ASSIGN(const std::string expression, text(root, "licence"));
    if (expression.empty()) return Permit::declared(std::move(declaration), std::move(source));
    Source licence_source = source;
    licence_source.field = "licence";
    auto licence = read_licence_expression(expression, std::move(licence_source));
    if (!licence) return at(root.get("licence")->source(), licence.error().message, licence.error().hint);
    if (!licence->unknown_names.empty())
      return at(root.get("licence")->source(), fmt::format("unknown licence \"{}\"", licence->unknown_names[0]));
    if (declaration.clauses.empty()) return std::move(licence->permit);
    // Its own clauses only restrict what the licence grants: what they do not deny stays as the licence has it.
    const bool grants = std::any_of(declaration.clauses.begin(), declaration.clauses.end(),
                                    [](const Clause& c) { return c.effect == Effect::allow; });
    if (!grants)
      declaration.clauses.push_back(
          Clause{Effect::allow, {}, {}, {}, {}, {}, "as far as the licence allows", {}, "licence"});
    CAIRN_ASSIGN(const Permit own, Permit::declared(std::move(declaration), std::move(source)));
    const std::array both{own, licence->permit};
    return meet(both);
  }

  std::string_view text_, where_;
};

}  // namespace

Result<Permit> permit_from_toml(std::string_view toml, std::string_view where) try {
  if (toml.size() > kLongestFile)
    return fail(ErrorCode::malformed, "{}: a permit of {} bytes, at most {} are taken", where, toml.size(),
                kLongestFile);
  const toml::table root = toml::parse(toml);
  return PermitReader(toml, where).read(root);
} catch (const toml::parse_error& error) {
  return fail(error_at(toml, where, error.source().begin.line, error.source().begin.column, error.description()));
}

}  // namespace cairn::permit
