#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "data/passes.h"
#include "data/words.h"

namespace cairn::data {
namespace {

struct WordFigures {
  std::size_t words = 0, characters = 0, alphabetic = 0, symbols = 0, stop_words = 0;
  std::vector<std::uint64_t> hashes;   // of each blank-separated word
  std::vector<std::uint32_t> lengths;  // bytes
};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

std::uint64_t hash_of(std::string_view s) {
  std::uint64_t h = 0xCBF29CE484222325U;
  for (const char c : s) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return h ^ h >> 31;
}

WordFigures figures_of(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kStopWords = {"the", "be",   "to",   "of",
                                                                 "and", "that", "have", "with"};
  WordFigures f;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    std::size_t j = i, continuation = 0;
    bool letter = false;
    for (; j < text.size() && !is_blank(text[j]); ++j) {
      letter |= is_letter(text[j]);
      continuation += (static_cast<unsigned char>(text[j]) & 0xC0) == 0x80;
    }
    const std::string_view word = text.substr(i, j - i);
    ++f.words;
    f.characters += word.size() - continuation;
    f.alphabetic += letter;
    f.stop_words += word.size() <= 4 && std::find(kStopWords.begin(), kStopWords.end(), word) != kStopWords.end();
    f.hashes.push_back(hash_of(word));
    f.lengths.push_back(static_cast<std::uint32_t>(word.size()));
    i = j;
  }
  f.symbols = count_of(text, "#") + count_of(text, "...") + count_of(text, "\u2026");
  return f;
}

// The share of the words' bytes that lie within the most frequent n-gram; 0 where none comes twice.
double top_ngram_share(const WordFigures& f, std::size_t n) {
  if (f.words < n + 1) return 0;
  struct Gram {
    std::uint64_t hash;
    std::uint32_t bytes;
  };
  std::vector<Gram> grams;
  std::size_t total = 0;
  for (const auto length : f.lengths) total += length;
  for (std::size_t i = 0; i + n <= f.words; ++i) {
    std::uint32_t bytes = 0;
    for (std::size_t k = i; k < i + n; ++k) bytes += f.lengths[k];
    grams.push_back({hash_of_ngram(f.hashes, i, n), bytes});
  }
  std::sort(grams.begin(), grams.end(), [](const Gram& a, const Gram& b) { return a.hash < b.hash; });
  std::size_t most = 0;
  for (std::size_t i = 0; i < grams.size();) {
    std::size_t j = i;
    while (j < grams.size() && grams[j].hash == grams[i].hash) ++j;
    if (j - i > 1) most = std::max(most, (j - i) * grams[i].bytes);
    i = j;
  }
  return static_cast<double>(most) / static_cast<double>(total);
}

struct LineFigures {
  std::size_t lines = 0, bullets = 0, ellipses = 0, repeated = 0, bytes = 0, repeated_bytes = 0;
};

LineFigures lines_of(std::string_view text) {
  LineFigures f;
  std::unordered_set<std::string_view> seen;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto begin = line.find_first_not_of(" \t");
    if (begin == line.npos) continue;
    line.remove_prefix(begin);
    ++f.lines;
    f.bytes += line.size();
    f.bullets += line.starts_with("- ") || line.starts_with("* ") || line.starts_with("\u2022");
    f.ellipses += line.ends_with("...") || line.ends_with("\u2026");
    if (seen.insert(line).second) continue;
    ++f.repeated;
    f.repeated_bytes += line.size();
  }
  return f;
}

const char* fault_of_words(const WordFigures& f, const QualitySettings& s) {
  const auto per_word = [&](std::size_t n) { return static_cast<double>(n) / static_cast<double>(f.words); };
  if (f.words < s.least_words) return "too few words";
  if (f.words > s.most_words) return "too many words";
  if (per_word(f.characters) < s.least_mean_word || per_word(f.characters) > s.most_mean_word)
    return "mean length of words";
  if (per_word(f.symbols) > s.most_symbols_per_word) return "symbols";
  if (per_word(f.alphabetic) < s.least_alphabetic_words) return "words without letters";
  if (f.stop_words < s.least_stop_words) return "no stop words";
  return nullptr;
}

const char* fault_of_lines(const LineFigures& f, const QualitySettings& s) {
  const auto share = [](std::size_t part, std::size_t whole) {
    return whole ? static_cast<double>(part) / static_cast<double>(whole) : 0;
  };
  if (share(f.bullets, f.lines) > s.most_bullet_lines) return "bullet lines";
  if (share(f.ellipses, f.lines) > s.most_ellipsis_lines) return "ellipsis lines";
  if (share(f.repeated, f.lines) > s.most_repeated_lines) return "repeated lines";
  if (share(f.repeated_bytes, f.bytes) > s.most_repeated_line_bytes) return "repeated lines";
  return nullptr;
}

const char* fault_of_ngrams(const WordFigures& f, const QualitySettings& s) {
  const std::array<double, 3> most = {s.most_top_2gram, s.most_top_3gram, s.most_top_4gram};
  for (std::size_t i = 0; i < most.size(); ++i)
    if (top_ngram_share(f, i + 2) > most[i]) return "repeated phrases";
  return nullptr;
}

}  // namespace

bool keep_quality(const Record& record, const QualitySettings& settings, Reasons& reasons) {
  const WordFigures words = figures_of(record.text);
  const char* fault = fault_of_words(words, settings);
  if (!fault) fault = fault_of_lines(lines_of(record.text), settings);
  if (!fault) fault = fault_of_ngrams(words, settings);
  if (!fault) return true;
  ++reasons[std::string("dropped: ") + fault];
  return false;
}

}  // namespace cairn::data
