// Finds the fewest clauses that an answer rests on. The answer itself comes from the region; here it is explained.
#include <algorithm>
#include <numeric>

#include "permit/grounds.h"
#include "permit/licence.h"
#include "permit/permit.h"

namespace cairn::permit {
namespace {

Reason reason_of(Answer says, const Declaration& declaration, const Ground& ground) {
  Reason reason;
  reason.says = says;
  reason.declaration = declaration.name;
  reason.sources = ground.sources;
  reason.more_sources = ground.more_sources;
  return reason;
}

Reason reason_of(const Clause& clause, const Declaration& declaration, const Ground& ground) {
  Reason reason = reason_of(clause.effect == Effect::allow ? Answer::allowed : Answer::denied, declaration, ground);
  reason.clause = to_text(clause);
  reason.ground = clause.ground;
  reason.stance = clause.stance;
  reason.field = clause.field;
  return reason;
}

std::size_t depth_of(const Clause& clause) {
  std::size_t depth = 0;
  for (const auto& names : clause.terms)
    for (const std::string& name : names)
      depth += 1 + static_cast<std::size_t>(std::count(name.begin(), name.end(), '.'));
  return depth;
}

// The use's one point, for asking single clauses about it.
ResolvedUse only(const Point& point, const ResolvedUse& use) {
  ResolvedUse out = use;
  for (std::size_t d = 0; d < kDimensions.size(); ++d) out.terms[d] = {point.terms[d] | kOther};
  out.when = point.when;
  return out;
}

// The denial that says most about the use: one of the whole use before one of a part, then the most specific.
const Clause* denial(const Alternative& alternative, const ResolvedUse& use, const Declaration*& by) {
  const Clause* best = nullptr;
  std::pair<bool, std::size_t> most{};
  for (const Declaration& declaration : alternative)
    for (const Clause& clause : declaration.clauses) {
      if (clause.effect != Effect::deny) continue;
      const Box box = box_of(clause);
      if (!overlaps(box, use)) continue;
      const std::pair rank{covers(box, use), depth_of(clause)};
      if (best && rank <= most) continue;
      best = &clause, by = &declaration, most = rank;
    }
  return best;
}

class Explainer {
 public:
  Explainer(const Permit& permit, const ResolvedUse& use, Verdict& verdict)
      : permit_(permit), use_(use), verdict_(verdict) {}

  void denied() {
    if (by_single_clause() || by_outgoing_licences()) return;
    for (const Ground& ground : permit_.grounds())
      if (by_choice(ground)) return;
  }

  void unknown() {
    for (const Ground& ground : permit_.grounds()) {
      const auto region = region_of(ground, use_.conditions);
      if (!region || region->at(use_) != Answer::unknown) continue;
      const auto point = region->find(use_, Answer::unknown);
      if (!point) continue;
      for (const Alternative& alternative : ground.alternatives) silent(ground, alternative, *point);
      return;
    }
  }

  void allowed() {
    for (const Ground& ground : permit_.grounds())
      for (const Alternative* alternative : chosen(ground))
        for (const Declaration& declaration : *alternative) {
          grants(ground, declaration);
          for (const Duty& duty : declaration.duties)
            if (overlaps_actions(duty.on, use_)) verdict_.duties.push_back(duty);
        }
    std::sort(verdict_.duties.begin(), verdict_.duties.end());
    verdict_.duties.erase(std::unique(verdict_.duties.begin(), verdict_.duties.end()), verdict_.duties.end());
  }

 private:
  // A denial by a ground without a choice denies the use by itself.
  bool by_single_clause() {
    const Clause* best = nullptr;
    const Declaration* by = nullptr;
    const Ground* from = nullptr;
    std::pair<bool, std::size_t> most{};
    for (const Ground& ground : permit_.grounds()) {
      if (ground.alternatives.size() != 1) continue;
      const Declaration* declaration = nullptr;
      const Clause* clause = denial(ground.alternatives[0], use_, declaration);
      if (!clause) continue;
      const std::pair rank{covers(box_of(*clause), use_), depth_of(*clause)};
      if (best && rank <= most) continue;
      best = clause, by = declaration, from = &ground, most = rank;
    }
    if (best) verdict_.reasons.push_back(reason_of(*best, *by, *from));
    return best != nullptr;
  }

