#include "text/tokenizer_training.h"

#include <algorithm>
#include <queue>

#include "text/pretoken.h"

namespace cairn::text {
namespace {

struct Word {
  std::vector<TokenId> tokens;
  std::int64_t count = 0;
};

std::uint64_t key_of(TokenId left, TokenId right) {
  return std::uint64_t{left} << 32 | right;
}
TokenId left_of(std::uint64_t key) {
  return static_cast<TokenId>(key >> 32);
}
TokenId right_of(std::uint64_t key) {
  return static_cast<TokenId>(key & 0xFFFFFFFFU);
}

struct Candidate {
  std::int64_t count;
  std::uint64_t key;
};

// Merges the most frequent pair, again and again (Sennrich et al. 2016, algorithm 1), keeping counts up to date only in
// the words that hold the pair. The queue may hold stale counts: an entry counts only if it says what `counts_` says.
class Merger {
 public:
  Merger(std::vector<Word> words, std::int64_t least)
      : words_(std::move(words)), least_(least), queue_(Later{&bytes_}) {
    for (std::size_t b = 0; b < kBytesOfAlphabet; ++b) bytes_.emplace_back(1, static_cast<char>(b));
    for (std::uint32_t w = 0; w < words_.size(); ++w) {
      const auto& tokens = words_[w].tokens;
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        auto& pair = pairs_[key_of(tokens[i], tokens[i + 1])];
        pair.count += words_[w].count;
        if (pair.words.empty() || pair.words.back() != w) pair.words.push_back(w);
      }
    }
    for (const auto& [key, pair] : pairs_) offer(key, pair.count);
  }

  // The next merge, applied; false when no pair is frequent enough.
  bool next(Merge& out) {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      const auto found = pairs_.find(top.key);
      if (found == pairs_.end() || found->second.count != top.count) continue;
      const TokenId left = left_of(top.key), right = right_of(top.key);
      if (bytes_[left].size() + bytes_[right].size() > kLongestToken) {
        pairs_.erase(found);
        continue;
      }
      apply(left, right, found->second.words);
      out = {left, right};
      return true;
    }
    return false;
  }

 private:
  struct Pair {
    std::int64_t count = 0;
    std::vector<std::uint32_t> words;  // may name words that no longer hold the pair, and a word twice
  };
  // Less urgent: rarer; of equals, the one whose bytes, then ids, come later.
  struct Later {
    const std::vector<std::string>* bytes;
    bool operator()(const Candidate& a, const Candidate& b) const {
      if (a.count != b.count) return a.count < b.count;
      const auto &al = (*bytes)[left_of(a.key)], &bl = (*bytes)[left_of(b.key)];
      if (al != bl) return al > bl;
      const auto &ar = (*bytes)[right_of(a.key)], &br = (*bytes)[right_of(b.key)];
      if (ar != br) return ar > br;
      return a.key > b.key;
    }
  };

  void offer(std::uint64_t key, std::int64_t count) {
    if (count >= least_) queue_.push({count, key});
  }

  void apply(TokenId left, TokenId right, std::vector<std::uint32_t> words) {
    const auto made = static_cast<TokenId>(bytes_.size());
    bytes_.push_back(bytes_[left] + bytes_[right]);
    changed_.clear();
    for (const std::uint32_t w : words) replace_in(w, left, right, made);
    pairs_.erase(key_of(left, right));
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const std::uint64_t key : changed_) {
      const auto found = pairs_.find(key);
      if (found == pairs_.end()) continue;
      if (found->second.count <= 0)
        pairs_.erase(found);
      else
        offer(key, found->second.count);
    }
  }

  void count(TokenId left, TokenId right, std::int64_t by, std::uint32_t word) {
    const std::uint64_t key = key_of(left, right);
    auto& pair = pairs_[key];
    pair.count += by;
    if (by > 0 && (pair.words.empty() || pair.words.back() != word)) pair.words.push_back(word);
    changed_.push_back(key);
  }

  // Rewrites one word, taking its old pairs out of the counts and putting its new ones in.
  void replace_in(std::uint32_t index, TokenId left, TokenId right, TokenId made) {
    auto& [tokens, n] = words_[index];
    bool holds = false;
    for (std::size_t i = 0; i + 1 < tokens.size() && !holds; ++i) holds = tokens[i] == left && tokens[i + 1] == right;
    if (!holds) return;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) count(tokens[i], tokens[i + 1], -n, index);
    std::size_t out = 0;
    for (std::size_t i = 0; i < tokens.size(); ++out) {
      const bool joins = i + 1 < tokens.size() && tokens[i] == left && tokens[i + 1] == right;
      tokens[out] = joins ? made : tokens[i];
      i += joins ? 2 : 1;
    }
    tokens.resize(out);
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) count(tokens[i], tokens[i + 1], n, index);
  }

  std::vector<Word> words_;
  std::int64_t least_;
  std::vector<std::string> bytes_;
  std::unordered_map<std::uint64_t, Pair> pairs_;  // looked up; walked once, to fill the queue, which orders
  std::priority_queue<Candidate, std::vector<Candidate>, Later> queue_;
  std::vector<std::uint64_t> changed_;
};

}  // namespace

void TokenizerTrainer::add(std::string_view document) {
  bytes_ += document.size();
  while (!document.empty()) {
    const std::size_t n = first_word(document);
    const auto word = document.substr(0, n);
    const auto found = words_.find(word);
    if (found != words_.end())
      ++found->second;
    else
      words_.emplace(word, 1);
    document.remove_prefix(n);
  }
}

Result<Tokenizer> TokenizerTrainer::train(const TokenizerSettings& settings) const {
  const std::size_t least = kBytesOfAlphabet + settings.specials.size();
  if (settings.vocabulary < least || settings.vocabulary > kLargestVocabulary)
    return fail(ErrorCode::invalid, "a vocabulary of {}: expected {} (256 bytes and {} specials) to {}",
                settings.vocabulary, least, settings.specials.size(), kLargestVocabulary);
  std::vector<Word> words;
  words.reserve(words_.size());
  for (const auto& [bytes, count] : words_) {
    if (bytes.size() < 2) continue;
    Word word{{}, static_cast<std::int64_t>(count)};
    for (const char c : bytes) word.tokens.push_back(static_cast<std::uint8_t>(c));
    words.push_back(std::move(word));
  }
  Merger merger(std::move(words), static_cast<std::int64_t>(std::max<std::uint64_t>(settings.least_count, 1)));
  std::vector<Merge> merges;
  for (Merge merge; merges.size() < settings.vocabulary - least && merger.next(merge);) merges.push_back(merge);
  return Tokenizer::make(std::move(merges), settings.specials);
}

}  // namespace cairn::text
