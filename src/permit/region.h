// A function from every point of action x task x purpose x audience x place x time to denied, unknown or allowed.
// Held as an ordered decision diagram, one level a dimension, reduced and numbered in one way only: two regions are
// the same function exactly if their bytes are equal (docs/adr/0003-permit-regions.md). Not the reasons for it.
// Immutable values; any thread may read them. A region refers to its vocabulary, which must outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "permit/vocabulary.h"

namespace cairn::permit {

// A box: a product of unions of subtrees, over the days [from, until]. An empty list is the whole tree.
struct Box {
  std::array<std::vector<Term>, kDimensions.size()> terms;
  std::optional<Day> from, until;
};

// One point: a term stands for its *other* child, the part that no named child covers.
struct Point {
  std::array<Term, kDimensions.size()> terms{};
  Day when{};
};

class Region {
 public:
  static Region constant(const Vocabulary& vocabulary, Answer answer);
  // `inside` within the box, `outside` elsewhere.
  static Region of(const Vocabulary& vocabulary, const Box& box, Answer inside, Answer outside);

  // Pointwise the smaller and the larger. invalid: more than
  // kMaxNodes nodes.
  static Result<Region> min(const Region& a, const Region& b);
  static Result<Region> max(const Region& a, const Region& b);

  // The least answer over all that the use covers: denied if any part is, allowed only if all of it is.
  Answer at(const ResolvedUse& use) const;
  Answer at(const Point& point) const;
  // A point of the use with exactly this answer; none if there is none.
  std::optional<Point> find(const ResolvedUse& use, Answer answer) const;
  // A point that is allowed here and not allowed there.
  std::optional<Point> allowed_beyond(const Region& other) const;
  // The first day after `day` on which at(use) may differ; none if it never does again.
  std::optional<Day> next_change(const ResolvedUse& use, Day day) const;

  // The diagram in names: the same bytes for the same function, whatever terms the vocabulary gains elsewhere.
  std::string canonical() const;
  std::size_t node_count() const { return nodes_.size(); }
  const Vocabulary& vocabulary() const { return *vocabulary_; }
  bool operator==(const Region& other) const { return nodes_ == other.nodes_ && entries_ == other.entries_; }

 private:
  struct Node {
    std::uint32_t first, count;
    bool operator==(const Node&) const = default;
  };
  // From this key (a term, a day) on, and below it, the child holds, unless a later entry says otherwise.
  struct Entry {
    std::int32_t key;
    std::uint32_t child;
    bool operator==(const Entry&) const = default;
  };
  class Builder;
  class Walk;
  using Seen = std::unordered_set<std::uint64_t>;  // pairs of nodes
  explicit Region(const Vocabulary& vocabulary) : vocabulary_(&vocabulary) {}
  std::span<const Entry> entries_of(std::uint32_t node) const;
  std::uint32_t child(std::uint32_t node, std::size_t level, std::int32_t key) const;
  static std::vector<std::int32_t> merged_keys(std::span<const Entry> a, std::span<const Entry> b);
  static bool beyond(const Region& a, std::uint32_t x, const Region& b, std::uint32_t y, std::size_t level, Seen& seen,
                     Point& point);

  const Vocabulary* vocabulary_;
  std::vector<Node> nodes_;     // nodes_[0] is the root; children follow in the order in which they are first met
  std::vector<Entry> entries_;  // on the last level `child` is an Answer
};

inline constexpr std::size_t kMaxNodes = 1 << 14;

}  // namespace cairn::permit