  // The smallest set of grounds that leaves no licence (or not the one asked for) to share under.
  bool by_outgoing_licences() {
    if (!overlaps_share(use_)) return false;
    const auto excludes = [&](const OutgoingLicences& left) {
      return left.empty() || (!use_.licence.empty() && !left.contains(use_.licence));
    };
    if (!excludes(permit_.outgoing())) return false;
    std::vector<std::pair<const Ground*, OutgoingLicences>> parts;
    for (const Ground& ground : permit_.grounds())
      if (const auto own = outgoing_of(ground); own && !own->is_any()) parts.emplace_back(&ground, *own);
    std::vector<std::size_t> set = smallest(parts.size(), [&](const std::vector<std::size_t>& some) {
      OutgoingLicences left;
      for (const std::size_t i : some) left = left.intersect(parts[i].second);
      return excludes(left);
    });
    for (const std::size_t i : set) constrained(*parts[i].first, parts[i].second);
    return true;
  }

  // One, then two, then all minus what can be spared.
  template <class Decides>
  static std::vector<std::size_t> smallest(std::size_t count, const Decides& decides) {
    for (std::size_t i = 0; i < count; ++i)
      if (decides({i})) return {i};
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = i + 1; j < count; ++j)
        if (decides({i, j})) return {i, j};
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (std::size_t i = 0; i < all.size();) {
      std::vector<std::size_t> fewer = all;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (decides(fewer))
        all = fewer;
      else
        ++i;
    }
    return all;
  }

  void constrained(const Ground& ground, const OutgoingLicences& own) {
    for (const Alternative& alternative : ground.alternatives)
      for (const Declaration& declaration : alternative) {
        if (declaration.outgoing.is_any()) continue;
        Reason reason = reason_of(Answer::denied, declaration, ground);
        reason.clause = fmt::format("lets what is made from it be shared under {}{} only",
                                    ground.alternatives.size() > 1 ? "(as one of a choice) " : "",
                                    to_text(ground.alternatives.size() > 1 ? declaration.outgoing : own));
        reason.ground = declaration.outgoing_ground;
        reason.stance = declaration.outgoing_stance;
        verdict_.reasons.push_back(std::move(reason));
      }
  }

  bool by_choice(const Ground& ground) {
    const auto region = region_of(ground, use_.conditions);
    if (!region || region->at(use_) != Answer::denied) return false;
    const auto point = region->find(use_, Answer::denied);
    if (!point) return false;
    const ResolvedUse one = only(*point, use_);
    for (const Alternative& alternative : ground.alternatives) {
      const Declaration* by = nullptr;
      if (const Clause* clause = denial(alternative, one, by))
        verdict_.reasons.push_back(reason_of(*clause, *by, ground));
      else
        for (const Declaration& d : alternative)
          if (!d.outgoing.is_any()) constrained(Ground{{alternative}, ground.sources, ground.more_sources}, d.outgoing);
    }
    return true;
  }

  void silent(const Ground& ground, const Alternative& alternative, const Point& point) {
    const ResolvedUse one = only(point, use_);
    for (const Declaration& declaration : alternative) {
      const auto region = region_of(declaration, use_.conditions);
      if (!region || region->at(one) == Answer::allowed) continue;
      Reason reason = reason_of(Answer::unknown, declaration, ground);
      Use part = use_at(point);
      if (!use_.when) part.when.reset();
      reason.clause = declaration.clauses.empty() ? "nothing is declared" : "says nothing of " + to_text(part);
      for (const Clause& clause : declaration.clauses) {
        if (clause.effect == Effect::deny || !covers(box_of(clause), one)) continue;
        reason.clause = "only " + to_text(clause);
        reason.ground = clause.ground;
        reason.field = clause.field;
      }
      verdict_.reasons.push_back(std::move(reason));
      return;
    }
  }

