#include "permit/licence.h"

#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/ascii.h"
#include "embedded/permit.h"
#include "permit/licence_catalogue.h"
#include "permit/licence_expression.h"
#include "permit/toml_place.h"

namespace cairn::permit {
namespace {

// Reads the catalogue's tables. Every mistake has its place: the catalogue is data that people edit.
class CatalogueReader {
 public:
  CatalogueReader(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Result<LicenceCatalogue> read(const toml::table& root) {
    const toml::array* list = root["licence"].as_array();
    if (!list) return fail(error_at(text_, where_, 1, 1, "no [[licence]]"));
    stance_ = root["stance"]["copyleft"].value_or(std::string());
    LicenceCatalogue out;
    for (const toml::node& node : *list) CAIRN_TRY(licence(node, out));
    if (const toml::array* names = root["exceptions"]["names"].as_array())
      for (const toml::node& name : *names) out.exceptions.insert(lower(name.value_or(std::string())));
    std::sort(out.licences.begin(), out.licences.end(), [](const Licence& a, const Licence& b) { return a.id < b.id; });
    for (std::size_t i = 0; i < out.licences.size(); ++i) {
      Licence& one = out.licences[i];
      CAIRN_TRY(name(out, one.id, i));
      for (const std::string& other : one.names) CAIRN_TRY(name(out, other, i));
      constexpr std::string_view kLater = "-or-later";
      if (one.id.ends_with(kLater)) {
        const std::string stem = one.id.substr(0, one.id.size() - kLater.size());
        out.by_name.emplace(lower(stem + "+"), i);
      }
      if (one.id.ends_with("-only")) out.by_name.emplace(lower(one.id.substr(0, one.id.size() - 5)), i);
    }
    CAIRN_TRY(outgoing(out));
    CAIRN_TRY(choices(out));
    return out;
  }

 private:
  tl::unexpected<Error> at(const toml::node& node, std::string_view message) const {
    return fail(error_at(text_, where_, node.source().begin.line, node.source().begin.column, message));
  }

  Status name(LicenceCatalogue& out, const std::string& spelling, std::size_t i) const {
    const auto [entry, fresh] = out.by_name.emplace(lower(spelling), i);
    if (fresh || entry->second == i) return {};
    return fail(ErrorCode::malformed, "{}: \"{}\" names both {} and {}", where_, spelling,
                out.licences[entry->second].id, out.licences[i].id);
  }

  Result<std::vector<std::string>> texts(const toml::table& table, std::string_view key) const {
    std::vector<std::string> out;
    const toml::node* node = table.get(key);
    if (!node) return out;
    const toml::array* list = node->as_array();
    if (!list) return at(*node, fmt::format("\"{}\": expected a list of texts", key));
    for (const toml::node& one : *list) {
      const auto value = one.value<std::string>();
      if (!value) return at(one, fmt::format("\"{}\": expected a text", key));
      out.push_back(*value);
    }
    return out;
  }

  Status clauses(const toml::table& table, Effect effect, Declaration& into) const {
    const toml::array* list = table[effect == Effect::allow ? "allow" : "deny"].as_array();
    if (!list) return {};
    for (const toml::node& node : *list) {
      const toml::table* row = node.as_table();
      if (!row) return at(node, "expected a clause");
      Clause clause;
      clause.effect = effect;
      for (const Dimension d : kDimensions) {
        CAIRN_ASSIGN(clause.terms[static_cast<std::size_t>(d)], texts(*row, name_of(d)));
      }
      clause.ground = (*row)["ground"].value_or(std::string());
      if (clause.ground.empty()) return at(node, "a clause without the section that grounds it");
      if (const auto revocable = (*row)["revocable"].value<bool>())
        clause.revocable = *revocable ? Revocable::yes : Revocable::no;
      into.clauses.push_back(std::move(clause));
    }
    return {};
  }

  Status duties(const toml::table& table, Declaration& into) const {
    const toml::array* list = table["duty"].as_array();
    if (!list) return {};
    for (const toml::node& node : *list) {
      const toml::table* row = node.as_table();
      if (!row) return at(node, "expected a duty");
      Duty duty;
      auto kind = duty_kind_of((*row)["kind"].value_or(std::string()));
      if (!kind) return at(node, kind.error().message);
      duty.kind = *kind;
      duty.text = (*row)["text"].value_or(std::string());
      duty.ground = (*row)["ground"].value_or(std::string());
      CAIRN_ASSIGN(duty.on, texts(*row, "on"));
      into.duties.push_back(std::move(duty));
    }
    return {};
  }

  Status licence(const toml::node& node, LicenceCatalogue& out) {
    const toml::table* table = node.as_table();
    if (!table) return at(node, "expected a licence");
    Licence licence;
    licence.id = (*table)["id"].value_or(std::string());
    licence.title = (*table)["title"].value_or(std::string());
    licence.unknown = (*table)["unknown"].value_or(std::string());
    if (licence.id.empty() || licence.title.empty()) return at(node, "a licence without id or title");
    CAIRN_ASSIGN(licence.names, texts(*table, "names"));
    if (const auto choice = (*table)["choice"].value<std::string>()) {
      choices_.emplace(licence.id, *choice);
    } else {
      Declaration declaration;
      declaration.name = licence.id;
      CAIRN_TRY(clauses(*table, Effect::allow, declaration));
      CAIRN_TRY(clauses(*table, Effect::deny, declaration));
      CAIRN_TRY(duties(*table, declaration));
      if (declaration.clauses.empty()) return at(node, "a licence without a clause");
      if (table->contains("into")) {
        Edges& edges = edges_[licence.id];
        CAIRN_ASSIGN(edges.as, texts(*table, "as"));
        CAIRN_ASSIGN(edges.into, texts(*table, "into"));
        edges.derived = (*table)["derived"].value_or(true);
        declaration.outgoing_ground = (*table)["into_ground"].value_or(std::string());
        declaration.outgoing_stance = stance_;
        if (declaration.outgoing_ground.empty()) return at(node, "\"into\" without the section that grounds it");
      }
      licence.alternatives = {{std::move(declaration)}};
    }
    out.licences.push_back(std::move(licence));
    return {};
  }

  // Follows `as` from each licence to all that it leads to, and adds what each of those may go into.
  Status outgoing(LicenceCatalogue& out) const {
    for (Licence& licence : out.licences) {
      const auto own = edges_.find(licence.id);
      if (own == edges_.end()) continue;
      std::set<std::string> reached, all;
      std::vector<std::string> open{licence.id};
      while (!open.empty()) {
        const std::string id = open.back();
        open.pop_back();
        CAIRN_TRY(is_id(out, licence.id, id));
        if (!reached.insert(id).second) continue;
        all.insert(id);
        const auto edges = edges_.find(id);
        if (edges == edges_.end()) continue;
        open.insert(open.end(), edges->second.as.begin(), edges->second.as.end());
        for (const std::string& into : edges->second.into) {
          CAIRN_TRY(is_id(out, id, into));
          all.insert(into);
        }
      }
      if (!own->second.derived) all.clear();
      licence.alternatives[0][0].outgoing = OutgoingLicences::only({all.begin(), all.end()});
    }
    return {};
  }

  Status is_id(const LicenceCatalogue& out, const std::string& from, const std::string& id) const {
    const auto known = out.by_name.find(lower(id));
    if (known != out.by_name.end() && out.licences[known->second].id == id) return {};
    return fail(ErrorCode::malformed, "{}: {} leads to \"{}\", which is no id", where_, from, id);
  }

  Status choices(LicenceCatalogue& out) const {
    for (const auto& [id, expression] : choices_) {
      const LicenceLookup lookup = [&](std::string_view wanted) { return out.find(wanted); };
      CAIRN_ASSIGN(auto read, parse_licence_expression(expression, lookup, out.exceptions));
      if (read.choices.size() != 1 || !read.unknown_names.empty())
        return fail(ErrorCode::malformed, "{}: {} is no choice between entries: {}", where_, id, expression);
      for (Licence& licence : out.licences)
        if (licence.id == id) licence.alternatives = read.choices[0];
    }
    return {};
  }

  std::string_view text_, where_;
  std::string stance_;
  struct Edges {
    std::vector<std::string> as, into;
    bool derived = true;
  };
  std::map<std::string, Edges> edges_;
  std::map<std::string, std::string> choices_;
};

const LicenceCatalogue& catalogue() {
  static const LicenceCatalogue kCatalogue = [] {
    auto parsed = parse_licence_catalogue(embedded::licences_toml(), "licences.toml");
    CAIRN_CHECK(parsed.has_value());
    return *std::move(parsed);
  }();
  return kCatalogue;
}

}  // namespace

const Licence* LicenceCatalogue::find(std::string_view name) const {
  std::string wanted = lower(name);
  auto at = by_name.find(wanted);
  // "X+" is X or any later version: where there is no such entry, X itself is one of the choices.
  if (at == by_name.end() && wanted.ends_with('+')) at = by_name.find(wanted.substr(0, wanted.size() - 1));
  return at == by_name.end() ? nullptr : &licences[at->second];
}

Result<LicenceCatalogue> parse_licence_catalogue(std::string_view toml, std::string_view where) try {
  const toml::table root = toml::parse(toml);
  return CatalogueReader(toml, where).read(root);
} catch (const toml::parse_error& error) {
  return fail(error_at(toml, where, error.source().begin.line, error.source().begin.column, error.description()));
}

const std::vector<Licence>& licence_catalogue() {
  return catalogue().licences;
}

const Licence* find_licence(std::string_view name) {
  return catalogue().find(name);
}

Result<LicencePermit> read_licence_expression(std::string_view expression, Source source) {
  CAIRN_ASSIGN(auto read, parse_licence_expression(expression, find_licence, catalogue().exceptions));
  std::vector<Ground> grounds;
  for (auto& alternatives : read.choices) grounds.push_back({std::move(alternatives), {source}, false});
  CAIRN_ASSIGN(Permit permit, Permit::from_grounds(std::move(grounds)));
  return LicencePermit{std::move(permit), std::move(read.unknown_names)};
}

Result<Permit> permit_of_licence(std::string_view expression, Source source) {
  CAIRN_ASSIGN(auto read, read_licence_expression(expression, std::move(source)));
  return std::move(read.permit);
}

}  // namespace cairn::permit
