#include "permit/grounds.h"

#include <algorithm>

#include "permit/licence.h"

namespace cairn::permit {
namespace {

constexpr std::size_t kMostClauses = 256, kMostTerms = 512, kMostDuties = 64, kMostConditions = 16;
constexpr std::size_t kMostAlternatives = 64, kLongestText = 4096;

const Vocabulary& words() {
  return Vocabulary::standard();
}
std::size_t index(Dimension d) {
  return static_cast<std::size_t>(d);
}

template <class T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Status check_text(std::string_view what, const std::string& text) {
  if (text.size() <= kLongestText) return {};
  return fail(ErrorCode::invalid, "{}: {} bytes, at most {} are taken", what, text.size(), kLongestText);
}

Status normalise_terms(Dimension d, std::vector<std::string>& names) {
  if (names.size() > kMostTerms)
    return fail(ErrorCode::invalid, "{}: {} terms, at most {} are taken", name_of(d), names.size(), kMostTerms);
  const Tree& tree = words().tree(d);
  std::vector<Term> terms;
  for (const std::string& name : names) {
    const auto& found = tree.find(name);
    if (found.empty()) {
      const std::string near = tree.suggest(name);
      return fail_with_hint(ErrorCode::invalid, fmt::format("unknown {} \"{}\"", name_of(d), name.substr(0, 128)),
                            near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
    }
    terms.insert(terms.end(), found.begin(), found.end());
  }
  sort_unique(terms);
  names.clear();
  Term end = 0;  // of the last term kept
  for (const Term term : terms) {
    if (term == 0) return {};
    if (term < end) continue;
    names.push_back(tree[term].name);
    end = tree[term].end;
  }
  return {};
}

Status normalise(Clause& clause) {
  for (const Dimension d : kDimensions) CAIRN_TRY(normalise_terms(d, clause.terms[index(d)]));
  if (clause.from && clause.until && *clause.until < *clause.from)
    return fail(ErrorCode::invalid, "a clause ends on {}, before it begins on {}", to_text(*clause.until),
                to_text(*clause.from));
  if (clause.effect == Effect::deny && !clause.conditions.empty())
    return fail_with_hint(ErrorCode::invalid, "a denial cannot have conditions",
                          "give the conditions to what is allowed");
  if (clause.conditions.size() > kMostConditions)
    return fail(ErrorCode::invalid, "{} conditions, at most {} are taken", clause.conditions.size(), kMostConditions);
  for (const std::string& condition : clause.conditions) CAIRN_TRY(check_text("a condition", condition));
  sort_unique(clause.conditions);
  CAIRN_TRY(check_text("a clause's ground", clause.ground));
  CAIRN_TRY(check_text("a clause's stance", clause.stance));
  return check_text("a clause's field", clause.field);
}

bool met_by(const Clause& clause, std::span<const std::string> met) {
  return std::includes(met.begin(), met.end(), clause.conditions.begin(), clause.conditions.end());
}

}  // namespace

Status normalise(Declaration& declaration) {
  if (declaration.name.empty()) return fail(ErrorCode::invalid, "a permit without a name");
  CAIRN_TRY(check_text("a permit's name", declaration.name));
  if (declaration.clauses.size() > kMostClauses)
    return fail(ErrorCode::invalid, "{} clauses, at most {} are taken", declaration.clauses.size(), kMostClauses);
  if (declaration.duties.size() > kMostDuties)
    return fail(ErrorCode::invalid, "{} duties, at most {} are taken", declaration.duties.size(), kMostDuties);
  for (Clause& clause : declaration.clauses) CAIRN_TRY(normalise(clause));
  for (Duty& duty : declaration.duties) {
    CAIRN_TRY(normalise_terms(Dimension::action, duty.on));
    CAIRN_TRY(check_text("a duty", duty.text));
    CAIRN_TRY(check_text("a duty's ground", duty.ground));
  }
  sort_unique(declaration.clauses);
  sort_unique(declaration.duties);
  CAIRN_TRY(check_text("outgoing_ground", declaration.outgoing_ground));
  return check_text("outgoing_stance", declaration.outgoing_stance);
}

Status normalise(Ground& ground) {
  if (ground.alternatives.empty() || ground.alternatives.size() > kMostAlternatives)
    return fail(ErrorCode::invalid, "{} alternatives, 1 to {} are taken", ground.alternatives.size(),
                kMostAlternatives);
  for (Alternative& alternative : ground.alternatives) {
    if (alternative.empty() || alternative.size() > kMostAlternatives)
      return fail(ErrorCode::invalid, "{} declarations, 1 to {} are taken", alternative.size(), kMostAlternatives);
    for (Declaration& declaration : alternative) CAIRN_TRY(normalise(declaration));
    sort_unique(alternative);
  }
  sort_unique(ground.alternatives);
  for (const Source& source : ground.sources) {
    CAIRN_TRY(check_text("a source", source.where));
    CAIRN_TRY(check_text("a source's field", source.field));
    CAIRN_TRY(check_text("a source's author", source.by));
  }
  sort_unique(ground.sources);
  if (ground.sources.size() > kMaxSources) {
    ground.sources.resize(kMaxSources);
    ground.more_sources = true;
  }
  return {};
}

std::vector<Ground> joined(std::vector<Ground> grounds) {
  std::stable_sort(grounds.begin(), grounds.end(),
                   [](const Ground& a, const Ground& b) { return a.alternatives < b.alternatives; });
  std::vector<Ground> out;
  for (Ground& ground : grounds) {
    if (out.empty() || out.back().alternatives != ground.alternatives) {
      out.push_back(std::move(ground));
      continue;
    }
    Ground& same = out.back();
    same.sources.insert(same.sources.end(), ground.sources.begin(), ground.sources.end());
    sort_unique(same.sources);
    same.more_sources = same.more_sources || ground.more_sources || same.sources.size() > kMaxSources;
    if (same.sources.size() > kMaxSources) same.sources.resize(kMaxSources);
  }
  return out;
}

Box box_of(const Clause& clause) {
  Box box;
  for (const Dimension d : kDimensions)
    for (const std::string& name : clause.terms[index(d)]) {
      const auto& terms = words().tree(d).find(name);
      box.terms[index(d)].insert(box.terms[index(d)].end(), terms.begin(), terms.end());
    }
  box.from = clause.from;
  box.until = clause.until;
  return box;
}

bool overlaps(const Box& box, const ResolvedUse& use) {
  if (use.when && ((box.from && *use.when < *box.from) || (box.until && *box.until < *use.when))) return false;
  return std::all_of(kDimensions.begin(), kDimensions.end(), [&](Dimension d) {
    const Tree& tree = words().tree(d);
    const auto& terms = box.terms[index(d)];
    return terms.empty() || std::any_of(terms.begin(), terms.end(), [&](Term term) {
             return std::any_of(use.terms[index(d)].begin(), use.terms[index(d)].end(), [&](Term named) {
               return tree.covers(term, named & ~kOther) || ((named & kOther) == 0 && tree.covers(named, term));
             });
           });
  });
}

bool covers(const Box& box, const ResolvedUse& use) {
  if (box.from && (!use.when || *use.when < *box.from)) return false;
  if (box.until && (!use.when || *box.until < *use.when)) return false;
  return std::all_of(kDimensions.begin(), kDimensions.end(), [&](Dimension d) {
    const Tree& tree = words().tree(d);
    const auto& terms = box.terms[index(d)];
    return terms.empty() || std::all_of(use.terms[index(d)].begin(), use.terms[index(d)].end(), [&](Term named) {
             return std::any_of(terms.begin(), terms.end(),
                                [&](Term term) { return tree.covers(term, named & ~kOther); });
           });
  });
}

bool overlaps_actions(const std::vector<std::string>& actions, const ResolvedUse& use) {
  Clause clause;
  clause.terms[index(Dimension::action)] = actions;
  Box box = box_of(clause);
  ResolvedUse anything = use;
  anything.when.reset();
  return overlaps(box, anything);
}

bool overlaps_share(const ResolvedUse& use) {
  static const std::vector<std::string> kShare{"share"};
  return overlaps_actions(kShare, use);
}

Result<Region> region_of(const Declaration& declaration, std::span<const std::string> met) {
  Region region = Region::constant(words(), Answer::unknown);
  for (const Clause& clause : declaration.clauses) {
    if (clause.effect != Effect::allow || !met_by(clause, met)) continue;
    CAIRN_ASSIGN(region, Region::max(region, Region::of(words(), box_of(clause), Answer::allowed, Answer::unknown)));
  }
  for (const Clause& clause : declaration.clauses) {
    if (clause.effect != Effect::deny) continue;
    CAIRN_ASSIGN(region, Region::min(region, Region::of(words(), box_of(clause), Answer::denied, Answer::allowed)));
  }
  return region;
}

Result<Region> region_of(const Alternative& alternative, std::span<const std::string> met) {
  Region region = Region::constant(words(), Answer::allowed);
  for (const Declaration& declaration : alternative) {
    CAIRN_ASSIGN(const Region one, region_of(declaration, met));
    CAIRN_ASSIGN(region, Region::min(region, one));
  }
  if (outgoing_of(alternative).empty()) return without_share(region);
  return region;
}

Result<Region> region_of(const Ground& ground, std::span<const std::string> met) {
  Region region = Region::constant(words(), Answer::denied);
  for (const Alternative& alternative : ground.alternatives) {
    CAIRN_ASSIGN(const Region one, region_of(alternative, met));
    CAIRN_ASSIGN(region, Region::max(region, one));
  }
  return region;
}

Result<Region> region_of(std::span<const Ground> grounds, std::span<const std::string> met) {
  Region region = Region::constant(words(), Answer::allowed);
  for (const Ground& ground : grounds) {
    CAIRN_ASSIGN(const Region one, region_of(ground, met));
    CAIRN_ASSIGN(region, Region::min(region, one));
  }
  return region;
}

OutgoingLicences outgoing_of(const Alternative& alternative) {
  OutgoingLicences out;
  for (const Declaration& declaration : alternative) out = out.intersect(declaration.outgoing);
  return out;
}

Result<OutgoingLicences> outgoing_of(const Ground& ground) {
  if (ground.alternatives.size() == 1) return outgoing_of(ground.alternatives[0]);
  Box share;
  share.terms[index(Dimension::action)] = words().tree(Dimension::action).find("share");
  CAIRN_ASSIGN(const Region all, region_of(ground, {}));
  CAIRN_ASSIGN(const Region shared, Region::min(all, Region::of(words(), share, Answer::allowed, Answer::unknown)));
  OutgoingLicences offered = OutgoingLicences::none(), common;
  bool any_reaches_all = false;
  for (const Alternative& alternative : ground.alternatives) {
    const OutgoingLicences own = outgoing_of(alternative);
    common = common.intersect(own);
    CAIRN_ASSIGN(const Region region, region_of(alternative, {}));
    if (shared.allowed_beyond(region)) continue;
    offered = offered.unite(own);
    any_reaches_all = true;
  }
  return any_reaches_all ? offered : common;
}

Result<Region> without_share(const Region& region) {
  Box share;
  share.terms[index(Dimension::action)] = words().tree(Dimension::action).find("share");
  return Region::min(region, Region::of(words(), share, Answer::denied, Answer::allowed));
}

Use use_at(const Point& point) {
  Use use;
  for (const Dimension d : kDimensions) use.term(d) = words().tree(d).name_of(point.terms[index(d)] | kOther);
  use.when = point.when;
  return use;
}

}  // namespace cairn::permit
