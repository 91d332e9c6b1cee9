#include <algorithm>
#include <map>
#include <unordered_map>

#include "data/parallel.h"
#include "data/passes.h"
#include "data/words.h"

namespace cairn::data {
namespace {

constexpr std::size_t kLeastWords = 5;  // an evaluation text of fewer words occurs by chance

// The n-grams of the evaluation texts, by their length n.
using Protected = std::map<std::size_t, std::vector<std::uint64_t>>;

Protected ngrams_of(const std::vector<std::string>& texts, std::size_t n) {
  Protected out;
  std::vector<std::uint64_t> words;
  for (const auto& text : texts) {
    hash_words(text, words);
    const std::size_t length = std::min(n, words.size());
    if (length < std::min(n, kLeastWords)) continue;
    for (std::size_t i = 0; i + length <= words.size(); ++i) out[length].push_back(hash_of_ngram(words, i, length));
  }
  for (auto& [length, grams] : out) {
    std::sort(grams.begin(), grams.end());
    grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  }
  return out;
}

// A small filter in front of the binary search: nearly every n-gram of a record is in no evaluation text.
class Filter {
 public:
  explicit Filter(const std::vector<std::uint64_t>& grams) : grams_(grams), bits_(kBits / 64) {
    for (const auto g : grams) bits_[g % kBits / 64] |= std::uint64_t{1} << g % 64;
  }
  bool holds(std::uint64_t g) const {
    return (bits_[g % kBits / 64] >> g % 64 & 1) && std::binary_search(grams_.begin(), grams_.end(), g);
  }

 private:
  static constexpr std::uint64_t kBits = std::uint64_t{1} << 20;
  const std::vector<std::uint64_t>& grams_;
  std::vector<std::uint64_t> bits_;
};

}  // namespace

std::vector<bool> contaminated(const std::vector<Record>& records, const std::vector<std::string>& evaluation_texts,
                               std::size_t n, std::size_t common, unsigned threads) {
  const Protected grams = ngrams_of(evaluation_texts, n);
  std::vector<std::vector<std::uint64_t>> shared(records.size());  // distinct
  std::map<std::size_t, Filter> filters;
  for (const auto& [length, list] : grams) filters.emplace(length, list);
  in_chunks(records.size(), threads, [&](std::size_t begin, std::size_t end) {
    std::vector<std::uint64_t> words;
    for (std::size_t r = begin; r < end; ++r) {
      hash_words(records[r].text, words);
      for (const auto& [length, filter] : filters)
        for (std::size_t i = 0; i + length <= words.size(); ++i)
          if (const auto g = hash_of_ngram(words, i, length); filter.holds(g)) shared[r].push_back(g);
      std::sort(shared[r].begin(), shared[r].end());
      shared[r].erase(std::unique(shared[r].begin(), shared[r].end()), shared[r].end());
    }
  });
  std::unordered_map<std::uint64_t, std::size_t> records_with;  // looked up, never walked
  for (const auto& list : shared)
    for (const auto g : list) ++records_with[g];
  std::vector<bool> out(records.size());
  for (std::size_t r = 0; r < records.size(); ++r)
    out[r] =
        std::any_of(shared[r].begin(), shared[r].end(), [&](std::uint64_t g) { return records_with[g] <= common; });
  return out;
}

}  // namespace cairn::data
