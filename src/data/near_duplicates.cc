// MinHash (Broder 1997) with locality-sensitive hashing in bands (Leskovec, Rajaraman, Ullman: Mining of Massive
// Datasets, section 3.4).
//
// A signature has kBands bands of kRows minima. Two records with Jaccard similarity s become candidates with
// probability 1 - (1 - s^kRows)^kBands: 0.99993 at 0.8, 0.55 at 0.5, 0.06 at 0.3. Each candidate pair is then compared
// by its true similarity, so no two records are joined that are not similar; a pair is missed with the probability
// above.
#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_set>

#include "data/duplicates.h"
#include "data/parallel.h"
#include "data/passes.h"
#include "data/words.h"

namespace cairn::data {
namespace {

constexpr std::size_t kShingleWords = 5;
constexpr std::size_t kBands = 24, kRows = 5, kHashes = kBands * kRows;
using Signature = std::array<std::uint32_t, kHashes>;

struct Family {
  std::array<std::uint64_t, kHashes> factor, addend;
};
// h(x) = (a x + b) / 2^32 modulo 2^32, a odd: numbers from SplitMix64, the same everywhere.
const Family& family() {
  static const Family made = [] {
    Family f{};
    std::uint64_t state = 0x6361697266;
    const auto next = [&] {
      std::uint64_t z = state += 0x9E3779B97F4A7C15U;
      z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
      z = (z ^ z >> 27) * 0x94D049BB133111EBU;
      return z ^ z >> 31;
    };
    for (std::size_t i = 0; i < kHashes; ++i) f.factor[i] = next() | 1, f.addend[i] = next();
    return f;
  }();
  return made;
}

// The set of shingles, sorted. A text shorter than one shingle is one shingle.
std::vector<std::uint64_t> shingles_of(std::string_view text, std::vector<std::uint64_t>& words) {
  hash_words(text, words);
  const std::size_t n = std::min(kShingleWords, words.size());
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i + n <= words.size() && n > 0; ++i) out.push_back(hash_of_ngram(words, i, n));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Signature signature_of(const std::vector<std::uint64_t>& shingles) {
  const Family& f = family();
  Signature s;
  s.fill(0xFFFFFFFF);
  for (const std::uint64_t x : shingles)
    for (std::size_t i = 0; i < kHashes; ++i)
      s[i] = std::min(s[i], static_cast<std::uint32_t>((f.factor[i] * x + f.addend[i]) >> 32));
  return s;
}

double similarity(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  std::size_t common = 0, i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    common += a[i] == b[j];
    const bool step_i = a[i] <= b[j], step_j = b[j] <= a[i];
    i += step_i;
    j += step_j;
  }
  const std::size_t united = a.size() + b.size() - common;
  return united ? static_cast<double>(common) / static_cast<double>(united) : 0;
}

class Forest {
 public:
  explicit Forest(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) {
    a = root(a), b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

// Records are joined if they are similar, whatever the order of candidates: so the groups are the components of a graph
// that is fixed.
class Joiner {
 public:
  Joiner(const std::vector<Record>& records, double threshold, unsigned threads)
      : threshold_(threshold), shingles_(records.size()), signatures_(records.size()), forest_(records.size()) {
    in_chunks(records.size(), threads, [&](std::size_t begin, std::size_t end) {
      std::vector<std::uint64_t> words;
      for (std::size_t i = begin; i < end; ++i) {
        shingles_[i] = shingles_of(records[i].text, words);
        signatures_[i] = signature_of(shingles_[i]);
      }
    });
  }

  void band(std::size_t b) {
    std::vector<std::pair<std::uint64_t, std::size_t>> keys;
    for (std::size_t i = 0; i < signatures_.size(); ++i) {
      if (shingles_[i].empty()) continue;
      std::uint64_t key = b;
      for (std::size_t r = 0; r < kRows; ++r) {
        key = (key ^ signatures_[i][b * kRows + r]) * 0xD6E8FEB86659FD93U;
        key ^= key >> 32;
      }
      keys.emplace_back(key, i);
    }
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 0; i < keys.size(); ++i)
      for (std::size_t j = i; j-- > 0 && keys[j].first == keys[i].first;) consider(keys[j].second, keys[i].second);
  }

  Groups groups(const std::vector<Record>& records) {
    std::map<std::size_t, std::vector<std::size_t>> by_root;
    for (std::size_t i = 0; i < records.size(); ++i) by_root[forest_.root(i)].push_back(i);
    Groups out;
    for (auto& [root, group] : by_root) {
      if (group.size() < 2) continue;
      survivor_first(records, group);
      out.push_back(std::move(group));
    }
    return out;
  }

 private:
  void consider(std::size_t a, std::size_t b) {
    if (forest_.root(a) == forest_.root(b)) return;
    const double ratio = static_cast<double>(std::min(shingles_[a].size(), shingles_[b].size())) /
                         static_cast<double>(std::max(shingles_[a].size(), shingles_[b].size()));
    if (ratio < threshold_) return;  // the similarity cannot be above the ratio of sizes
    if (!compared_.insert(std::uint64_t{a} << 32 | b).second) return;
    if (similarity(shingles_[a], shingles_[b]) >= threshold_) forest_.join(a, b);
  }

  double threshold_;
  std::vector<std::vector<std::uint64_t>> shingles_;
  std::vector<Signature> signatures_;
  Forest forest_;
  std::unordered_set<std::uint64_t> compared_;  // pairs, lower index first; looked up, never walked
};

}  // namespace

Groups near_duplicates(const std::vector<Record>& records, double threshold, unsigned threads) {
  Joiner joiner(records, threshold, threads);
  for (std::size_t b = 0; b < kBands; ++b) joiner.band(b);
  return joiner.groups(records);
}

}  // namespace cairn::data
