// The algebra of whole permits against an independent model: clauses compared by name, point by point.
#include "permit/permit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "base/json.h"
#include "permit/licence.h"

namespace cairn::permit {
namespace {

using Names = std::vector<std::string>;

// Terms that the random permits speak of; "" is the root. No other term can differ from the nearest of these above it.
const std::array<Names, kDimensions.size()> kPool{{{"", "train", "share", "use"},
                                                   {"", "text", "text.translation", "text.translation.machine"},
                                                   {"", "commercial", "non-commercial", "non-commercial.research"},
                                                   {"", "members", "members.owner", "volunteers"},
                                                   {"", "own-machine", "world", "world.de"}}};
const Names kLicences{"MIT", "Apache-2.0", "GPL-2.0-only", "GPL-3.0-or-later", "CC-BY-SA-4.0"};
constexpr int kFirst = 20000, kDays = 4;

Day day(int n) {
  return Day(std::chrono::days(kFirst + n));
}

Declaration random_declaration(std::mt19937_64& random) {
  Declaration out;
  out.name = "d" + std::to_string(random() % 1000);
  for (std::size_t i = 0, n = 1 + random() % 4; i < n; ++i) {
    Clause clause;
    clause.effect = random() % 3 == 0 ? Effect::deny : Effect::allow;
    for (std::size_t d = 0; d < kPool.size(); ++d)
      if (random() % 3 == 0) clause.terms[d].push_back(kPool[d][1 + random() % 3]);
    if (random() % 4 == 0) clause.from = day(static_cast<int>(random() % kDays));
    if (random() % 4 == 0) clause.until = day(static_cast<int>(kDays + random() % kDays));
    out.clauses.push_back(clause);
  }
  if (random() % 2 == 0) {
    Names some;
    for (const auto& licence : kLicences)
      if (random() % 2 == 0) some.push_back(licence);
    out.outgoing = OutgoingLicences::only(some);
  }
  if (random() % 2 == 0) out.duties.push_back({DutyKind::notice, "keep " + out.name, {"share"}, "its text"});
  return out;
}

Permit random_permit(std::mt19937_64& random) {
  std::vector<Ground> grounds;
  for (std::size_t i = 0, n = 1 + random() % 2; i < n; ++i) {
    Ground ground;
    for (std::size_t k = 0, m = random() % 3 == 0 ? 2 : 1; k < m; ++k) {
      Alternative alternative;
      for (std::size_t j = 0, l = 1 + random() % 2; j < l; ++j) alternative.push_back(random_declaration(random));
      ground.alternatives.push_back(alternative);
    }
    ground.sources.push_back({"file" + std::to_string(random() % 12), {}, {}});
    grounds.push_back(ground);
  }
  return Permit::from_grounds(grounds).value();
}

struct NamedPoint {
  std::array<std::string, kDimensions.size()> terms;
  Day when;
};

bool below(const std::string& name, const std::string& above) {
  return above.empty() || name == above || name.starts_with(above + ".");
}

Answer model(const Declaration& declaration, const NamedPoint& point) {
  Answer out = Answer::unknown;
  for (const Clause& clause : declaration.clauses) {
    bool holds = !(clause.from && point.when < *clause.from) && !(clause.until && *clause.until < point.when);
    for (std::size_t d = 0; d < kPool.size(); ++d)
      holds = holds && (clause.terms[d].empty() ||
                        std::any_of(clause.terms[d].begin(), clause.terms[d].end(),
                                    [&](const std::string& term) { return below(point.terms[d], term); }));
    if (!holds) continue;
    if (clause.effect == Effect::deny) return Answer::denied;
    out = Answer::allowed;
  }
  return out;
}

// Sharing is denied wherever declarations that hold together leave no outgoing licence.
Answer model(const Alternative& alternative, const NamedPoint& point) {
  Answer out = Answer::allowed;
  for (const Declaration& declaration : alternative) out = std::min(out, model(declaration, point));
  for (const std::string& licence : kLicences)
    if (std::all_of(alternative.begin(), alternative.end(),
                    [&](const Declaration& d) { return d.outgoing.contains(licence); }))
      return out;
  return point.terms[0] == "share" ? Answer::denied : out;
}

Answer model(const Permit& permit, const NamedPoint& point) {
  Answer out = Answer::allowed;
  for (const Ground& ground : permit.grounds()) {
    Answer best = Answer::denied;
    for (const Alternative& alternative : ground.alternatives) best = std::max(best, model(alternative, point));
    out = std::min(out, best);
  }
  return point.terms[0] == "share" && permit.outgoing().empty() ? Answer::denied : out;
}

std::vector<NamedPoint> all_points() {
  std::vector<NamedPoint> out;
  for (const auto& a : kPool[0])
    for (const auto& b : kPool[1])
      for (const auto& c : kPool[2])
        for (const auto& d : kPool[3])
          for (const auto& e : kPool[4])
            for (const int n : {-1, 0, 1, 2, 3, 4, 5, 6, 7, 8}) out.push_back({{a, b, c, d, e}, day(n)});
  return out;
}

Use random_use(std::mt19937_64& random) {
  Use use;
  for (const Dimension d : kDimensions) use.term(d) = kPool[static_cast<std::size_t>(d)][random() % 4];
  if (random() % 2 == 0) use.when = day(static_cast<int>(random() % 10) - 1);
  return use;
}

Answer model(const Permit& permit, const Use& use, const std::vector<NamedPoint>& points) {
  Answer least = Answer::allowed;
  for (const NamedPoint& point : points) {
    bool inside = !use.when || *use.when == point.when;
    for (const Dimension d : kDimensions)
      inside = inside && below(point.terms[static_cast<std::size_t>(d)], use.term(d));
    if (inside) least = std::min(least, model(permit, point));
    if (least == Answer::denied) break;
  }
  return least;
}

Permit meet_of(std::initializer_list<Permit> permits) {
  return meet(std::span(permits.begin(), permits.size())).value();
}

TEST(Permit, DecideIsAsTheModelSays) {
  const auto points = all_points();
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const Permit permit = random_permit(random);
    for (int i = 0; i < 12; ++i) {
      const Use use = random_use(random);
      const Verdict verdict = decide(permit, use);
      ASSERT_EQ(verdict.answer, model(permit, use, points)) << to_text(verdict) << "\n" << to_text(permit);
      EXPECT_FALSE(verdict.reasons.empty()) << to_text(use) << "\n" << to_text(permit);
      for (const Reason& reason : verdict.reasons) EXPECT_EQ(reason.says, verdict.answer) << to_text(verdict);
      EXPECT_EQ(verdict_from_json(to_json(verdict)).value().reasons, verdict.reasons);
    }
  }
}

TEST(Permit, MeetKeepsItsLaws) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const Permit a = random_permit(random), b = random_permit(random), c = random_permit(random);
    const Permit ab = meet_of({a, b});
    EXPECT_EQ(ab, meet_of({b, a}));
    EXPECT_EQ(meet_of({ab, c}), meet_of({a, meet_of({b, c})}));
    EXPECT_EQ(meet_of({a, a}), a);
    EXPECT_EQ(meet_of({ab, b}).digest(), ab.digest());
    EXPECT_TRUE(implies(ab, a));
    EXPECT_TRUE(implies(ab, b));
    if (implies(a, b)) {
      EXPECT_TRUE(implies(meet_of({a, c}), meet_of({b, c})));
    }
    for (int i = 0; i < 10; ++i) {
      const Use use = random_use(random);
      EXPECT_LE(decide(ab, use).answer, std::min(decide(a, use).answer, decide(b, use).answer)) << to_text(use);
    }
    EXPECT_EQ(meet_of({ab, c}).terms(), meet_of({c, b, a}).terms());
    EXPECT_EQ(permit_from_json(to_json(ab)).value(), ab);
    EXPECT_EQ(permit_from_json(to_json(ab)).value().terms(), ab.terms());
  }
}

