// Regions against an independent model: a table of every point, filled from the boxes by comparing names.
#include "permit/region.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace cairn::permit {
namespace {

constexpr int kDays = 5;
using Names = std::vector<std::string>;

struct Clause {
  bool allow;
  std::array<Names, kDimensions.size()> terms;  // empty: all
  std::optional<int> from, until;
};

bool below(const std::string& name, const std::string& above) {
  return above.empty() || name == above || name.starts_with(above + ".");
}

// All that a test needs to ask both sides the same question.
struct World {
  std::array<Names, kDimensions.size()> names;  // "" is the root
  Vocabulary vocabulary;
};

World random_world(std::mt19937_64& random) {
  std::array<Names, kDimensions.size()> names;
  std::array<Tree, kDimensions.size()> trees;
  for (std::size_t d = 0; d < names.size(); ++d) {
    Names some{""};
    for (std::size_t i = 0, n = random() % 4; i < n; ++i) {
      const std::string& above = some[random() % some.size()];
      some.push_back((above.empty() ? "" : above + ".") + std::string(1, static_cast<char>('a' + random() % 3)));
    }
    std::sort(some.begin(), some.end());
    some.erase(std::unique(some.begin(), some.end()), some.end());
    names[d] = some;
    trees[d] = Tree::of({some.begin() + 1, some.end()});
  }
  return {names, Vocabulary(std::move(trees))};
}

Clause random_clause(const World& world, std::mt19937_64& random) {
  Clause out;
  out.allow = random() % 3 != 0;
  for (std::size_t d = 0; d < out.terms.size(); ++d)
    for (std::size_t i = 0, n = random() % 3; i < n; ++i)
      out.terms[d].push_back(world.names[d][random() % world.names[d].size()]);
  if (random() % 3 == 0) out.from = static_cast<int>(random() % kDays);
  if (random() % 3 == 0) out.until = out.from.value_or(0) + static_cast<int>(random() % kDays);
  return out;
}

// A point by name: the *other* child of each term.
struct NamedPoint {
  std::array<std::string, kDimensions.size()> terms;
  int day;
};

std::vector<NamedPoint> all_points(const World& world) {
  std::vector<NamedPoint> out;
  for (const auto& a : world.names[0])
    for (const auto& b : world.names[1])
      for (const auto& c : world.names[2])
        for (const auto& d : world.names[3])
          for (const auto& e : world.names[4])
            for (int day = -1; day <= 2 * kDays; ++day) out.push_back({{a, b, c, d, e}, day});
  return out;
}

bool holds(const Clause& clause, const NamedPoint& point) {
  if ((clause.from && point.day < *clause.from) || (clause.until && point.day > *clause.until)) return false;
  for (std::size_t d = 0; d < clause.terms.size(); ++d) {
    const auto covers = [&](const std::string& term) { return below(point.terms[d], term); };
    if (!clause.terms[d].empty() && std::none_of(clause.terms[d].begin(), clause.terms[d].end(), covers)) return false;
  }
  return true;
}

Answer model(const std::vector<Clause>& clauses, const NamedPoint& point) {
  Answer out = Answer::unknown;
  for (const Clause& clause : clauses) {
    if (!holds(clause, point)) continue;
    if (!clause.allow) return Answer::denied;
    out = Answer::allowed;
  }
  return out;
}

Term term_of(const World& world, std::size_t d, const std::string& name) {
  return name.empty() ? 0 : world.vocabulary.tree(kDimensions[d]).find(name).at(0);
}

Day day(int n) {
  return Day(std::chrono::days(n));
}

Region region_of(const World& world, const std::vector<Clause>& clauses) {
  Region region = Region::constant(world.vocabulary, Answer::unknown);
  for (const bool allow : {true, false})
    for (const Clause& clause : clauses) {
      if (clause.allow != allow) continue;
      Box box;
      for (std::size_t d = 0; d < box.terms.size(); ++d)
        for (const std::string& name : clause.terms[d]) box.terms[d].push_back(term_of(world, d, name));
      if (clause.from) box.from = day(*clause.from);
      if (clause.until) box.until = day(*clause.until);
      region = allow ? Region::max(region, Region::of(world.vocabulary, box, Answer::allowed, Answer::unknown)).value()
                     : Region::min(region, Region::of(world.vocabulary, box, Answer::denied, Answer::allowed)).value();
    }
  return region;
}

std::vector<Clause> random_clauses(const World& world, std::mt19937_64& random) {
  std::vector<Clause> out;
  for (std::size_t i = 0, n = random() % 5; i < n; ++i) out.push_back(random_clause(world, random));
  return out;
}

Point point_of(const World& world, const NamedPoint& named) {
  Point point;
  for (std::size_t d = 0; d < point.terms.size(); ++d) point.terms[d] = term_of(world, d, named.terms[d]);
  point.when = day(named.day);
  return point;
}

TEST(Region, EveryPointIsAsTheModelSays) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const World world = random_world(random);
    const auto left = random_clauses(world, random), right = random_clauses(world, random);
    const Region a = region_of(world, left), b = region_of(world, right);
    const Region low = Region::min(a, b).value(), high = Region::max(a, b).value();
    bool same = true, implied = true;
    for (const NamedPoint& named : all_points(world)) {
      const Point point = point_of(world, named);
      const Answer x = model(left, named), y = model(right, named);
      ASSERT_EQ(a.at(point), x);
      ASSERT_EQ(low.at(point), std::min(x, y));
      ASSERT_EQ(high.at(point), std::max(x, y));
      same = same && x == y;
      implied = implied && (x != Answer::allowed || y == Answer::allowed);
    }
    EXPECT_EQ(a.canonical() == b.canonical(), same) << a.canonical() << b.canonical();
    EXPECT_EQ(a == b, same);
    const auto beyond = a.allowed_beyond(b);
    EXPECT_EQ(beyond.has_value(), !implied);
    if (beyond) {
      EXPECT_EQ(a.at(*beyond), Answer::allowed);
      EXPECT_NE(b.at(*beyond), Answer::allowed);
    }
  }
}

