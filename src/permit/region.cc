#include "permit/region.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace cairn::permit {
namespace {

constexpr std::size_t kTime = kDimensions.size();  // the last level; its children are answers

std::int32_t key_of(Day day) {
  return static_cast<std::int32_t>(day.time_since_epoch().count());
}
Day day_of_key(std::int32_t key) {
  return Day(std::chrono::days(key));
}

}  // namespace

// Reads a diagram: which entries of a node a use touches, and down to where.
class Region::Walk {
 public:
  Walk(const Region& region, const ResolvedUse& use) : region_(region), use_(use) {
    if (region.nodes_.size() > kSmall) large_.resize(region.nodes_.size());
  }

  // Calls back for each child of the node that the use touches, with the key of a point of the use in it.
  template <class Visit>
  void children(std::uint32_t node, std::size_t level, const Visit& visit) const {
    const auto entries = region_.entries_of(node);
    if (level == kTime && !use_.when) {
      for (std::size_t i = 0; i < entries.size(); ++i) visit(entries[i].child, inside(entries, i));
    } else if (level == kTime) {
      visit(region_.child(node, level, key_of(*use_.when)), key_of(*use_.when));
    } else {
      const Tree& tree = region_.vocabulary_->tree(kDimensions[level]);
      for (const Term named : use_.terms[level]) {
        const Term term = named & ~kOther;
        visit(region_.child(node, level, static_cast<std::int32_t>(term)), static_cast<std::int32_t>(term));
        if (term != named) continue;
        for (const Entry& entry : entries) {
          const auto below = static_cast<Term>(entry.key);
          if (below > term && tree.covers(term, below)) visit(entry.child, entry.key);
        }
      }
    }
  }

  // True the first time for each node.
  bool first_visit(std::uint32_t node) {
    if (!large_.empty()) {
      const bool fresh = !large_[node];
      large_[node] = true;
      return fresh;
    }
    const std::uint64_t bit = std::uint64_t{1} << (node % 64);
    const bool fresh = (small_[node / 64] & bit) == 0;
    small_[node / 64] |= bit;
    return fresh;
  }

  void least(std::uint32_t node, std::size_t level, Answer& worst) {
    if (!first_visit(node)) return;
    children(node, level, [&](std::uint32_t child, std::int32_t) {
      if (level == kTime)
        worst = std::min(worst, static_cast<Answer>(child));
      else if (worst != Answer::denied)
        least(child, level + 1, worst);
    });
  }

  bool find(std::uint32_t node, std::size_t level, Answer wanted, Point& point) {
    if (!first_visit(node)) return false;
    bool found = false;
    children(node, level, [&](std::uint32_t child, std::int32_t key) {
      if (found) return;
      found = level == kTime ? static_cast<Answer>(child) == wanted : find(child, level + 1, wanted, point);
      if (!found) return;
      if (level == kTime)
        point.when = day_of_key(key);
      else
        point.terms[level] = static_cast<Term>(key);
    });
    return found;
  }

  void days(std::uint32_t node, std::size_t level, std::vector<std::int32_t>& out) {
    if (!first_visit(node)) return;
    if (level == kTime) {
      for (const Entry& entry : region_.entries_of(node)) out.push_back(entry.key);
      return;
    }
    children(node, level, [&](std::uint32_t child, std::int32_t) { days(child, level + 1, out); });
  }

  // A day on which the i-th entry of a node of the last level holds.
  static std::int32_t inside(std::span<const Entry> entries, std::size_t i) {
    if (i > 0) return entries[i].key;
    return entries.size() > 1 ? entries[1].key - 1 : 0;
  }

 private:
  static constexpr std::size_t kSmall = 2048;
  const Region& region_;
  const ResolvedUse& use_;
  std::array<std::uint64_t, kSmall / 64> small_{};
  std::vector<bool> large_;
};

std::span<const Region::Entry> Region::entries_of(std::uint32_t node) const {
  return std::span(entries_).subspan(nodes_[node].first, nodes_[node].count);
}

std::uint32_t Region::child(std::uint32_t node, std::size_t level, std::int32_t key) const {
  const auto entries = entries_of(node);
  std::size_t i = entries.size() - 1;
  while (i > 0 && entries[i].key > key) --i;
  if (level == kTime) return entries[i].child;
  const Tree& tree = vocabulary_->tree(kDimensions[level]);
  while (i > 0 && !tree.covers(static_cast<Term>(entries[i].key), static_cast<Term>(key))) --i;
  return entries[i].child;
}

Answer Region::at(const ResolvedUse& use) const {
  Answer worst = Answer::allowed;
  Walk(*this, use).least(0, 0, worst);
  return worst;
}

Answer Region::at(const Point& point) const {
  std::uint32_t node = 0;
  for (std::size_t level = 0; level < kTime; ++level)
    node = child(node, level, static_cast<std::int32_t>(point.terms[level]));
  return static_cast<Answer>(child(node, kTime, key_of(point.when)));
}

std::optional<Point> Region::find(const ResolvedUse& use, Answer answer) const {
  Point point;
  if (!Walk(*this, use).find(0, 0, answer, point)) return std::nullopt;
  return point;
}

std::optional<Day> Region::next_change(const ResolvedUse& use, Day day) const {
  std::vector<std::int32_t> days;
  Walk(*this, use).days(0, 0, days);
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  ResolvedUse then = use;
  then.when = day;
  const Answer now = at(then);
  for (const std::int32_t key : days) {
    if (key <= key_of(day)) continue;
    then.when = day_of_key(key);
    if (at(then) != now) return then.when;
  }
  return std::nullopt;
}

bool Region::beyond(const Region& a, std::uint32_t x, const Region& b, std::uint32_t y, std::size_t level, Seen& seen,
                    Point& point) {
  if (!seen.insert((std::uint64_t{x} << 32) | y).second) return false;
  const std::vector<std::int32_t> keys = merged_keys(a.entries_of(x), b.entries_of(y));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t left = a.child(x, level, keys[i]), right = b.child(y, level, keys[i]);
    if (level < kTime) {
      if (!beyond(a, left, b, right, level + 1, seen, point)) continue;
      point.terms[level] = static_cast<Term>(keys[i]);
      return true;
    }
    if (static_cast<Answer>(left) != Answer::allowed || static_cast<Answer>(right) == Answer::allowed) continue;
    point.when = day_of_key(i > 0 ? keys[i] : keys.size() > 1 ? keys[1] - 1 : 0);
    return true;
  }
  return false;
}

std::optional<Point> Region::allowed_beyond(const Region& other) const {
  CAIRN_CHECK(vocabulary_ == other.vocabulary_);
  Seen seen;
  Point point;
  if (!beyond(*this, 0, other, 0, 0, seen, point)) return std::nullopt;
  return point;
}

std::string Region::canonical() const {
  std::vector<std::size_t> levels(nodes_.size());
  std::string out;
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const std::size_t level = levels[node];
    out += fmt::format("{}", level);
    for (const Entry& entry : entries_of(node)) {
      if (level < kTime) {
        levels[entry.child] = level + 1;
        out += fmt::format(" {}={}", vocabulary_->tree(kDimensions[level])[static_cast<Term>(entry.key)].name,
                           entry.child);
      } else {
        const bool always = entry.key == std::numeric_limits<std::int32_t>::min();
        out += fmt::format(" {}={}", always ? "always" : to_text(day_of_key(entry.key)),
                           name_of(static_cast<Answer>(entry.child)));
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace cairn::permit