TEST(Permit, AnAnswerAllowedByAMeetIsAllowedByEachPart) {
  const auto points = all_points();
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const Permit a = random_permit(random), b = random_permit(random);
    const Permit ab = meet_of({a, b});
    for (std::size_t i = 0; i < points.size(); i += 7) {
      const bool none_left = ab.outgoing().empty() && points[i].terms[0] == "share";
      const Answer both = std::min(model(a, points[i]), model(b, points[i]));
      ASSERT_EQ(model(ab, points[i]), none_left ? Answer::denied : both);
    }
  }
}

TEST(Permit, ACounterexampleIsOne) {
  const auto points = all_points();
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const Permit a = random_permit(random), b = random_permit(random);
    const auto use = counterexample(a, b);
    if (use) {
      EXPECT_EQ(decide(a, *use).answer, Answer::allowed) << to_text(*use) << "\n" << to_text(a);
      EXPECT_NE(decide(b, *use).answer, Answer::allowed) << to_text(*use) << "\n" << to_text(b);
      continue;
    }
    bool shares = false;
    for (const NamedPoint& point : points) {
      if (model(a, point) != Answer::allowed) continue;
      ASSERT_EQ(model(b, point), Answer::allowed);
      shares = shares || point.terms[0] == "share";
    }
    EXPECT_TRUE(!shares || b.outgoing().contains_all(a.outgoing()));
  }
}