  // Of a choice: the alternative that allows the whole use with the fewest duties; all of them if none does alone.
  std::vector<const Alternative*> chosen(const Ground& ground) const {
    std::vector<const Alternative*> all;
    const Alternative* best = nullptr;
    std::size_t fewest = 0;
    for (const Alternative& alternative : ground.alternatives) {
      all.push_back(&alternative);
      if (ground.alternatives.size() == 1) return all;
      const auto region = region_of(alternative, use_.conditions);
      if (!region || region->at(use_) != Answer::allowed) continue;
      if (!use_.licence.empty() && overlaps_share(use_) && !outgoing_of(alternative).contains(use_.licence)) continue;
      std::size_t duties = 0;
      for (const Declaration& d : alternative) duties += d.duties.size();
      if (!best || duties < fewest) best = &alternative, fewest = duties;
    }
    return best ? std::vector<const Alternative*>{best} : all;
  }

  // The clauses that together cover the use: one if one does, else those that cannot be spared.
  void grants(const Ground& ground, const Declaration& declaration) {
    std::vector<const Clause*> some;
    for (const Clause& clause : declaration.clauses) {
      if (clause.effect == Effect::deny || !overlaps(box_of(clause), use_)) continue;
      const bool met = std::includes(use_.conditions.begin(), use_.conditions.end(), clause.conditions.begin(),
                                     clause.conditions.end());
      if (!met) continue;
      some.push_back(&clause);
      if (!covers(box_of(clause), use_)) continue;
      verdict_.reasons.push_back(reason_of(clause, declaration, ground));
      return;
    }
    const auto enough = [&](const std::vector<std::size_t>& set) {
      Declaration part{declaration.name, {}, {}, {}, {}, {}};
      for (const std::size_t i : set) part.clauses.push_back(*some[i]);
      const auto region = region_of(part, use_.conditions);
      return region && region->at(use_) == Answer::allowed;
    };
    for (const std::size_t i : smallest(some.size(), enough))
      verdict_.reasons.push_back(reason_of(*some[i], declaration, ground));
  }

  const Permit& permit_;
  const ResolvedUse& use_;
  Verdict& verdict_;
};

Verdict not_understood(Verdict verdict, std::string what, const std::string& hint) {
  verdict.answer = Answer::unknown;
  Reason reason;
  reason.declaration = "the question";
  reason.clause = hint.empty() ? std::move(what) : fmt::format("{}; {}", what, hint);
  verdict.reasons.push_back(std::move(reason));
  return verdict;
}

}  // namespace

Verdict decide(const Permit& permit, const Use& use) {
  Verdict verdict;
  verdict.use = use;
  auto resolved = Vocabulary::standard().resolve(use);
  if (!resolved) return not_understood(std::move(verdict), resolved.error().message, resolved.error().hint);
  if (!use.licence.empty()) {
    const Licence* known = find_licence(use.licence);
    if (!known) return not_understood(std::move(verdict), fmt::format("unknown licence \"{}\"", use.licence), {});
    resolved->licence = known->id;
  }
  verdict.answer = answer(permit, *resolved);
  Explainer explainer(permit, *resolved, verdict);
  switch (verdict.answer) {
    case Answer::denied:
      explainer.denied();
      break;
    case Answer::unknown:
      explainer.unknown();
      break;
    case Answer::allowed:
      explainer.allowed();
      break;
  }
  if (use.when && resolved->conditions.empty())
    if (const auto change = permit.region().next_change(*resolved, *use.when))
      verdict.until = *change - std::chrono::days(1);
  return verdict;
}

}  // namespace cairn::permit
