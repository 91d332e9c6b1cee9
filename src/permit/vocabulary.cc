#include "permit/vocabulary.h"

#include <toml++/toml.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "embedded/permit.h"
#include "permit/toml_place.h"

namespace cairn::permit {
namespace {

// Sorts a parent before its children and those before its next sibling: the dot below every other character.
std::string preorder_key(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '.', '\x01');
  return key;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

bool is_term_name(std::string_view name) {
  bool start = true;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (start ? !letter : !letter && c != '-' && c != '.') return false;
    start = c == '.';
  }
  return !name.empty() && !start && name.size() <= 128;
}

// Reads the tables of a vocabulary; every error has its place.
class Reader {
 public:
  Reader(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Result<Tree> names(const toml::table& table, std::map<std::string, std::string>& labels) {
    std::vector<std::string> names;
    for (const auto& [key, node] : table) {
      const auto label = node.value<std::string>();
      if (!label || !is_term_name(key.str()))
        return at(node, fmt::format("\"{}\" is no term with its label", key.str()));
      names.emplace_back(key.str());
      labels.emplace(key.str(), *label);
    }
    return Tree::of(names);
  }

  Result<std::vector<Term>> members(const Tree& tree, const toml::node& node) {
    std::vector<Term> out;
    const auto add = [&](const toml::node& one) -> Status {
      const auto name = one.value<std::string>();
      if (!name || tree.find(*name).size() != 1) return at(one, "an alias must name terms of its tree");
      out.push_back(tree.find(*name)[0]);
      return {};
    };
    if (const toml::array* list = node.as_array()) {
      for (const toml::node& one : *list) CAIRN_TRY(add(one));
    } else {
      CAIRN_TRY(add(node));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  tl::unexpected<Error> at(const toml::node& node, std::string_view message) {
    return fail(error_at(text_, where_, node.source().begin.line, node.source().begin.column, message));
  }

 private:
  std::string_view text_, where_;
};

}  // namespace

Tree Tree::of(const std::vector<std::string>& names) {
  std::set<std::string> all;  // in preorder
  for (const std::string& name : names)
    for (std::size_t dot = name.find('.');; dot = name.find('.', dot + 1)) {
      all.insert(preorder_key(name.substr(0, dot)));
      if (dot == std::string::npos) break;
    }
  Tree tree;
  tree.terms_.push_back({"any", "any", 0, 0, 0});
  std::vector<Term> open{0};
  for (std::string name : all) {
    std::replace(name.begin(), name.end(), '\x01', '.');
    const auto term = static_cast<Term>(tree.terms_.size());
    while (open.size() > 1 && !name.starts_with(tree.terms_[open.back()].name + ".")) {
      tree.terms_[open.back()].end = term;
      open.pop_back();
    }
    tree.terms_.push_back({name, name, open.back(), 0, static_cast<std::uint32_t>(open.size())});
    open.push_back(term);
  }
  for (const Term term : open) tree.terms_[term].end = static_cast<Term>(tree.terms_.size());
  for (Term term = 0; term < tree.terms_.size(); ++term) tree.names_[tree.terms_[term].name] = {term};
  return tree;
}

const std::vector<Term>& Tree::find(std::string_view name) const {
  static const std::vector<Term> kNone;
  if (const auto exact = names_.find(name); exact != names_.end()) return exact->second;
  const auto found = names_.find(lower(name));
  return found == names_.end() ? kNone : found->second;
}

std::vector<Term> Tree::find_for_use(std::string_view name) const {
  if (const auto& known = find(name); !known.empty()) return known;
  if (name == "other") return {0 | kOther};
  if (!name.ends_with(".other")) return {};
  const auto& above = find(name.substr(0, name.size() - std::string_view(".other").size()));
  return above.size() == 1 ? std::vector<Term>{above[0] | kOther} : std::vector<Term>{};
}

std::string Tree::name_of(Term term) const {
  const Term node = term & ~kOther;
  if ((term & kOther) == 0 || terms_[node].end == node + 1) return node == 0 ? "" : terms_[node].name;
  return node == 0 ? "other" : terms_[node].name + ".other";
}

std::string Tree::suggest(std::string_view name) const {
  if (name.size() > 64) return {};
  const std::string wanted = lower(name);
  std::string best;
  std::size_t least = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const auto& [known, terms] : names_) {
    const std::size_t distance = edit_distance(wanted, known);
    if (distance < least) least = distance, best = known;
  }
  return best;
}

Result<Vocabulary> Vocabulary::parse(std::string_view text, std::string_view where) try {
  const toml::table root = toml::parse(text);
  Reader reader(text, where);
  std::array<Tree, kDimensions.size()> trees;
  for (const Dimension d : kDimensions) {
    Tree& tree = trees[static_cast<std::size_t>(d)];
    const toml::table* table = root[name_of(d)].as_table();
    if (!table) return fail(ErrorCode::malformed, "{}: no table [{}]", where, name_of(d));
    std::map<std::string, std::string> labels;
    CAIRN_ASSIGN(tree, reader.names(*table, labels));
    for (TermInfo& info : tree.terms_)
      if (const auto label = labels.find(info.name); label != labels.end()) info.label = label->second;
    const toml::table* aliases = root["alias"][name_of(d)].as_table();
    if (!aliases) continue;
    for (const auto& [key, node] : *aliases) {
      CAIRN_ASSIGN(auto members, reader.members(tree, node));
      if (!tree.names_.emplace(lower(key.str()), std::move(members)).second)
        return reader.at(node, fmt::format("\"{}\" is a term or alias already", key.str()));
    }
  }
  return Vocabulary(std::move(trees));
} catch (const toml::parse_error& error) {
  return fail(error_at(text, where, error.source().begin.line, error.source().begin.column, error.description()));
}

const Vocabulary& Vocabulary::standard() {
  static const Vocabulary kStandard = [] {
    auto parsed = parse(embedded::vocabulary_toml(), "vocabulary.toml");
    CAIRN_CHECK(parsed.has_value());
    return *std::move(parsed);
  }();
  return kStandard;
}

Result<ResolvedUse> Vocabulary::resolve(const Use& use) const {
  ResolvedUse out;
  for (const Dimension d : kDimensions) {
    const std::string& name = use.term(d);
    auto& terms = out.terms[static_cast<std::size_t>(d)];
    terms = name.empty() ? std::vector<Term>{0} : tree(d).find_for_use(name);
    if (!terms.empty()) continue;
    const std::string near = tree(d).suggest(name);
    return fail_with_hint(ErrorCode::unknown, fmt::format("unknown {} \"{}\"", name_of(d), name.substr(0, 128)),
                          near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
  }
  out.when = use.when;
  out.licence = use.licence;
  out.conditions = use.conditions;
  std::sort(out.conditions.begin(), out.conditions.end());
  return out;
}

}  // namespace cairn::permit