TEST(Region, AUseGetsTheLeastOfAllItCovers) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const World world = random_world(random);
    const auto clauses = random_clauses(world, random);
    const Region region = region_of(world, clauses);
    const auto points = all_points(world);
    for (int i = 0; i < 20; ++i) {
      ResolvedUse use;
      std::array<Names, kDimensions.size()> named;
      for (std::size_t d = 0; d < named.size(); ++d)
        for (std::size_t k = 0, n = 1 + random() % 2; k < n; ++k) {
          named[d].push_back(world.names[d][random() % world.names[d].size()]);
          use.terms[d].push_back(term_of(world, d, named[d].back()));
        }
      std::optional<int> when;
      if (random() % 2 == 0) {
        when = static_cast<int>(random() % (2 * kDays)) - 1;
        use.when = day(*when);
      }
      Answer least = Answer::allowed;
      for (const NamedPoint& point : points) {
        bool inside = !when || point.day == *when;
        for (std::size_t d = 0; inside && d < named.size(); ++d)
          inside = std::any_of(named[d].begin(), named[d].end(),
                               [&](const std::string& term) { return below(point.terms[d], term); });
        if (inside) least = std::min(least, model(clauses, point));
      }
      ASSERT_EQ(region.at(use), least);
      const auto witness = region.find(use, least);
      ASSERT_TRUE(witness.has_value());
      EXPECT_EQ(region.at(*witness), least);
      if (!when) continue;
      const auto change = region.next_change(use, *use.when);
      ResolvedUse later = use;
      for (int d = *when; d <= 4 * kDays; ++d) {
        later.when = day(d);
        const bool before = !change || d < change->time_since_epoch().count();
        if (before) {
          EXPECT_EQ(region.at(later), least);
        }
        if (change && day(d) == *change) {
          EXPECT_NE(region.at(later), least);
        }
      }
    }
  }
}

TEST(Region, ALaterTermBelowANodeChangesNoByte) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const World world = random_world(random);
    const auto clauses = random_clauses(world, random);
    std::array<Tree, kDimensions.size()> trees;
    auto names = world.names;
    for (std::size_t d = 0; d < trees.size(); ++d) {
      const std::string above = names[d][random() % names[d].size()];
      names[d].push_back((above.empty() ? "" : above + ".") + "0new");
      names[d].push_back((above.empty() ? "" : above + ".") + "znew");
      trees[d] = Tree::of({names[d].begin() + 1, names[d].end()});
    }
    const World grown{names, Vocabulary(std::move(trees))};
    EXPECT_EQ(region_of(grown, clauses).canonical(), region_of(world, clauses).canonical());
  }
}

TEST(Region, TheOrderOfClausesChangesNoByte) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const World world = random_world(random);
    auto clauses = random_clauses(world, random);
    const std::string before = region_of(world, clauses).canonical();
    std::shuffle(clauses.begin(), clauses.end(), random);
    EXPECT_EQ(region_of(world, clauses).canonical(), before);
  }
}

TEST(Region, TooIntricateIsRefused) {
  // Each task from a day of its own, each audience until a day of its own: every pair is another span.
  Names many;
  for (int i = 0; i < 150; ++i) many.push_back("t" + std::to_string(i));
  const Vocabulary vocabulary({Tree::of({}), Tree::of(many), Tree::of({}), Tree::of(many), Tree::of({})});
  Region from = Region::constant(vocabulary, Answer::unknown), until = from;
  for (Term term = 1; term <= many.size(); ++term) {
    Box task, audience;
    task.terms[1] = audience.terms[3] = {term};
    task.from = day(static_cast<int>(term));
    audience.until = day(1000 + static_cast<int>(term));
    from = Region::max(from, Region::of(vocabulary, task, Answer::allowed, Answer::unknown)).value();
    until = Region::max(until, Region::of(vocabulary, audience, Answer::allowed, Answer::unknown)).value();
  }
  const auto both = Region::min(from, until);
  ASSERT_FALSE(both.has_value());
  EXPECT_EQ(both.error().message, "these permits together are too intricate: more than 16384 nodes");
}

}  // namespace
}  // namespace cairn::permit