TEST(Permit, NothingDeclaredIsNeverAllowed) {
  const Permit nothing = Permit::undeclared({"/usr/share/doc/x/copyright", {}, {}});
  const Permit free = permit_of_licence("public-domain", {}).value();
  EXPECT_TRUE(nothing.is_undeclared());
  EXPECT_EQ(decide(nothing, Use{}).answer, Answer::unknown);
  const Permit both = meet_of({nothing, free});
  EXPECT_TRUE(both.is_undeclared());
  EXPECT_EQ(to_text(decide(both, Use{.action = "train"})),
            "train: unknown.\n  undeclared: nothing is declared [/usr/share/doc/x/copyright].");
  EXPECT_EQ(Permit(), Permit::undeclared({}));
  EXPECT_EQ(meet({}).value(), Permit());
  EXPECT_FALSE(admits(nothing, Permit::everyone_under("MIT").value()).admitted);
  EXPECT_EQ(admits(nothing, Permit::everyone_under("MIT").value()).reason, "nothing is declared about it");
}

TEST(Permit, AWithdrawalDeniesEverything) {
  const Permit gone = Permit::withdrawn({"revocation", {}, "Ada"}, "I changed my mind");
  const Permit both = meet_of({gone, permit_of_licence("MIT", {}).value()});
  EXPECT_EQ(to_text(decide(both, Use{.action = "use"})),
            "use: denied.\n  withdrawal: denies every act (I changed my mind) [revocation; declared by Ada].");
}

TEST(Permit, AnExpiredGrantIsUnknownAndAnAnswerSaysUntilWhen) {
  Declaration declaration{.name = "letters"};
  Clause clause;
  clause.until = day(10);
  declaration.clauses = {clause};
  const Permit permit = Permit::declared(declaration, {"letters.toml", {}, {}}).value();
  const Verdict now = decide(permit, Use{.action = "use", .when = day(3)});
  EXPECT_EQ(now.answer, Answer::allowed);
  EXPECT_EQ(now.until, day(10));
  EXPECT_EQ(decide(permit, Use{.action = "use", .when = day(11)}).answer, Answer::unknown);
  EXPECT_EQ(decide(permit, Use{.action = "use"}).answer, Answer::unknown);
  EXPECT_EQ(permit.expiry(), day(10));
}

TEST(Permit, AConditionMustBeDeclaredMet) {
  Declaration declaration{.name = "scans"};
  Clause clause;
  clause.conditions = {"approved by the ethics board"};
  declaration.clauses = {clause};
  const Permit permit = Permit::declared(declaration, {}).value();
  Use use{.action = "train"};
  EXPECT_EQ(decide(permit, use).answer, Answer::unknown);
  EXPECT_EQ(decide(permit, use).reasons.at(0).clause, "only allows every act, given approved by the ethics board");
  use.conditions = {"approved by the ethics board"};
  EXPECT_EQ(decide(permit, use).answer, Answer::allowed);
}

TEST(Permit, SourcesAreKeptUpToANumberInAnyOrder) {
  std::vector<Permit> many;
  for (int i = 0; i < 20; ++i) many.push_back(permit_of_licence("MIT", {"p" + std::to_string(i), {}, {}}).value());
  const Permit all = meet(many).value();
  std::reverse(many.begin(), many.end());
  EXPECT_EQ(meet(many).value(), all);
  ASSERT_EQ(all.grounds().size(), 1U);
  EXPECT_EQ(all.grounds()[0].sources.size(), kMaxSources);
  EXPECT_TRUE(all.grounds()[0].more_sources);
  EXPECT_EQ(all.terms(), many[0].terms());
  EXPECT_NE(all.digest(), many[0].digest());
}

}  // namespace
}  // namespace cairn::permit
