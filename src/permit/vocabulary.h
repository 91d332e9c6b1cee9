// The terms of the trees as data (data/vocabulary.toml): actions, tasks, purposes, audiences, places.
// Every node has an implicit *other* child, the part of it that no named child covers; so a term added later below a
// node changes no permit and no digest. Not the meaning of any permit.
// Immutable once made; any thread may read it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "permit/use.h"

namespace cairn::permit {

// An index into a tree in preorder, siblings in order of name; 0 is the root, "any".
using Term = std::uint32_t;
// Set on a term of a use that means only the *other* child of the term: "text.other", "other".
inline constexpr Term kOther = Term{1} << 31;

struct TermInfo {
  std::string name;   // the full path: "text.translation.machine"; the root's is "any"
  std::string label;  // as it reads in a sentence: "machine translation"
  Term parent = 0;
  Term end = 0;  // one past the last term below: t covers u iff t <= u < end(t)
  std::uint32_t depth = 0;
};

class Tree {
 public:
  // Names with dots for depth, in any order; parents are added where they are missing. For tests and sites.
  static Tree of(const std::vector<std::string>& names);

  std::size_t size() const { return terms_.size(); }
  const TermInfo& operator[](Term term) const { return terms_[term]; }
  bool covers(Term above, Term below) const { return above <= below && below < terms_[above].end; }
  // The terms that a name or alias stands for: mostly one, several for a group such as EU; empty if unknown.
  const std::vector<Term>& find(std::string_view name) const;
  // As find, and NAME.other for the implicit other child; the name to write it with is name_of(term).
  std::vector<Term> find_for_use(std::string_view name) const;
  std::string name_of(Term term) const;
  // The known name nearest to a misspelt one; empty if none is near.
  std::string suggest(std::string_view name) const;

 private:
  friend class Vocabulary;
  std::vector<TermInfo> terms_;
  std::map<std::string, std::vector<Term>, std::less<>> names_;  // lower case
};

// A use with its names looked up; what answer() takes. One term a tree, or the members of a group.
struct ResolvedUse {
  std::array<std::vector<Term>, kDimensions.size()> terms;
  std::optional<Day> when;
  std::string licence;                  // canonical id
  std::vector<std::string> conditions;  // sorted
};

class Vocabulary {
 public:
  static const Vocabulary& standard();
  // malformed, with line and column. The format is described at the head of data/vocabulary.toml.
  static Result<Vocabulary> parse(std::string_view toml, std::string_view where);
  explicit Vocabulary(std::array<Tree, kDimensions.size()> trees) : trees_(std::move(trees)) {}

  const Tree& tree(Dimension dimension) const { return trees_[static_cast<std::size_t>(dimension)]; }
  // unknown: a name that its tree lacks, with a suggestion.
  Result<ResolvedUse> resolve(const Use& use) const;

 private:
  std::array<Tree, kDimensions.size()> trees_;
};

}  // namespace cairn::permit
