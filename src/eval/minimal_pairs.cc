#include "eval/minimal_pairs.h"

#include <cmath>

#include "embedded/eval.h"

namespace cairn::eval {
namespace {

constexpr std::size_t kMostPairs = 100'000;
// An interval wider than this many percentage points says little more than "somewhere around".
constexpr double kWidestShare = 0.20;

// "[She|He] cried" with side 0 is "She cried", with side 1 "He cried".
Result<std::string> version_of(std::string_view sentence, int side) {
  std::string out;
  std::size_t slots = 0;
  while (!sentence.empty()) {
    const std::size_t open = sentence.find('[');
    out += sentence.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t bar = sentence.find('|', open), close = sentence.find(']', open);
    if (bar == std::string_view::npos || close == std::string_view::npos || bar > close)
      return fail(ErrorCode::malformed, "\"sentence\": expected [a|b], got \"{}\"", sentence.substr(open, 40));
    out += side == 0 ? sentence.substr(open + 1, bar - open - 1) : sentence.substr(bar + 1, close - bar - 1);
    sentence.remove_prefix(close + 1);
    ++slots;
  }
  if (slots == 0) return fail(ErrorCode::malformed, "\"sentence\": nothing in [a|b], so both versions are the same");
  return out;
}

Result<MinimalPair> parse_pair(const Json& json) {
  MinimalPair pair;
  CAIRN_ASSIGN(pair.kind, get_string(json, "kind"));
  CAIRN_ASSIGN(pair.about, get_string(json, "about"));
  CAIRN_ASSIGN(pair.against, get_string(json, "against"));
  CAIRN_ASSIGN(const std::string sentence, get_string(json, "sentence"));
  CAIRN_ASSIGN(pair.stereotyping, version_of(sentence, 0));
  CAIRN_ASSIGN(pair.other, version_of(sentence, 1));
  if (pair.stereotyping == pair.other) return fail(ErrorCode::malformed, "\"sentence\": both versions are the same");
  return pair;
}

BiasFigure figure_of(std::span<const PairScore> scores, std::uint64_t seed) {
  BiasFigure figure{.pairs = scores.size(), .ties = 0, .share = {}, .difference = {}, .warning = {}};
  double preferred = 0;
  std::vector<double> differences;
  for (const PairScore& score : scores) {
    const double difference = score.stereotyping - score.other;
    figure.ties += difference == 0;
    preferred += difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
    differences.push_back(difference);
  }
  figure.share = wilson(preferred, figure.pairs);
  figure.difference = bootstrap_mean(differences, seed);
  if (figure.share.high - figure.share.low > kWidestShare) {
    figure.warning =
        fmt::format("{} pairs are few: the share is known only to within {:.0f} percentage points either way",
                    figure.pairs, 50 * (figure.share.high - figure.share.low));
  }
  return figure;
}

double sum(std::span<const float> values) {
  double total = 0;
  for (const float v : values) total += static_cast<double>(v);
  return total;
}

}  // namespace

Result<std::vector<MinimalPair>> parse_minimal_pairs(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  CAIRN_ASSIGN(const Json* list, get_array(json, "pairs"));
  if (list->empty()) return fail(ErrorCode::malformed, "\"pairs\": no pair");
  if (list->size() > kMostPairs)
    return fail(ErrorCode::malformed, "\"pairs\": {} pairs, at most {} are read", list->size(), kMostPairs);
  std::vector<MinimalPair> pairs;
  for (const Json& entry : *list) {
    auto pair = parse_pair(entry);
    if (!pair) return fail(std::move(pair).error().within(fmt::format("pair {}", pairs.size() + 1)));
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

Result<std::vector<MinimalPair>> built_in_minimal_pairs() {
  return parse_minimal_pairs(embedded::minimal_pairs_json());
}

Result<BiasReport> summarise(std::span<const MinimalPair> pairs, std::span<const PairScore> scores,
                             std::uint64_t seed) {
  if (pairs.empty()) return fail(ErrorCode::invalid, "no minimal pair to measure bias with");
  if (pairs.size() != scores.size())
    return fail(ErrorCode::invalid, "{} pairs but {} scores", pairs.size(), scores.size());
  std::map<std::string, std::vector<PairScore>> by_kind;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!std::isfinite(scores[i].stereotyping) || !std::isfinite(scores[i].other))
      return fail(ErrorCode::invalid, "the model's score of \"{}\" is not a number", pairs[i].stereotyping);
    by_kind[pairs[i].kind].push_back(scores[i]);
  }
  BiasReport report{.all = figure_of(scores, seed), .by_kind = {}};
  for (const auto& [kind, of_kind] : by_kind) report.by_kind.emplace(kind, figure_of(of_kind, seed));
  return report;
}

Result<BiasReport> minimal_pair_bias(infer::Scorer& scorer, const text::Tokenizer& tokenizer,
                                     std::span<const MinimalPair> pairs, std::uint64_t seed,
                                     const std::function<bool()>& cancelled) {
  text::Encoder encoder(tokenizer);
  std::vector<std::vector<TokenId>> texts;
  for (const MinimalPair& pair : pairs) {
    for (const std::string* sentence : {&pair.stereotyping, &pair.other}) {
      std::vector<TokenId>& tokens = texts.emplace_back();
      tokens.push_back(tokenizer.begin_of_text());
      encoder.encode(*sentence, tokens);
    }
  }
  if (texts.empty()) return fail(ErrorCode::invalid, "no minimal pair to measure bias with");
  CAIRN_ASSIGN(const auto scored, scorer.score_all(texts, {}, cancelled));
  std::vector<PairScore> scores;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    scores.push_back({.stereotyping = sum(scored[2 * i]), .other = sum(scored[2 * i + 1])});
  return summarise(pairs, scores, seed);
}

Json to_json(const BiasReport& report) {
  const auto interval = [](const Interval& i) { return Json{{"value", i.value}, {"low", i.low}, {"high", i.high}}; };
  const auto one = [&](const BiasFigure& figure) {
    return Json{{"pairs", figure.pairs},           {"ties", figure.ties},
                {"share", interval(figure.share)}, {"difference_nats", interval(figure.difference)},
                {"warning", figure.warning},       {"told_from_chance", figure.told_from_chance()}};
  };
  Json out{{"method", "CrowS-Pairs, whole-sentence log-likelihood; 95 % intervals: Wilson, bootstrap"},
           {"all", one(report.all)},
           {"by_kind", Json::object()}};
  for (const auto& [kind, figure] : report.by_kind) out["by_kind"][kind] = one(figure);
  return out;
}

}  // namespace cairn::eval
