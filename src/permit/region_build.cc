// How regions are made: bottom up, every node interned, then numbered from the root in order of first visit. Nodes with
// the same entries are one node and redundant entries are dropped, so a function has exactly one diagram.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "permit/region.h"

namespace cairn::permit {
namespace {

constexpr std::size_t kTime = kDimensions.size();
constexpr std::int32_t kAlways = std::numeric_limits<std::int32_t>::min();

std::int32_t key_of(Day day) {
  return static_cast<std::int32_t>(day.time_since_epoch().count());
}

}  // namespace

class Region::Builder {
 public:
  explicit Builder(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  // Entries in order of key, the first for the whole dimension. Drops those that repeat what holds above them.
  std::uint32_t node(std::size_t level, const std::vector<Entry>& raw) {
    std::vector<Entry> entries;
    std::vector<Entry> open;  // kept entries that cover the current key, innermost last
    for (const Entry& entry : raw) {
      while (!open.empty() && !covers(level, open.back().key, entry.key)) open.pop_back();
      if (!open.empty() && open.back().child == entry.child) continue;
      entries.push_back(entry);
      open.push_back(entry);
    }
    std::string key = std::to_string(level);
    key.append(reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(Entry));
    const auto [at, fresh] = unique_.try_emplace(std::move(key), static_cast<std::uint32_t>(made_.size()));
    if (fresh) made_.push_back(std::move(entries));
    return at->second;
  }

  std::uint32_t constant(std::size_t level, Answer answer) {
    std::uint32_t below = static_cast<std::uint32_t>(answer);
    for (std::size_t l = kTime + 1; l-- > level;) below = node(l, {{l == kTime ? kAlways : 0, below}});
    return below;
  }

  std::size_t size() const { return made_.size(); }

  Region finish(std::uint32_t root) const {
    Region region(vocabulary_);
    std::unordered_map<std::uint32_t, std::uint32_t> numbers{{root, 0}};
    std::vector<std::pair<std::uint32_t, std::size_t>> order{{root, 0}};  // node, level
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto [id, level] = order[i];
      region.nodes_.push_back(
          {static_cast<std::uint32_t>(region.entries_.size()), static_cast<std::uint32_t>(made_[id].size())});
      for (Entry entry : made_[id]) {
        if (level < kTime) {
          const auto [at, fresh] = numbers.try_emplace(entry.child, static_cast<std::uint32_t>(order.size()));
          if (fresh) order.emplace_back(entry.child, level + 1);
          entry.child = at->second;
        }
        region.entries_.push_back(entry);
      }
    }
    return region;
  }

  // Pointwise `choose(a, b)` of two diagrams; nothing once there are more than kMaxNodes nodes.
  template <class Choose>
  std::optional<std::uint32_t> combine(const Region& a, std::uint32_t x, const Region& b, std::uint32_t y,
                                       std::size_t level, const Choose& choose) {
    const std::uint64_t pair = (std::uint64_t{x} << 32) | y;
    if (const auto known = combined_.find(pair); known != combined_.end()) return known->second;
    std::vector<Entry> entries;
    for (const std::int32_t key : merged_keys(a.entries_of(x), b.entries_of(y))) {
      const std::uint32_t left = a.child(x, level, key), right = b.child(y, level, key);
      if (level == kTime) {
        entries.push_back({key, choose(left, right)});
        continue;
      }
      const auto below = combine(a, left, b, right, level + 1, choose);
      if (!below) return std::nullopt;
      entries.push_back({key, *below});
    }
    const std::uint32_t made = node(level, entries);
    if (size() > kMaxNodes) return std::nullopt;
    combined_.emplace(pair, made);
    return made;
  }

  template <class Choose>
  static Result<Region> pointwise(const Region& a, const Region& b, const Choose& choose) {
    CAIRN_CHECK(a.vocabulary_ == b.vocabulary_);
    Builder builder(*a.vocabulary_);
    const auto root = builder.combine(a, 0, b, 0, 0, choose);
    if (!root)
      return fail_with_hint(ErrorCode::invalid,
                            fmt::format("these permits together are too intricate: more than {} nodes", kMaxNodes),
                            "state the permits in fewer, broader clauses");
    return builder.finish(*root);
  }

 private:
  bool covers(std::size_t level, std::int32_t above, std::int32_t below) const {
    if (level == kTime) return true;  // a day's entry lasts until the next one
    return vocabulary_.tree(kDimensions[level]).covers(static_cast<Term>(above), static_cast<Term>(below));
  }

  const Vocabulary& vocabulary_;
  std::vector<std::vector<Entry>> made_;
  std::unordered_map<std::string, std::uint32_t> unique_;
  std::unordered_map<std::uint64_t, std::uint32_t> combined_;
};

std::vector<std::int32_t> Region::merged_keys(std::span<const Entry> a, std::span<const Entry> b) {
  std::vector<std::int32_t> keys;
  keys.reserve(a.size() + b.size());
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const bool left = j == b.size() || (i < a.size() && a[i].key <= b[j].key);
    const std::int32_t key = left ? a[i].key : b[j].key;
    if (i < a.size() && a[i].key == key) ++i;
    if (j < b.size() && b[j].key == key) ++j;
    keys.push_back(key);
  }
  return keys;
}

Region Region::constant(const Vocabulary& vocabulary, Answer answer) {
  Builder builder(vocabulary);
  return builder.finish(builder.constant(0, answer));
}

Region Region::of(const Vocabulary& vocabulary, const Box& box, Answer inside, Answer outside) {
  Builder builder(vocabulary);
  std::vector<Entry> days{{kAlways, static_cast<std::uint32_t>(box.from ? outside : inside)}};
  if (box.from) days.push_back({key_of(*box.from), static_cast<std::uint32_t>(inside)});
  if (box.until) days.push_back({key_of(*box.until) + 1, static_cast<std::uint32_t>(outside)});
  std::uint32_t in = builder.node(kTime, days);
  for (std::size_t level = kTime; level-- > 0;) {
    std::vector<Term> terms = box.terms[level];
    std::sort(terms.begin(), terms.end());
    if (terms.empty() || terms[0] == 0) {
      in = builder.node(level, {{0, in}});
      continue;
    }
    std::vector<Entry> entries{{0, builder.constant(level + 1, outside)}};
    for (const Term term : terms) entries.push_back({static_cast<std::int32_t>(term), in});
    in = builder.node(level, entries);
  }
  return builder.finish(in);
}

Result<Region> Region::min(const Region& a, const Region& b) {
  return Builder::pointwise(a, b, [](std::uint32_t x, std::uint32_t y) { return std::min(x, y); });
}

Result<Region> Region::max(const Region& a, const Region& b) {
  return Builder::pointwise(a, b, [](std::uint32_t x, std::uint32_t y) { return std::max(x, y); });
}

}  // namespace cairn::permit
